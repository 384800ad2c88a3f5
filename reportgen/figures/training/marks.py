"""Marks of findings in the figures of training: a line at the step, with the name above the panels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.transforms import blended_transform_factory

from reportgen.analysis.diagnosis.evidence.symptoms import whole
from reportgen.analysis.training_groups import TrainingGroup, title_of
from reportgen.analysis.words.listing import listing
from reportgen.figures.drawing import palette
from reportgen.figures.drawing import style as _style
from reportgen.languages.translate import N_, _, ngettext, quoted
from reportgen.runs.training_log import TrainingLog

COLOURS = {
    "error": palette.light("error"),
    "warning": palette.light("warning"),
    "info": _style.MUTED,
    "note": _style.MUTED,
}
DASHES = {"error": "-", "warning": (0, (4, 1.6)), "info": (0, (1.2, 1.4)), "note": (0, (1.2, 1.4))}
"""Colours and dashes by severity; a note is a mark that is not a finding, such as a resumed run."""

LANE = 0.135
"""Height in inches of a line of names above the panels."""

LANES = 5
"""Largest number of such lines; further names are only in the caption."""

GAP = 0.08
"""Smallest distance between two names in inches."""


@dataclass(frozen=True)
class Mark:
    """A finding at a position of the x axis; rule: the id, empty for a note."""

    position: float
    title: str
    severity: str
    rule: str = ""


@dataclass(frozen=True)
class Placed:
    """The name of a mark: its lane, counted from the panels, its left end in inches, and its text."""

    mark: Mark
    lane: int
    left: float
    text: str


def marks_of(group: TrainingGroup) -> list[Mark]:
    """Return the findings with a step, and the positions at which runs were resumed, from left to right."""
    found = [
        Mark(float(finding.step), title_of(finding.rule), finding.severity, finding.rule)
        for finding in group.findings
        if finding.step is not None
    ]
    resumed = sorted({position for run in group.runs for position in run.resumed_at})
    return sorted(
        [*found, *(Mark(at, N_("resumed"), "note") for at in resumed[:LANES])], key=lambda mark: mark.position
    )


def placed(marks: Sequence[Mark], low: float, high: float, inches: float) -> list[Placed]:
    """Return the places of the names above an axis from `low` to `high`, without overlaps.

    A name begins at its line, or ends there if it would leave the figure. It goes into the lowest lane in which it is
    free; a name without a free lane is left out.
    """
    done: list[Placed] = []
    for mark in sorted(marks, key=lambda mark: ("error", "warning", "info", "note").index(mark.severity)):
        at = (mark.position - low) / (high - low or 1.0) * inches
        text = _style.clip(_(mark.title), inches - 0.1)
        width = _style.text_width(text)
        left = min(max(at - 0.02, 0.0), inches - width)
        lanes = [lane for lane in range(LANES) if _is_free(done, lane, left, width)]
        if lanes:
            done.append(Placed(mark, lanes[0], left, text))
    return done


def _is_free(done: Sequence[Placed], lane: int, left: float, width: float) -> bool:
    taken = [(one.left, one.left + _style.text_width(one.text)) for one in done if one.lane == lane]
    return all(left + width + GAP <= start or end + GAP <= left for start, end in taken)


def lanes_height(names: Sequence[Placed]) -> float:
    """Return the height in inches of the lanes."""
    return LANE * (1 + max((one.lane for one in names), default=-1))


def draw_marks(ax: Axes, marks: Sequence[Mark]) -> None:
    """Draw the lines of the marks in a panel."""
    for mark in marks:
        ax.axvline(mark.position, color=COLOURS[mark.severity], ls=DASHES[mark.severity], lw=1.0, zorder=3.8)


def draw_names(ax: Axes, names: Sequence[Placed], inches: float, height: float) -> None:
    """Write the names above the first panel, with lines down to it; inches, height: size of the panel."""
    place = blended_transform_factory(ax.transAxes, ax.transAxes)
    for one in names:
        colour, bottom = COLOURS[one.mark.severity], 1 + (0.03 + LANE * one.lane) / height
        at = ax.transAxes.inverted().transform(ax.transData.transform((one.mark.position, 0)))[0]
        if one.lane:
            style: dict[str, Any] = {"color": colour, "ls": DASHES[one.mark.severity], "lw": 0.6, "clip_on": False}
            ax.plot([at, at], [1, bottom], transform=place, zorder=1, **style)
        text: dict[str, Any] = {"fontsize": _style.SMALL, "color": colour, "va": "bottom", "ha": "left"}
        box = {"facecolor": _style.GROUND, "edgecolor": "none", "pad": 0.6}
        ax.text(one.left / inches, bottom, one.text, transform=place, bbox=box, zorder=5, **text)


def marks_words(group: TrainingGroup, marks: Sequence[Mark]) -> str:
    """Return sentences on the marks and on the findings without a step, empty without any."""
    unit = _(group.runs[0].unit)
    at = [f"{quoted(_(mark.title))} ({severity_words(mark)}{unit} {whole(mark.position)})" for mark in marks]
    without = [quoted(_(title_of(finding.rule))) for finding in group.findings if finding.step is None]
    parts = [_("Vertical lines mark {marks}").format(marks=listing(at))] if at else []
    if without:
        text = ngettext(
            "{findings} concerns the whole training and has no mark",
            "{findings} concern the whole training and have no mark",
            len(without),
        )
        parts.append(text.format(findings=listing(without)))
    return ". ".join(parts)


def severity_words(mark: Mark) -> str:
    """Return the severity in words, to stand before the position; empty for a mark that is not a finding."""
    if mark.severity == "note":
        return ""
    word = _("note") if mark.severity == "info" else _(mark.severity)
    return f"{word}, "


def mark_rows(marks: Sequence[Mark], run: TrainingLog) -> Iterator[tuple[Any, ...]]:
    """Yield the marks as rows of the CSV file."""
    yield from (
        ("", "finding" if mark.rule else "note", mark.rule or mark.title, run.unit, mark.position, None)
        for mark in marks
    )
