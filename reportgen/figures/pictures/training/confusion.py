"""Confusion matrix of the validation examples at the end of training, a panel for each variant.

A row is a true class and a column a predicted class. The numbers are examples, summed over the runs of the variant; the
tint is the share of the row. A perfect classifier has numbers on the diagonal only. A dark cell elsewhere is a pair of
classes that the network confuses, and a dark column a class that it predicts too often.

By default, the figure is drawn if the classes differ much in size, or if the study keeps only a part of a class.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from reportgen.analysis.classes import label_of
from reportgen.analysis.results import Analysis, VariantSummary
from reportgen.analysis.words.formatting import percent
from reportgen.figures.drawing import style as _style
from reportgen.figures.drawing.axis import fix_ticks
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.drawing.surface import surface
from reportgen.figures.drawing.words import count, descriptions, prose, sentence, span
from reportgen.figures.pictures.choice import is_named, rows_with, with_array
from reportgen.figures.pictures.drawn import drawing_of
from reportgen.figures.pictures.shades import draw_cells
from reportgen.figures.table import FIGURES
from reportgen.languages.translate import _

FIGURE = FIGURES["confusion_matrix"]

ARRAY, PANELS, NUMBERED, LABELLED = "val_confusion", 4, 12, 20
"""The array, and the largest numbers of variants, of classes with numbers in the cells, and of classes with labels."""

UNEVEN = 3.0
"""Classes differ much in size if the largest has more than this many times the examples of the smallest."""


@dataclass(frozen=True)
class Matrix:
    """Counts of a variant over its runs, (true classes, predicted classes)."""

    summary: VariantSummary
    runs: int
    counts: NDArray[np.int64]
    labels: tuple[str, ...]

    @property
    def shares(self) -> NDArray[np.float64]:
        """The counts divided by those of their row; NaN for a class without examples."""
        totals = self.counts.sum(axis=1, keepdims=True)
        return np.where(totals > 0, self.counts / np.maximum(totals, 1), np.nan)

    @property
    def accuracy(self) -> float:
        """The share of examples on the diagonal."""
        return float(np.trace(self.counts) / self.counts.sum())

    @property
    def confused(self) -> tuple[int, int] | None:
        """The true and the predicted class of the largest share off the diagonal, None if there is no error."""
        shares = np.nan_to_num(self.shares) * (1 - np.eye(len(self.counts)))
        at = int(shares.argmax())
        return divmod(at, len(shares)) if shares.ravel()[at] > 0 else None


def draw(analysis: Analysis) -> Drawing | None:
    """Return the figure, None without confusion matrices or if the study does not ask for it."""
    chosen, note = rows_with(analysis, ARRAY, PANELS)
    matrices = [_matrix(row) for row in chosen]
    if not matrices or not (is_named(analysis, FIGURE.id) or any(map(_is_uneven, matrices))):
        return None
    return drawing_of(
        FIGURE,
        partial(_figure, matrices),
        _caption(matrices, note),
        _alt(matrices),
        COLUMNS,
        _csv(matrices),
        _words(matrices[0]),
    )


def _matrix(row: VariantSummary) -> Matrix:
    records = with_array(row, ARRAY)
    counts = np.sum([np.asarray(record.arrays[ARRAY], np.int64) for record in records], axis=0)
    labels = tuple(label_of(records[0].facts, number) for number in range(len(counts)))
    return Matrix(row, len(records), counts, labels)


def _is_uneven(matrix: Matrix) -> bool:
    totals = matrix.counts.sum(axis=1)
    kept = bool(matrix.summary.records[0].spec.data.keep)
    return kept or bool(totals.max() > UNEVEN * max(int(totals.min()), 1))


def _figure(matrices: Sequence[Matrix]) -> Figure:
    columns = 1 if len(matrices) == 1 else surface().columns(2)
    longest = max(_style.text_width(label, surface().tiny) for matrix in matrices for label in matrix.labels)
    left = 0.42 + min(longest, surface().label)
    side = min((surface().width - 0.12 - columns * left) / columns, 4.2 if columns == 1 else 2.5)
    margins = _style.Margins(left=left, across=left, top=0.46, between=0.9, bottom=0.5)
    if surface().flat:
        rotated = not all(_is_flat(matrix, side) for matrix in matrices)
        below = 0.2 + min(longest, surface().label) if rotated else 0.3
        margins = _style.Margins(left=left, across=left, top=0.2, bottom=below)
    figure, axes = _style.panels(len(matrices), columns, side, margins=margins)
    for ax, matrix in zip(axes, matrices, strict=True):
        place = ax.get_position()
        ax.set_position((place.x0, place.y0, side / surface().width, place.height))
        _panel(ax, matrix, side)
    return figure


def _panel(ax: Axes, matrix: Matrix, side: float) -> None:
    size = len(matrix.counts)
    numbered = size <= NUMBERED
    words = np.where(numbered & (matrix.counts > 0), matrix.counts.astype(str), "")
    draw_cells(ax, matrix.shares, words, _style.COLOURS[0], surface().tiny if size > 6 else _style.SMALL)
    shown, names = _ticks(matrix)
    fix_ticks(ax.xaxis, shown, names)
    fix_ticks(ax.yaxis, shown, names)
    ax.tick_params(labelsize=surface().tiny)
    if not _is_flat(matrix, side):
        ax.tick_params(axis="x", labelrotation=90)
    ax.set_xlabel(_("predicted class"), labelpad=2)
    ax.set_ylabel(_("true class"), labelpad=2)
    accuracy = _("accuracy {share}").format(share=percent(matrix.accuracy))
    place: dict[str, Any] = {
        "fontsize": _style.SMALL,
        "fontweight": "normal",
        "color": _style.MUTED,
        "y": 1.0,
        "pad": 4,
    }
    beside = surface().flat  # a slide has no room for a second line
    room = side - (_style.text_width(accuracy, _style.SMALL) + 0.1 if beside else 0.0)
    title = _style.clip(matrix.summary.variant.label, room, _style.TITLE)
    ax.set_title(title, loc="left", y=1.0, pad=4 if beside else 15)
    if beside:
        ax.set_title(accuracy, loc="right", **place)
    else:
        ax.text(
            0, 1 + 0.05 / side, accuracy, fontsize=_style.SMALL, color=_style.MUTED, transform=ax.transAxes, va="bottom"
        )


def _ticks(matrix: Matrix) -> tuple[list[int], list[str]]:
    """Return the classes with a label and their labels."""
    size = len(matrix.labels)
    shown = list(range(0, size, -(-size // LABELLED)))
    return shown, [_style.clip(matrix.labels[at], surface().label, surface().tiny) for at in shown]


def _is_flat(matrix: Matrix, side: float) -> bool:
    """Return whether the labels fit side by side below a matrix that is `side` inches wide."""
    shown, names = _ticks(matrix)
    room = side / len(shown) - 0.04
    return all(_style.text_width(name, surface().tiny) <= room for name in names)


COLUMNS = ("variant", "label", "true_class", "predicted_class", "examples")
"""Columns of the CSV file; examples: summed over the runs of the variant."""


def _csv(matrices: Sequence[Matrix]) -> Iterator[tuple[str, str, str, str, int]]:
    for matrix in matrices:
        variant = matrix.summary.variant
        for (row, column), examples in np.ndenumerate(matrix.counts):
            yield variant.id, variant.label, matrix.labels[row], matrix.labels[column], int(examples)


def _words(matrix: Matrix) -> str:
    start = _("with “{label}”, {accuracy} of the examples are on the diagonal").format(
        label=matrix.summary.variant.label, accuracy=percent(matrix.accuracy)
    )
    if matrix.confused is None:
        return start
    true, predicted = matrix.confused
    share = percent(float(matrix.shares[true, predicted]))
    return _("{start}; {share} of class {labels} are taken for class {labels2}").format(
        start=start, share=share, labels=matrix.labels[true], labels2=matrix.labels[predicted]
    )


def _caption(matrices: Sequence[Matrix], note: str) -> str:
    parts = [
        _("validation examples by true class (row) and predicted class (column) at the end of training, summed over ")
        + span([matrix.runs for matrix in matrices], "run"),
        _("The tint is the share of the row, and empty cells are 0"),
        *(_words(matrix) for matrix in matrices),
        note,
    ]
    return " ".join(sentence(part) for part in parts if part)


def _alt(matrices: Sequence[Matrix]) -> str:
    lines = [
        _("{course}, of {examples}").format(
            course=sentence(_words(m)).rstrip("."), examples=count(int(m.counts.sum()), "example")
        )
        for m in matrices
    ]
    return prose(_("Confusion matrices."), descriptions(lines, PANELS, "variant"))
