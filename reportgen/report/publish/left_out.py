"""The parts that a report lacks although they were requested; most are known before anything is analysed."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from reportgen.report.publish.data_copies import choose_copies
from reportgen.study.planning.plan import Plan

NO_QUIZ = "there is no quiz, because it needs claims with verdicts"


def without_data(figures: Iterable[str]) -> tuple[str, ...]:
    """Return a sentence for each figure that the study names and that has no data."""
    return tuple(f"the figure {name} is not drawn, because this study has no data for it" for name in figures)


def left_out_of(plan: Plan, formats: Collection[str]) -> tuple[str, ...]:
    """Return a sentence for each data file that is too large to be copied, and for a quiz that is not possible."""
    no_quiz = "quiz" in formats and not plan.study.has_verdicts
    return (*choose_copies(plan).left_out, *([NO_QUIZ] if no_quiz else []))
