"""Measured and expected values of the sanity checks, with a panel for each check and a row for each variant.

The stroke is the expected value: the loss of guessing (before training), the loss without the penalty, a loss of 0 on
a few examples, and the largest admissible error of a gradient. Values in the shaded range pass. A circle is a check
that passed, a cross a check that failed. Gradients are checked in each layer, so their rows have one mark per layer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from reportgen.analysis.results import Analysis, SanityResult, VariantSummary
from reportgen.analysis.sanity import NEAR_CHANCE
from reportgen.figures.drawing import axis as _axis
from reportgen.figures.drawing import rows as _rows
from reportgen.figures.drawing import style as _style
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.drawing.surface import surface
from reportgen.figures.drawing.words import count, descriptions, number, prose, sentence
from reportgen.figures.table import FIGURES
from reportgen.figures.views.selection import select_rows
from reportgen.languages.translate import N_, _

FIGURE = FIGURES["sanity_checks"]

ROWS = 24
CHECKS = {
    "initial_loss": (N_("loss before training"), N_("about the loss of guessing")),
    "regularized_loss": (N_("loss with penalty"), N_("more than the loss without it")),
    "overfit_subset": (N_("loss on a few examples"), N_("almost 0")),
    "gradient_check": (N_("error of the gradient"), N_("at most the error of rounding or of a kink")),
}
"""The measured value of each check, and the expected value in words."""

Results = dict[str, list[SanityResult]]
"""The results of one check, by variant."""


def draw(analysis: Analysis) -> Drawing | None:
    """Return the figure, None if the study has no sanity checks of its variants."""
    found = {check: _by_variant(analysis, check) for check in CHECKS}
    checks = {check: results for check, results in found.items() if results}
    if not checks:
        return None
    able = [row for row in analysis.outcomes if any(row.variant.id in results for results in checks.values())]
    rows, note = select_rows(analysis.plan, able, ROWS)
    narrow = partial(_figure, checks, rows)
    with _style.settings():
        figure = narrow()
    caption, alt = _caption(checks, note), _alt(checks, rows, note)
    return Drawing(FIGURE.id, _(FIGURE.title), caption, alt, figure, COLUMNS, _csv(checks, able), narrow)


COLUMNS = ("check", "variant", "label", "subject", "measured", "expected", "passed")
"""Columns of the CSV file; subject is the layer for checks of single layers."""


def _by_variant(analysis: Analysis, check: str) -> Results:
    found: Results = {}
    for one in analysis.sanity:
        if one.check == check and one.variant is not None and math.isfinite(one.measured):
            found.setdefault(one.variant, []).append(one)
    return found


def _figure(checks: dict[str, Results], rows: Sequence[VariantSummary]) -> Figure:
    names = [row.variant.label for row in rows]
    left = _rows.label_width(names, 2.2)
    failed = any(not one.passed for results in checks.values() for found in results.values() for one in found)
    handles, labels = _legend(failed)
    each = _rows.row_height(0.26 if len(rows) <= 12 else 0.2)
    margins = _style.Margins(left=left, top=0.12, across=0.28, bottom=0.44, between=0.6)
    height = max(0.8, each * len(rows) + 0.15)
    legend = _style.legend_height(labels)
    figure, axes = _style.panels(len(checks), surface().columns(len(checks)), height, legend, margins)
    for ax, (check, results) in zip(axes, checks.items(), strict=True):
        _panel(ax, check, results, rows)
        _rows.write_labels(ax, names, left, first=ax is axes[0])
    _style.legend(figure, handles, labels)
    return figure


def _panel(ax: Axes, check: str, results: Results, rows: Sequence[VariantSummary]) -> None:
    shown = [(at, one) for at, row in enumerate(rows) for one in results.get(row.variant.id, ())]
    values = [value for _, one in shown for value in (one.measured, one.expected, *_passing(one))]
    log = {"gradient_check": True, "overfit_subset": False}.get(check)
    scale = _axis.scale_for([values], log) or _axis.UNIT
    for at, one in shown:
        _row(ax, at, one, scale)
    _axis.set_x(ax, scale)
    ax.set_ylim(len(rows) - 0.4, -0.95 if surface().is_narrow else -0.6)
    ax.set_yticks([])
    ax.grid(axis="x")
    ax.spines["left"].set_visible(False)
    ax.set_xlabel(_(CHECKS[check][0]), labelpad=2)


def _row(ax: Axes, at: int, one: SanityResult, scale: _axis.Scale) -> None:
    low, high = (min(max(end, scale.low), scale.high) for end in _passing(one))
    ax.add_patch(Rectangle((low, at - 0.34), high - low, 0.68, color=_style.REGION, lw=0, zorder=1))
    if scale.low <= one.expected <= scale.high:
        ax.plot([one.expected], [at], **EXPECTED)
    ax.plot(scale.place([one.measured]), [at], **(PASSED if one.passed else FAILED))


def _passing(one: SanityResult) -> tuple[float, float]:
    """Return the range of values that pass."""
    if one.check == "initial_loss":
        return (1 - NEAR_CHANCE) * one.expected, (1 + NEAR_CHANCE) * one.expected
    if one.check == "regularized_loss":
        return one.expected, math.inf
    return -math.inf, one.values.get("limit", one.expected)


EXPECTED: dict[str, Any] = {"ls": "none", "marker": "|", "ms": 11, "mew": 1.4, "color": _style.MUTED, "zorder": 2}
PASSED: dict[str, Any] = {"ls": "none", "marker": "o", "ms": 4.6, "color": _style.GOOD, "zorder": 3}
FAILED: dict[str, Any] = {"ls": "none", "marker": "X", "ms": 5.6, "color": _style.BAD, "zorder": 3}


def _legend(failed: bool) -> tuple[list[Any], list[str]]:
    handles: list[Any] = [Line2D([], [], **PASSED)]
    labels = [_("passed")]
    if failed:
        handles.append(Line2D([], [], **FAILED))
        labels.append(_("failed"))
    return [*handles, Line2D([], [], **EXPECTED), Patch(color=_style.REGION)], [*labels, _("expected"), _("passes")]


def _caption(checks: dict[str, Results], note: str) -> str:
    tallies = [_tally(check, results) for check, results in checks.items()]
    parts = [_("Results of the sanity checks; shaded: values that pass; strokes: expected values"), "; ".join(tallies)]
    if "gradient_check" in checks:
        parts.append(
            _("Each mark of the gradient check is a layer; {largest}").format(
                largest=_largest(checks["gradient_check"])
            )
        )
    return " ".join(sentence(part) for part in [*parts, note] if part)


def _tally(check: str, results: Results) -> str:
    passed = sum(all(one.passed for one in found) for found in results.values())
    of = _("all") if passed == len(results) else str(passed)
    return _("{check}, expected {expectation}: {of} of {variants} passed").format(
        check=_(CHECKS[check][0]), expectation=_(CHECKS[check][1]), of=of, variants=count(len(results), "variant")
    )


def _largest(results: Results) -> str:
    results_ = [one for found in results.values() for one in found]
    worst = max(results_, key=lambda one: one.measured / one.expected)
    error, limit = number(worst.measured), number(worst.expected, 1)
    return _("the largest error relative to its limit is {error}, with a limit of {limit}").format(
        error=error, limit=limit
    )


def _alt(checks: dict[str, Results], rows: Sequence[VariantSummary], note: str) -> str:
    def course(row: VariantSummary) -> str:
        found = [(_(CHECKS[check][0]), results.get(row.variant.id)) for check, results in checks.items()]
        largest = [(name, max(some, key=lambda one: one.measured)) for name, some in found if some]
        parts = [
            _("{name} {measured}, expected {expected}").format(
                name=name, measured=number(one.measured, 3), expected=number(one.expected, 3)
            )
            for name, one in largest
        ]
        return f"{row.variant.label}: {'; '.join(parts)}"

    lines = [course(row) for row in rows]
    return prose(_("Dot plot of sanity checks by variant."), note, descriptions(lines, 12, "variant"))


def _csv(checks: dict[str, Results], rows: Sequence[VariantSummary]) -> list[tuple[Any, ...]]:
    return [
        (check, row.variant.id, row.variant.label, one.subject, one.measured, one.expected, one.passed)
        for check, results in checks.items()
        for row in rows
        for one in results.get(row.variant.id, ())
    ]
