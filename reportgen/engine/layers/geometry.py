"""Shapes of images and windows."""

from __future__ import annotations

from typing import Literal

from reportgen.engine.math.convolution_layout import Geometry
from reportgen.engine.network_spec import WindowSpec

Shape = tuple[int, ...]
"""Shape of one example: (height, width, channels) or (units,)."""


class LayoutError(ValueError):
    """A node does not fit the shape of its inputs; `node` is its index."""

    def __init__(self, code: str, message: str, hint: str, node: int = 0) -> None:
        super().__init__(message)
        self.node, self.code, self.message, self.hint = node, code, message, hint

    def at(self, node: int) -> LayoutError:
        """Return the error with the index of its node."""
        return LayoutError(self.code, self.message, self.hint, node)


def place_windows(window: WindowSpec, shape: Shape, what: str) -> Geometry:
    """Return the windows on an image (height, width, channels); `what` names the operation in errors.

    Raises LayoutError if the window is larger than the image with its padding.
    """
    height, width, channels = shape
    sizes = []
    for axis, extent in enumerate((height, width)):
        padding = window.padding if window.padding == "same" else window.padding[axis]
        sizes.append(_along_axis(extent, window.size[axis], window.stride[axis], padding))
    (top, rows), (left, columns) = sizes
    if rows < 1 or columns < 1:
        size = f"{window.size[0]}x{window.size[1]}"
        padded = "" if window.padding in ("same", (0, 0)) else f" with its padding of {_padding(window)}"
        message = f"the {what} of {size} is larger than the image of {height}x{width}{padded}"
        raise LayoutError("window-too-large", message, "use a smaller window, or more padding")
    return Geometry(height, width, channels, *window.size, *window.stride, top, left, rows, columns)


def _padding(window: WindowSpec) -> str:
    return "x".join(map(str, dict.fromkeys(window.padding)))


def _along_axis(extent: int, size: int, stride: int, padding: int | Literal["same"]) -> tuple[int, int]:
    """Return the padding before the image and the number of windows."""
    if padding != "same":
        return padding, (extent + 2 * padding - size) // stride + 1
    windows = -(-extent // stride)
    return max((windows - 1) * stride + size - extent, 0) // 2, windows
