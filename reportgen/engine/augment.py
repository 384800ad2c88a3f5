"""Augmentation of training batches: Gaussian noise, and shifts and horizontal flips of images."""

from __future__ import annotations

import numpy as np

from reportgen.engine.jit.compile import internal
from reportgen.engine.math.random import mix, subkey

_NOISE_STREAM, _IMAGE_STREAM = np.int64(1_000_001), np.int64(1_000_002)  # larger than the index of any layer
_TWO_PI = 6.283185307179586


@internal
def augment(image, noise, keys, step, features, rows, work):
    """Augment the batch in work.x in place.

    `image` is (channels, height, width, largest shift in pixels, flip as 0 or 1), all 0 to leave images unchanged;
    `noise` is the standard deviation of the noise.
    """
    if image[3] > 0 or image[4] > 0:
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
    """Shift one image by whole pixels, padded with zeros, and flip it left to right with probability 1/2."""
    channels, height, width, reach, flips = image[0], image[1], image[2], image[3], image[4]
    down = np.int64(np.floor(_uniform(key, 3 * example) * (2 * reach + 1))) - reach
    right = np.int64(np.floor(_uniform(key, 3 * example + 1) * (2 * reach + 1))) - reach
    flip = flips == 1 and _uniform(key, 3 * example + 2) < 0.5
    for k in range(pixels.size):
        scratch[k] = pixels[k]
    for c in range(channels):
        for i in range(height):
            for j in range(width):
                row, column = i - down, j - right
                inside = 0 <= row < height and 0 <= column < width
                column = width - 1 - column if flip else column
                at = (c * height + i) * width + j
                pixels[at] = scratch[(c * height + row) * width + column] if inside else np.float32(0)
