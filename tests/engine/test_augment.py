"""Augmentation of batches, compared with slow NumPy twins."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from reportgen.engine.augment import BORDERS, IMAGE_COLUMNS, augment, image_row
from reportgen.engine.jit.compile import kernel
from reportgen.engine.layout import lay_out
from reportgen.engine.math.random import key_words
from reportgen.engine.network import Work, new_work
from reportgen.engine.program import compile_network
from reportgen.engine.spec import AugmentSpec
from reportgen.registry import Component
from tests.engine.networks import spec

SHAPE = (3, 5, 7)
ROWS, STEP = 40, 6
PADDED = {"zero": "constant", "edge": "edge", "reflect": "reflect"}


@kernel
def _apply(image, noise, keys, step, features, rows, work):
    augment(image, noise, keys, step, features, rows, work)


def _work(x: np.ndarray) -> Work:
    features = x.size // ROWS
    operations = lay_out(spec(widths=(3,)).network, features, None)
    net, sizes = compile_network(operations, Component("softmax_cross_entropy"), x.dtype)
    work = new_work(net, sizes, ROWS)
    work.x[: x.size] = x.ravel()
    return work


def _images(shape: tuple[int, int, int] = SHAPE) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((ROWS, *shape)).astype(np.float32)


def _augmented(x: np.ndarray, how: AugmentSpec, channels_last: bool = False, step: int = STEP) -> np.ndarray:
    """Return the augmented images, (rows, channels, height, width), stored in either order during augmentation."""
    stored = x.transpose(0, 2, 3, 1) if channels_last else x
    work = _work(np.ascontiguousarray(stored))
    image = image_row(how, x.shape[1:], channels_last)
    features = x[0].size
    _apply(image, np.float32(how.noise), key_words(0, "test"), step, features, ROWS, work)
    found = work.x[: x.size].reshape(stored.shape).copy()
    return found.transpose(0, 3, 1, 2) if channels_last else found


def _windows(image: np.ndarray, reach: int, border: str, flip: bool) -> list[np.ndarray]:
    """Return all windows of a padded image, and their mirror images."""
    _, height, width = image.shape
    padded = np.pad(image, ((0, 0), (reach, reach), (reach, reach)), PADDED[border])
    places = itertools.product(range(2 * reach + 1), repeat=2)
    cut = [padded[:, i : i + height, j : j + width] for i, j in places]
    return [*cut, *(window[:, :, ::-1] for window in cut)] if flip else cut


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize(("crop", "flip"), [(1, False), (2, True), (4, True), (4, False)])
def test_a_crop_is_a_window_of_the_padded_image(border: str, crop: int, flip: bool, channels_last: bool) -> None:
    x = _images()
    found = _augmented(x, AugmentSpec(crop=crop, border=border, flip=flip), channels_last)
    for before, after in zip(x, found, strict=True):
        assert any(np.array_equal(after, window) for window in _windows(before, crop, border, flip))


@pytest.mark.parametrize("how", [AugmentSpec(shift=2, flip=True), AugmentSpec(crop=3, border="reflect", flip=True)])
def test_the_order_of_the_axes_does_not_change_the_images(how: AugmentSpec) -> None:
    x = _images()
    assert np.array_equal(_augmented(x, how), _augmented(x, how, channels_last=True))


def test_a_crop_padded_with_zeros_equals_a_shift() -> None:
    x = _images()
    cropped, shifted = (_augmented(x, how) for how in (AugmentSpec(crop=2), AugmentSpec(shift=2)))
    assert np.array_equal(cropped, shifted)
    assert not np.array_equal(cropped, x)


def test_a_flip_mirrors_about_half_of_the_images() -> None:
    x = _images()
    found = [_augmented(x, AugmentSpec(flip=True), step=step) for step in range(20)]
    flipped = sum(np.array_equal(b, a[:, :, ::-1]) for after in found for a, b in zip(x, after, strict=True))
    kept = sum(np.array_equal(b, a) for after in found for a, b in zip(x, after, strict=True))
    assert flipped + kept == 20 * ROWS
    assert 0.44 < flipped / (20 * ROWS) < 0.56


def test_all_windows_are_equally_likely() -> None:
    x = np.arange(ROWS * 9.0, dtype=np.float32).reshape(ROWS, 1, 3, 3)
    counts = np.zeros(9)
    for step in range(100):
        found = _augmented(x, AugmentSpec(crop=1, border="edge"), step=step)
        centres = found[:, 0, 1, 1] - x[:, 0, 0, 0]
        counts += np.bincount(centres.astype(int), minlength=9)
    expected = counts.sum() / 9
    assert np.sum((counts - expected) ** 2 / expected) < 26.1  # chi-square with 8 degrees of freedom, p = 0.001


def test_the_padding_of_a_batch_and_other_rows_do_not_change() -> None:
    x = _images()
    work = _work(x)
    image = image_row(AugmentSpec(crop=2), SHAPE, False)
    _apply(image, np.float32(0), key_words(0, "test"), STEP, x[0].size, ROWS // 2, work)
    assert np.array_equal(work.x[x.size // 2 : x.size].reshape(-1, *SHAPE), x[ROWS // 2 :])


def test_noise_does_not_depend_on_moves() -> None:
    x = _images()
    noise = _augmented(x, AugmentSpec(noise=0.5)) - x
    assert noise.std() == pytest.approx(0.5, rel=0.05)
    how = {"crop": 2, "border": "reflect", "flip": True}
    moved = _augmented(x, AugmentSpec(noise=0.5, **how)) - _augmented(x, AugmentSpec(**how))
    assert np.allclose(moved, noise, atol=1e-5)


@pytest.mark.parametrize(
    ("how", "shape"), [(None, SHAPE), (AugmentSpec(noise=1.0), SHAPE), (AugmentSpec(shift=1), None)]
)
def test_images_are_unchanged_unless_requested(how: AugmentSpec | None, shape: Any) -> None:
    assert image_row(how, shape, False).tolist() == [0] * IMAGE_COLUMNS
