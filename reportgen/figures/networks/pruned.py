"""Variants that prune, by round of pruning, and their results in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from reportgen.analysis.results import Estimate, VariantSummary
from reportgen.analysis.summary import estimate
from reportgen.analysis.words.formatting import percent
from reportgen.analysis.words.listing import listing
from reportgen.figures.drawing import style as _style
from reportgen.figures.drawing.axis import Array
from reportgen.figures.drawing.words import number
from reportgen.languages.translate import _, numeral

BEST = "best_epoch"


@dataclass(frozen=True)
class Line:
    """A variant that prunes; remaining: mean share of weights by round, (R,); values: by name and seed, (S, R)."""

    summary: VariantSummary
    style: _style.SeriesStyle
    grey: bool
    seeds: tuple[int, ...]
    remaining: Array
    values: dict[str, Array]

    @property
    def label(self) -> str:
        """The label of the variant."""
        return self.summary.variant.label

    def means(self, name: str) -> list[Estimate]:
        """Return the mean of a value over the seeds with its interval, for each round; no epoch is after the last."""
        found = [estimate(column, f"round_{name}", self.summary.records) for column in self.values[name].T]
        epochs = max(record.spec.training.epochs for record in self.summary.records)
        return [replace(one, hi=min(one.hi, epochs)) for one in found] if name == BEST else found


def output_words(lines: Sequence[Line]) -> str:
    """Return a sentence on output layers that are pruned less, so that more weights remain than the study says."""
    found = [record.spec.training.pruning for line in lines for record in line.summary.records]
    less = sorted({(one.sparsity, one.output_rate) for one in found if one is not None and one.output_rate < 1})
    if not less:
        return ""
    sparsities = listing([percent(value) for value in sorted({sparsity for sparsity, _rate in less})])
    rates = listing([numeral(f"{value:g}") for value in sorted({rate for _share, rate in less})])
    return _(
        "The share counts all weights: hidden layers lose {sparsities} of them, as in the study, but "
        "a round removes a smaller share in the output layer (output_rate {rates}), so more weights "
        "remain"
    ).format(sparsities=sparsities, rates=rates)


def result_of(line: Line, name: str) -> str:
    """Return a sentence on the accuracy of the dense and of the sparsest network."""
    means = line.means(name)
    dense, sparse, left = means[0].value, means[-1].value, percent(float(line.remaining[-1]))
    return _("“{label}”: {dense} with all weights, and {sparse} with {left} of the weights").format(
        label=line.label, dense=shown(dense), sparse=shown(sparse), left=left
    )


def shown(value: float) -> str:
    return percent(value) if np.isfinite(value) else number(value)
