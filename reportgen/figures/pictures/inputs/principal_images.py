"""Eigen-images, images reduced to a few principal components, and whitened images of data with images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from reportgen.analysis.results import Analysis
from reportgen.analysis.words.formatting import percent
from reportgen.analysis.words.listing import listing
from reportgen.data.preprocessing.principal import principal_axes
from reportgen.figures.drawing import mosaic
from reportgen.figures.drawing import style as _style
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.drawing.surface import surface
from reportgen.figures.drawing.words import count, prose, sentence
from reportgen.figures.pictures.choice import first_records, is_named
from reportgen.figures.pictures.inputs.raw import Raw, raw_data
from reportgen.figures.table import FIGURES
from reportgen.languages.translate import _, in_english

View = Literal["eigen", "reduced", "whitened"]
IDS: dict[View, str] = {"eigen": "eigen_images", "reduced": "reduced_images", "whitened": "whitened_images"}
STEPS: dict[View, tuple[str, ...]] = {"eigen": ("pca", "whiten"), "reduced": ("pca",), "whitened": ("whiten",)}
"""The preprocessing steps for which a study without `figures:` gets the figure."""

EXAMPLES, WIDE, FEWER = 4000, 1024, 1000
"""Examples to which the components are fitted, fewer of them for images with more than WIDE numbers."""

AXES, ACROSS, SHOWN = 23, 8, 6
"""Eigen-images after the mean image, images side by side, and example images."""

KEPT = (2, 8, 32, 128, 512)
WHITENED_VARIANCE = 0.99
"""Components kept in reduced images, and share of the variance of the components that whitened images keep."""

Images = NDArray[np.float64]


@dataclass(frozen=True)
class Components:
    """Principal components of images; shape: (channels, height, width); shares: of the variance, decreasing."""

    shape: tuple[int, int, int]
    mean: Images
    axes: Images
    variances: Images
    examples: Images
    fitted: int

    @property
    def shares(self) -> Images:
        """The share of the variance that the first components explain together, (m,)."""
        total = float(self.variances.sum())
        shares: Images = np.cumsum(self.variances) / total if total else np.ones_like(self.variances)
        return shares

    def reduced(self, k: int) -> Images:
        """Return the examples (n, d) projected onto the first k components."""
        axes = self.axes[:k]
        images: Images = self.mean + (self.examples - self.mean) @ axes.T @ axes
        return images

    @property
    def rank(self) -> int:
        """The smallest number of components that explain WHITENED_VARIANCE of the variance."""
        return int(np.searchsorted(self.shares, WHITENED_VARIANCE - 1e-12)) + 1

    def whitened(self) -> Images:
        """Return the examples (n, d), whitened in the first `rank` components and rotated back to pixels."""
        axes, spread = self.axes[: self.rank], np.sqrt(self.variances[: self.rank])
        images: Images = ((self.examples - self.mean) @ axes.T / spread) @ axes
        return images

    def as_images(self, rows: Images) -> Images:
        """Return rows (n, d) as images (n, height, width) or, of three channels, (n, height, width, 3)."""
        images = rows.reshape(-1, *self.shape).transpose(0, 2, 3, 1)
        return images if self.shape[0] == 3 else images.mean(axis=-1)


def components_of(data: Raw) -> Components | None:
    """Return the components of images, fitted to the first training examples; None for data without images."""
    if data.image_shape is None or len(data.x) < 2:
        return None
    x = data.x[: EXAMPLES if data.x.shape[1] <= WIDE else FEWER]
    mean, axes, variances = principal_axes(x)
    first = [int(np.flatnonzero(data.y == label)[0]) for label in np.unique(data.y)]
    chosen = sorted({*first[:SHOWN], *range(min(SHOWN, len(data.x)))}, key=lambda at: (at not in first, at))[:SHOWN]
    examples = data.x[chosen].astype(np.float64)
    return Components(data.image_shape, mean, axes, variances, examples, len(x))


def draw(analysis: Analysis, view: View) -> Drawing | None:
    """Return one of the three figures, None if the data have no images or the study does not ask for it."""
    steps = {step.name for _, record in first_records(analysis) for step in record.spec.preprocess}
    if not is_named(analysis, IDS[view]) and not steps & set(STEPS[view]):
        return None
    data = raw_data(analysis)
    found = components_of(data) if data else None
    if found is None:
        return None
    rows = list(ROWS[view](found))
    narrow = partial(_figure, found, rows, ACROSS if view == "eigen" else len(found.examples))
    with _style.settings():
        figure = narrow()
    kind = FIGURES[IDS[view]]
    caption, alt, finding = TEXTS[view](found, rows)
    return Drawing(
        kind.id,
        _(kind.title),
        caption,
        alt,
        figure,
        COLUMNS,
        in_english(lambda: list(_csv(found, list(ROWS[view](found))))),
        narrow=narrow,
        finding=finding,
    )


@dataclass(frozen=True)
class Row:
    """Images with a label; signed: whether they are drawn in colours about 0."""

    label: str
    note: str
    images: Images
    signed: bool = False


def _eigen_rows(found: Components) -> Iterator[Row]:
    yield Row(_("mean image"), _("of {examples}").format(examples=count(found.fitted, "example")), found.mean[None])
    shares, most = found.shares, min(AXES + 1, len(found.axes))
    for begin in range(0, most, ACROSS):
        end = min(begin + ACROSS, most)
        label = _("axes {begin} to {end}").format(begin=begin + 1, end=end)
        note = _("{share} together").format(share=percent(float(shares[end - 1])))
        yield Row(label, note, found.axes[begin:end], signed=True)


def _reduced_rows(found: Components) -> Iterator[Row]:
    d = found.examples.shape[1]
    for k in (k for k in KEPT if k < min(d, len(found.axes))):
        yield Row(_("{k} components").format(k=k), percent(float(found.shares[k - 1])), found.reduced(k))
    yield Row(_("original"), count(d, "number"), found.examples)


def _whitened_rows(found: Components) -> Iterator[Row]:
    yield Row(_("original"), "", found.examples)
    yield Row(_("whitened"), count(found.rank, "component"), found.whitened(), signed=True)


ROWS = {"eigen": _eigen_rows, "reduced": _reduced_rows, "whitened": _whitened_rows}


def _left() -> float:
    """Return the space for the labels of rows in inches."""
    return surface().either(1.2, 0.95)


def _figure(found: Components, rows: Sequence[Row], widest: int) -> Figure:
    across = surface().either(widest, -(-widest // 2))
    side = min(0.72, (surface().width - _left() - 0.15) / (mosaic.width(across, 1) + 0.1))
    gap = 0.12
    heights = [mosaic.height(len(row.images), across, side) for row in rows]
    inches = 0.12 + sum(heights) + len(rows) * gap
    figure, ax = mosaic.canvas(inches)
    top = 0.1
    for row, height in zip(rows, heights, strict=True):
        _draw_row(ax, found, row, across, top, side)
        top += height + gap
    mosaic.set_inches(ax, inches)
    return figure


def _draw_row(ax: Axes, found: Components, row: Row, across: int, top: float, side: float) -> None:
    ax.text(0.1, top + side / 2 - 0.07, row.label, fontsize=_style.SMALL, va="center")
    ax.text(0.1, top + side / 2 + 0.08, row.note, fontsize=surface().tiny, va="center", color=_style.MUTED)
    images = found.as_images(row.images)
    columns = min(len(images), across)
    if row.signed:
        mosaic.show(ax, _signed(images), columns, _left(), top, side)
        return
    low, high = float(found.examples.min()), float(found.examples.max())
    middle, half = (low + high) / 2, (high - low) / 2 or 1.0
    shades = (
        mosaic.composed(images - middle, half) if images.ndim == 4 else mosaic.coloured(images, mosaic.GREYS, low, high)
    )
    mosaic.show(ax, shades, columns, _left(), top, side)


def _signed(images: Images) -> NDArray[np.uint8]:
    """Return images about 0, each on a scale of its own."""
    limits = np.abs(images).reshape(len(images), -1).max(axis=1).reshape(-1, *[1] * (images.ndim - 1))
    scaled = images / np.where(limits > 0, limits, 1)
    return mosaic.composed(scaled, 1.0) if images.ndim == 4 else mosaic.signed(scaled, 1.0)


COLUMNS = ("row", "image", "row_of_pixels", "values")
"""Columns of the CSV file; a row of pixels is a line, of the mean over channels, from left to right."""


def _csv(found: Components, rows: Sequence[Row]) -> Iterator[tuple[str, int, int, str]]:
    for row in rows:
        images = row.images.reshape(-1, *found.shape).mean(axis=1)
        for (number, y), _first in np.ndenumerate(images[:, :, 0]):
            yield row.label, number + 1, y + 1, " ".join(f"{value:.5g}" for value in images[number, y])


def _fitted(found: Components) -> str:
    return _("The components are fitted to {examples} before any preprocessing").format(
        examples=count(found.fitted, "training example")
    )


def _texts(found: Components, parts: Sequence[str], alt: str, finding: str) -> tuple[str, str, str]:
    return " ".join(sentence(part) for part in (*parts, _fitted(found))), prose(alt), sentence(finding)


def _eigen_texts(found: Components, rows: Sequence[Row]) -> tuple[str, str, str]:
    shares, shown = found.shares, min(AXES + 1, len(found.axes))
    parts = (
        _(
            "mean image and principal axes of the images, in order of decreasing variance (blue: "
            "negative, orange: positive, each on its own scale)"
        ),
        _("The first axis explains {shares} of the variance, and the first {shown} together explain {shares2}").format(
            shares=percent(float(shares[0])), shown=shown, shares2=percent(float(shares[shown - 1]))
        ),
    )
    alt = _("Images: the mean image, and the first {shown} eigen-images. {parts}").format(
        shown=shown, parts=sentence(parts[1])
    )
    return _texts(found, parts, alt, parts[1])


def _reduced_texts(found: Components, rows: Sequence[Row]) -> tuple[str, str, str]:
    kept = [_("{note} of the variance with {label}").format(note=row.note, label=row.label) for row in rows[:-1]]
    parts = (_("images projected onto their first principal components, and the original images"), listing(kept))
    alt = _("Rows of the same {images}, from coarse to fine: {kept}.").format(
        images=count(len(found.examples), "image"), kept=listing(kept)
    )
    return _texts(found, parts, alt, _("the images keep {kept}").format(kept=listing(kept)))


def _whitened_texts(found: Components, rows: Sequence[Row]) -> tuple[str, str, str]:
    parts = (
        _(
            "original images and whitened images: each principal component is divided by its standard "
            "deviation, and the result is rotated back to pixels"
        ),
        _("The first {components} are kept, which explain {share} of the variance").format(
            components=count(found.rank, "component"), share=percent(WHITENED_VARIANCE, 0)
        ),
        _("Whitening gives fine detail, such as edges, the same weight as large areas"),
    )
    alt = _("A row of {images}, and a row of the same images after whitening.").format(
        images=count(len(found.examples), "image")
    )
    return _texts(found, parts, alt, parts[1])


TEXTS = {"eigen": _eigen_texts, "reduced": _reduced_texts, "whitened": _whitened_texts}
