"""Random geometries of convolutions, and slow NumPy twins of the kernels that use them."""

from __future__ import annotations

import numpy as np

Geometry = tuple[int, int, int, int, int, int, int, int, int, int, int]


def geometry(
    image: tuple[int, int, int],
    kernel: tuple[int, int],
    stride: tuple[int, int] = (1, 1),
    padding: tuple[int, int, int, int] = (0, 0, 0, 0),
) -> Geometry:
    """Padding is (top, bottom, left, right)."""
    height, width, channels = image
    top, bottom, left, right = padding
    out_height = (height + top + bottom - kernel[0]) // stride[0] + 1
    out_width = (width + left + right - kernel[1]) // stride[1] + 1
    return height, width, channels, *kernel, *stride, top, left, out_height, out_width


def random_geometry(rng: np.random.Generator) -> Geometry:
    while True:
        kernel = int(rng.integers(1, 8)), int(rng.integers(1, 8))
        image = int(rng.integers(1, 14)), int(rng.integers(1, 14)), int(rng.choice([1, 2, 3, 5, 8, 16, 19, 40]))
        stride = (1, 1) if rng.random() < 0.5 else (int(rng.integers(1, 4)), int(rng.integers(1, 4)))
        top, bottom, left, right = (int(p) for p in rng.integers(0, 4, 4) * (rng.random() < 0.7))
        found = geometry(image, kernel, stride, (top, bottom, left, right))
        if min(found[-2:]) >= 1:
            return found


def patches(shape: Geometry, x: np.ndarray) -> np.ndarray:
    """The patches of x, (rows, out_height, out_width, kernel_height, kernel_width, channels)."""
    height, width, _, kernel_height, kernel_width, down, across, top, left, out_height, out_width = shape
    bottom = max(0, (out_height - 1) * down + kernel_height - top - height)
    right = max(0, (out_width - 1) * across + kernel_width - left - width)
    padded = np.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kernel_height, kernel_width), (1, 2))
    return windows[:, ::down, ::across][:, :out_height, :out_width].transpose(0, 1, 2, 4, 5, 3)


def convolved(shape: Geometry, x: np.ndarray, w: np.ndarray) -> np.ndarray:
    return np.tensordot(patches(shape, x), w, 3)


def convolved_back(shape: Geometry, delta: np.ndarray, w: np.ndarray) -> np.ndarray:
    height, width, channels, kernel_height, kernel_width, down, across, top, left, out_height, out_width = shape
    tall = max(height + top, (out_height - 1) * down + kernel_height)
    wide = max(width + left, (out_width - 1) * across + kernel_width)
    dx = np.zeros((len(delta), tall, wide, channels))
    for oy in range(out_height):
        for ox in range(out_width):
            y, x = oy * down, ox * across
            dx[:, y : y + kernel_height, x : x + kernel_width] += np.tensordot(delta[:, oy, ox], w, (1, 3))
    return dx[:, top : top + height, left : left + width]


def filter_gradient(shape: Geometry, x: np.ndarray, delta: np.ndarray) -> np.ndarray:
    return np.tensordot(patches(shape, x), delta, ((0, 1, 2), (0, 1, 2)))
