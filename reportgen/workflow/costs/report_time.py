"""The time to analyse a study and to write its report, by the formats that are asked for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

from reportgen.engine.cost import total_epochs
from reportgen.runs.timing import clock
from reportgen.study.planning.plan import Plan

LOOP, LOOP_SECONDS = 200_000, 0.0125
"""Additions of the loop that measures the pace of this machine, and their time where the constants were fitted."""

USUAL_FIGURES = 8
"""About how many figures show something if a study does not choose them."""


@dataclass(frozen=True)
class Part:
    """Seconds of a part of the work: fixed, and additional for a run, an epoch of a run, a variant and a figure."""

    fixed: float = 0.0
    by_run: float = 0.0
    by_epoch: float = 0.0
    by_variant: float = 0.0
    by_figure: float = 0.0


ANALYSIS = Part(0.6, by_run=0.004, by_epoch=1e-5, by_variant=0.01)
DRAWING = Part(0.7, by_variant=0.02, by_figure=0.3)
"""The figures and the content of the report, which the formats share; the analysis precedes every report."""

FORMATS = {
    "html": Part(0.6, by_variant=0.02, by_figure=0.2),
    "pdf": Part(1.3, by_variant=0.15, by_figure=0.2),
    "kit": Part(0.2, by_figure=0.45),
    "slides": Part(1.3, by_figure=0.5),
    "quiz": Part(0.1),
}
"""What each format adds; the values are always written."""

DRAWN = {"html", "pdf", "kit", "slides"}
"""The formats that show figures."""


def report_seconds(plan: Plan, formats: Collection[str]) -> float:
    """Return the estimated processor time of the analysis and the report on this machine."""
    chosen = [part for name, part in FORMATS.items() if name in formats]
    parts = [ANALYSIS, *([DRAWING] if DRAWN & {*formats} else []), *chosen]
    variants = sum(variant.trial is None for variant in plan.variants)
    figures = len(plan.study.figures) or USUAL_FIGURES
    runs, epochs = len(plan.runs), sum(total_epochs(run.spec) for run in plan.runs)
    return pace() * sum(
        p.fixed + p.by_run * runs + p.by_epoch * epochs + p.by_variant * variants + p.by_figure * figures for p in parts
    )


@cache
def pace() -> float:
    """Return how long this machine takes for Python code, relative to the one where the constants were fitted."""
    return min(_loop() for _ in range(3)) / LOOP_SECONDS


def _loop() -> float:
    begin, total = clock(), 0
    for number in range(LOOP):
        total += number
    return clock() - begin
