from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from reportgen.data.readers.shapes import KINDS, Geometry, draw
from reportgen.errors import StudyError
from tests.data.specs import made

STRAIGHT = Geometry(size=11, extent=7, shift=2, thickness=1.0)


def images(**settings: object) -> tuple[np.ndarray, np.ndarray]:
    """Return all images (n, height, width) and their classes."""
    dataset = made("shapes", validation=0.0, **settings)
    assert dataset.image_shape is not None
    return dataset.x_train.reshape(-1, *dataset.image_shape[1:]), dataset.y_train


def box(image: np.ndarray) -> tuple[int, int, int, int]:
    """Return the first and last row and column with a part of the figure."""
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    return int(rows[0]), int(rows[-1]), int(columns[0]), int(columns[-1])


def test_bars_and_frames_of_one_pixel_are_exact() -> None:
    bar, frame, cross = (np.zeros((11, 11)) for _ in range(3))
    bar[5, 2:9] = 1
    frame[2:9, 2:9] = 1
    frame[3:8, 3:8] = 0
    cross[5, 2:9] = cross[2:9, 5] = 1
    assert np.array_equal(draw("horizontal bar", STRAIGHT), bar)
    assert np.array_equal(draw("vertical bar", STRAIGHT), bar.T)
    assert np.array_equal(draw("square", STRAIGHT), frame)
    assert np.array_equal(draw("cross", STRAIGHT), cross)


@pytest.mark.parametrize("geometry", [Geometry(16, 8, 4, 4 / 3), Geometry(8, 5, 1, 1.0), Geometry(64, 32, 0, 5.0)])
def test_all_kinds_of_figures_differ_and_stay_in_their_extent(geometry: Geometry) -> None:
    drawn = {name: draw(name, geometry) for name in KINDS}
    for first, second in combinations(KINDS, 2):
        assert np.square(drawn[first] - drawn[second]).sum() > 1, (first, second)
    margin = (geometry.size - geometry.extent) // 2
    for image in drawn.values():
        assert image.min() == 0
        assert image.max() >= 0.5
        top, bottom, left, right = box(image)
        assert min(top, left) >= margin
        assert max(bottom, right) < geometry.size - margin


def test_figures_have_the_symmetries_of_their_names() -> None:
    for name in ("cross", "diagonal cross", "circle", "square", "disc"):
        image = draw(name, STRAIGHT)
        assert np.allclose(image, np.rot90(image), atol=1e-6)
    assert np.allclose(draw("rising bar", STRAIGHT), draw("falling bar", STRAIGHT)[:, ::-1], atol=1e-6)
    assert np.allclose(draw("triangle", STRAIGHT), draw("triangle", STRAIGHT)[:, ::-1], atol=1e-6)


def test_without_shift_and_noise_each_class_is_one_image() -> None:
    x, y = images(shift=0, noise=0.0, classes=len(KINDS), samples=48)
    for label, name in enumerate(KINDS):
        assert np.count_nonzero(y == label) == 4
        assert np.array_equal(x[y == label], np.stack([draw(name, Geometry(16, 8, 0, 8 / 6))] * 4))


def test_a_shift_moves_the_figure_by_whole_pixels_in_all_directions() -> None:
    x, y = images(shift=2, extent=5, size=11, thickness=1.0, noise=0.0, classes=6, samples=3000)
    squares = x[y == tuple(KINDS).index("square")]
    corners = {(box(image)[0], box(image)[2]) for image in squares}
    assert corners == {(row, column) for row in range(1, 6) for column in range(1, 6)}
    centred = draw("square", Geometry(11, 5, 0, 1.0))
    for image in squares[:20]:
        top, _, left, _ = box(image)
        assert np.array_equal(np.roll(centred, (top - 3, left - 3), (0, 1)), image)


def test_by_default_the_figures_reach_the_border_and_stay_inside() -> None:
    for size, most in ((16, 4), (8, 1), (9, 2), (33, 8)):
        x, y = images(size=size, noise=0.0, classes=6, samples=1800)
        tops = [box(image)[0] for image in x[y == tuple(KINDS).index("square")]]
        assert max(tops) - min(tops) == 2 * most


def test_noise_is_normal_and_independent_of_the_shift() -> None:
    clean, noisy = (images(noise=noise, seed=3)[0] for noise in (0.0, 0.5))
    difference = noisy - clean
    assert difference.std() == pytest.approx(0.5, rel=0.01)
    assert abs(difference.mean()) < 0.01
    centred = images(noise=0.5, seed=3, shift=0)[0] - images(noise=0.0, seed=3, shift=0)[0]
    assert np.allclose(difference, centred, atol=1e-6)


def test_classes_are_balanced_and_named() -> None:
    dataset = made("shapes", classes=7, samples=1400, validation=0.0)
    assert np.bincount(dataset.y_train).tolist() == [200] * 7
    assert dataset.class_names == tuple(KINDS)[:7]


def test_a_linear_classifier_fails_only_on_shifted_figures() -> None:
    from sklearn.linear_model import LogisticRegression

    accuracy = {}
    for shift in (0, 4):
        dataset = made("shapes", shift=shift)
        model = LogisticRegression(max_iter=300).fit(dataset.x_train, dataset.y_train)
        accuracy[shift] = model.score(dataset.x_val, dataset.y_val)
    assert accuracy[0] > 0.97
    assert accuracy[4] < 0.5


@pytest.mark.parametrize(
    ("settings", "setting", "names"),
    [
        ({"classes": 1}, "classes", ["12", "2"]),
        ({"classes": 13}, "classes", ["13", "12"]),
        ({"size": 8, "extent": 9}, "extent", ["9", "8"]),
        ({"shift": 5}, "shift", ["8", "5", "16", "4"]),
        ({"extent": 12, "shift": 3}, "shift", ["12", "3", "16", "2"]),
        ({"thickness": 3.0}, "thickness", ["3", "8", "2.67"]),
    ],
)
def test_sizes_that_do_not_fit_are_rejected(settings: dict[str, float], setting: str, names: list[str]) -> None:
    with pytest.raises(StudyError) as caught:
        made("shapes", **settings)
    assert (caught.value.code, caught.value.setting) == ("out-of-range", setting)
    assert all(name in str(caught.value) for name in names)


def test_coloured_figures_have_one_brightness_for_each_channel() -> None:
    dataset = made("shapes", channels=3, noise=0.0, samples=60, validation=0.0, seed=1)
    grey = made("shapes", noise=0.0, samples=60, validation=0.0, seed=1).x_train
    assert dataset.image_shape == (3, 16, 16)
    channels = dataset.x_train.reshape(60, 3, 256)
    brightness = channels.max(axis=2) / grey.max(axis=1)[:, None]
    assert np.allclose(channels, brightness[:, :, None] * grey[:, None], atol=1e-6)
    assert np.allclose(brightness.max(axis=1), 1)
    assert brightness.min() >= 0
    assert len(np.unique(brightness.round(6), axis=0)) == 60
