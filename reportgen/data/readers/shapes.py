"""Small grey or coloured images of geometric figures, for studies on images that need no download."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reportgen.data.dataset import ImageShape, IntArray
from reportgen.data.readers.generated import class_counts
from reportgen.data.source import Request, Source
from reportgen.data.streams import stream
from reportgen.errors import StudyError

LEAST_SIZE, MOST_SIZE, LEAST_EXTENT, LEAST_CLASSES = 8, 64, 5, 2  # pixels, pixels, pixels, classes
MOST_CHANNELS = 16

Grid = NDArray[np.float64]
Point = tuple[float, float]
Distance = Callable[[Grid, Grid], Grid]


def _strokes(*paths: tuple[Point, ...]) -> Distance:
    """Return the distance to the nearest of several chains of line segments, given by their corners (x, y)."""
    segments = [ends for path in paths for ends in itertools.pairwise(path)]

    def distance(x: Grid, y: Grid) -> Grid:
        return np.asarray(np.min([_to_segment(x, y, *ends) for ends in segments], axis=0))

    return distance


def _to_segment(x: Grid, y: Grid, begin: Point, end: Point) -> Grid:
    """Return the distance of the points (x, y) to a line segment."""
    dx, dy = end[0] - begin[0], end[1] - begin[1]
    along = np.clip(((x - begin[0]) * dx + (y - begin[1]) * dy) / (dx**2 + dy**2), 0, 1)
    return np.hypot(x - begin[0] - along * dx, y - begin[1] - along * dy)


def _to_circle(x: Grid, y: Grid) -> Grid:
    return np.asarray(np.abs(np.hypot(x, y) - 1))


def _to_disc(x: Grid, y: Grid) -> Grid:
    return np.asarray(np.maximum(np.hypot(x, y) - 1, 0))


KINDS: dict[str, Distance] = {
    "horizontal bar": _strokes(((-1, 0), (1, 0))),
    "vertical bar": _strokes(((0, -1), (0, 1))),
    "cross": _strokes(((-1, 0), (1, 0)), ((0, -1), (0, 1))),
    "diagonal cross": _strokes(((-1, -1), (1, 1)), ((-1, 1), (1, -1))),
    "circle": _to_circle,
    "square": _strokes(((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))),
    "triangle": _strokes(((0, -1), (1, 1), (-1, 1), (0, -1))),
    "disc": _to_disc,
    "corner": _strokes(((-1, -1), (-1, 1), (1, 1))),
    "rising bar": _strokes(((-1, 1), (1, -1))),
    "falling bar": _strokes(((-1, -1), (1, 1))),
    "T": _strokes(((-1, -1), (1, -1)), ((0, -1), (0, 1))),
}
"""Distance to the lines of each kind of figure, in the square from -1 to 1; x points right and y down."""


class Geometry(NamedTuple):
    """Sizes in pixels: of an image, of a figure, of its largest shift and of its strokes."""

    size: int
    extent: int
    shift: int
    thickness: float


def shapes(request: Request) -> Source:
    """Return images (samples, channels * size * size) with classes in order.

    The seed determines the shifts, the colours and the noise. A colour is one brightness for each channel: uniform
    from 0 to 1, then scaled so that the largest is 1. Images of one channel have brightness 1.
    """
    geometry = _geometry(request)
    counts = class_counts(request.samples, request.classes)
    labels = np.repeat(np.arange(request.classes), counts)
    names = tuple(KINDS)[: request.classes]
    reach = geometry.shift
    moves = stream(request.seed, "data.shift").integers(0, 2 * reach + 1, (2, request.samples))
    large = np.stack([draw(name, geometry._replace(size=geometry.size + 2 * reach)) for name in names])
    windows = np.lib.stride_tricks.sliding_window_view(large, (geometry.size,) * 2, axis=(1, 2))
    grey = windows[labels, moves[0], moves[1]].reshape(request.samples, 1, geometry.size**2)
    colours = stream(request.seed, "data.colour").random((request.samples, request.params["channels"], 1), np.float32)
    x = (grey * (colours / colours.max(axis=1, keepdims=True))).reshape(request.samples, -1)
    noise = stream(request.seed, "data.input").standard_normal(x.shape, np.float32)
    x += np.float32(request.params["noise"]) * noise
    return Source(x, labels, request.classes, names, shapes_image(request))


def draw(name: str, geometry: Geometry) -> NDArray[np.float32]:
    """Return the image of a figure in its centre, (size, size), with values from 0 (background) to 1 (figure).

    The strokes have round ends and soft edges one pixel wide.
    """
    radius = (geometry.extent - geometry.thickness) / 2
    place = (np.arange(geometry.size) - (geometry.size - 1) / 2) / radius
    distance = radius * KINDS[name](*np.meshgrid(place, place))
    inside = np.round((geometry.thickness + 1) / 2 - distance, 6)  # without the last bits, which differ by processor
    return np.clip(inside, 0, 1).astype(np.float32)


def shapes_image(request: Request) -> ImageShape:
    """Return the shape of the images."""
    return request.params["channels"], request.params["size"], request.params["size"]


def shapes_counts(request: Request) -> IntArray:
    """Return the number of images of each class, (classes,)."""
    _geometry(request)
    return class_counts(request.samples, request.classes)


def _geometry(request: Request) -> Geometry:
    """Return the sizes with their defaults; raises StudyError if they do not fit each other."""
    size, extent, shift, thickness = (request.params[name] for name in ("size", "extent", "shift", "thickness"))
    if not LEAST_CLASSES <= request.classes <= len(KINDS):
        message = f"shapes has {len(KINDS)} kinds of figures, but classes is {request.classes}"
        hint = f"from {LEAST_CLASSES} to {len(KINDS)}"
        raise StudyError("out-of-range", message, hint=hint, setting="classes")
    extent = max(LEAST_EXTENT, size // 2) if extent is None else extent
    if extent > size:
        message = f"figures of {extent} pixels do not fit in images of {size} pixels"
        raise StudyError("out-of-range", message, hint=f"at most {size}", setting="extent")
    most = (size - extent) // 2
    shift = most if shift is None else shift
    if shift > most:
        message = f"figures of {extent} pixels shifted by {shift} leave images of {size} pixels"
        raise StudyError("out-of-range", message, hint=f"at most {most}", setting="shift")
    thickness = max(1.0, extent / 6) if thickness is None else thickness
    if 3 * thickness > extent:
        message = f"strokes of {thickness:g} pixels fill figures of {extent} pixels"
        raise StudyError("out-of-range", message, hint=f"at most {extent / 3:.3g}", setting="thickness")
    return Geometry(size, extent, shift, thickness)
