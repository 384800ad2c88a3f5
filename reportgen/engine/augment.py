"""Augmentation of training batches: Gaussian noise, and shifts, crops and horizontal flips of images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reportgen.data.dataset import ImageShape
from reportgen.engine.jit.compile import internal
from reportgen.engine.math.random import mix, subkey
from reportgen.engine.spec import AugmentSpec, Border

_ZERO, _EDGE, _REFLECT = np.int64(0), np.int64(1), np.int64(2)


class Fill(NamedTuple):
    """Values of the pixels beyond the border of an image.

    code: the number in Recipe.image; least_rest: pixels by which the crop must be smaller than the image.
    """

    code: np.int64
    least_rest: int


BORDERS: Mapping[Border, Fill] = {"zero": Fill(_ZERO, 0), "edge": Fill(_EDGE, 0), "reflect": Fill(_REFLECT, 1)}
"""Borders by name: 0, the nearest pixel, or the image mirrored at its outermost pixels, which are not repeated."""

# Indices into Recipe.image.
CHANNELS, HEIGHT, WIDTH = 0, 1, 2
REACH = 3  # largest shift in pixels
FLIP = 4  # 1 to flip a random half of the images, else 0
BORDER = 5  # code of a Fill
BY_CHANNEL, BY_ROW, BY_COLUMN = 6, 7, 8  # distances in memory between neighbours, in values
IMAGE_COLUMNS = 9

_NOISE_STREAM, _IMAGE_STREAM = np.int64(1_000_001), np.int64(1_000_002)  # larger than the index of any layer
_TWO_PI = 6.283185307179586


def image_row(augment: AugmentSpec | None, shape: ImageShape | None, channels_last: bool) -> NDArray[np.int64]:
    """Return how to move the images of a batch, (IMAGE_COLUMNS,); all 0 to leave inputs unchanged.

    A crop of padded images is a shift by at most the padding. channels_last: whether the values of an image are in the
    order (height, width, channels) instead of (channels, height, width).
    """
    if augment is None or shape is None or not (augment.shift or augment.crop or augment.flip):
        return np.zeros(IMAGE_COLUMNS, np.int64)
    channels, height, width = shape
    strides = (1, width * channels, channels) if channels_last else (height * width, width, 1)
    reach, border = (augment.crop, augment.border) if augment.crop else (augment.shift, "zero")
    return np.array([channels, height, width, reach, augment.flip, BORDERS[border].code, *strides], np.int64)


@internal
def augment(image, noise, keys, step, features, rows, work):
    """Augment the batch in work.x in place.

    `image` is the result of `image_row`; `noise` is the standard deviation of the noise.
    """
    if image[REACH] > 0 or image[FLIP] > 0:
        key = subkey(keys, _IMAGE_STREAM, step)
        for i in range(rows):
            _move(image, key, i, work.x[i * features : (i + 1) * features], work.other)
    if noise > np.float32(0):
        _add_noise(subkey(keys, _NOISE_STREAM, step), noise, work.x[: rows * features])


@internal
def _uniform(key, counter):
    """Return a uniform random number in (0, 1), float64."""
    return (np.float64(mix(np.uint32(mix(np.uint32(counter)) + key))) + 0.5) / 4294967296.0


@internal
def _add_noise(key, sd, x):
    """Add normal noise of standard deviation `sd` by the Box-Muller transform (Box and Muller 1958)."""
    for k in range(x.size):
        radius = np.sqrt(-2.0 * np.log(_uniform(key, 2 * k)))
        x[k] += sd * x.dtype.type(radius * np.cos(_TWO_PI * _uniform(key, 2 * k + 1)))


@internal
def _move(image, key, example, pixels, scratch):
    """Shift one image by whole pixels, fill the border, and flip it left to right with probability 1/2."""
    reach = image[REACH]
    down = np.int64(np.floor(_uniform(key, 3 * example) * (2 * reach + 1))) - reach
    right = np.int64(np.floor(_uniform(key, 3 * example + 1) * (2 * reach + 1))) - reach
    flip = image[FLIP] == 1 and _uniform(key, 3 * example + 2) < 0.5
    for k in range(pixels.size):
        scratch[k] = pixels[k]
    for i in range(image[HEIGHT]):
        row = _inside(i - down, image[HEIGHT], image[BORDER])
        for c in range(image[CHANNELS]):
            to = i * image[BY_ROW] + c * image[BY_CHANNEL]
            source = row * image[BY_ROW] + c * image[BY_CHANNEL]
            if row >= 0:
                _move_row(image, right, flip, pixels, to, scratch, source)
            else:
                for j in range(image[WIDTH]):
                    pixels[to + j * image[BY_COLUMN]] = np.float32(0)


@internal
def _move_row(image, right, flip, pixels, to, scratch, source):
    """Write a row of one channel, which begins at `to`, from the row of the unmoved image that begins at `source`."""
    width, step = image[WIDTH], image[BY_COLUMN]
    begin, by = (source + (width - 1) * step, -step) if flip else (source, step)
    first = min(max(right, 0), width)
    last = max(min(width + right, width), first)
    for j in range(first, last):
        pixels[to + j * step] = scratch[begin + (j - right) * by]
    for k in range(width - (last - first)):
        j = k if k < first else k + last - first
        column = _inside(j - right, width, image[BORDER])
        pixels[to + j * step] = scratch[begin + column * by] if column >= 0 else np.float32(0)


@internal
def _inside(place, size, border):
    """Return the row or column whose pixel is shown at a place that may be outside the image; -1 for none."""
    if 0 <= place < size:
        return place
    if border == _ZERO:
        return np.int64(-1)
    if border == _EDGE:
        return np.int64(0) if place < 0 else size - 1
    return -place if place < 0 else 2 * (size - 1) - place
