"""The table of runs: the verdict of each group, the worst first, its last scores and its curve in small."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reportgen.analysis.diagnosis.outcome import VERDICTS, Verdict
from reportgen.analysis.diagnosis.scores.evidence.divergence import diverged
from reportgen.analysis.training_groups import TrainingGroup, worst_first
from reportgen.figures.training.points import LARGEST, thinned
from reportgen.runs.training_log import SCORES, Array, Curve, TrainingLog

POINTS = 60
WIDTH, HEIGHT = 96.0, 22.0
"""Number of points and size of a small curve, in CSS pixels."""

LOG_FROM = 100.0
"""A small curve is logarithmic if its largest value is at least this multiple of its smallest."""


@dataclass(frozen=True)
class Spark:
    """A small curve: the coordinates of its pieces, in a box of WIDTH x HEIGHT; broken means it ends before the run."""

    role: str
    pieces: tuple[tuple[tuple[float, float], ...], ...]
    broken: bool


@dataclass(frozen=True)
class Row:
    """A group in the table of runs.

    Attributes
    ----------
    roots : the titles of its warnings and errors that are no consequences, else of its notes
    judged, unjudged : the numbers of rules that could and could not judge
    last : the last finite value of each role of a score, the mean over runs
    """

    group: TrainingGroup
    roots: tuple[str, ...]
    judged: int
    unjudged: int
    length: float
    last: dict[str, float]
    spark: Spark | None


@dataclass(frozen=True)
class Answer:
    """The answer of a diagnosis in numbers.

    Attributes
    ----------
    runs : the number of runs
    counts : the number of groups with each verdict that occurs, the worst first
    frequent : pairs of the title of a rule with warnings or errors and the number of groups, the most frequent first
    diverged : the number of runs whose loss left the finite numbers
    """

    runs: int
    counts: dict[Verdict, int]
    frequent: tuple[tuple[str, int], ...]
    diverged: int


def rows_of(groups: Sequence[TrainingGroup]) -> tuple[Row, ...]:
    """Return the rows of the table, the worst group first."""
    return tuple(_row(group) for group in worst_first(groups))


def answer_of(groups: Sequence[TrainingGroup]) -> Answer:
    """Return the numbers of verdicts, problems and diverged runs over all groups."""
    counts = Counter(group.verdict for group in groups)
    titles = Counter(title for group in groups for title in group.roots("error", "warning"))
    runs = [run for group in groups for run in group.runs]
    return Answer(
        runs=len(runs),
        counts={verdict: counts[verdict] for verdict in VERDICTS if counts[verdict]},
        frequent=tuple(titles.most_common()),
        diverged=sum(diverged(run) for run in runs),
    )


def _row(group: TrainingGroup) -> Row:
    return Row(
        group=group,
        roots=group.problems,
        judged=group.diagnosis.judged,
        unjudged=group.diagnosis.unjudged,
        length=max(run.end for run in group.runs),
        last={role: value for role in SCORES if (value := _last(group, role)) is not None},
        spark=_spark(group.runs[0]),
    )


def _last(group: TrainingGroup, role: str) -> float | None:
    """Return the mean over runs of the last value in a role; NaN if a run ends with a value that is not finite."""
    ends = [
        float(curve.values[-1]) for run in group.runs if (curve := run.curve(role)) is not None and curve.values.size
    ]
    return None if not ends else float(np.mean(ends)) if np.isfinite(ends).all() else float("nan")


def _spark(run: TrainingLog) -> Spark | None:
    roles = ("val_loss", "train_loss", "val_accuracy", "train_accuracy")
    curves = [curve for role in roles if (curve := _drawn(run, role)) is not None]
    broken = [curve for curve in curves if not np.isfinite(curve.values[-1])]
    curve = next(iter((*broken, *curves)), None)
    if curve is None:
        return None
    x, y = thinned(curve.positions, curve.values, POINTS)
    span = float(x[-1] - x[0]) or 1.0
    height = _relative(np.clip(y, -LARGEST, LARGEST))
    points = [(WIDTH * float(px - x[0]) / span, HEIGHT * (1 - float(py))) for px, py in zip(x, height, strict=True)]
    pieces: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if np.isfinite(point[1]):
            pieces[-1].append((round(point[0], 1), round(point[1], 1)))
        elif pieces[-1]:
            pieces.append([])
    return Spark(curve.role, tuple(tuple(piece) for piece in pieces if piece), not np.isfinite(curve.values[-1]))


def _drawn(run: TrainingLog, role: str) -> Curve | None:
    """Return the first curve of a role with several finite values, by epoch if there is one."""
    curves = [curve for curve in run.curves if curve.role == role and curve.finite.size > 1]
    return min(curves, key=lambda curve: curve.resolution != "epoch", default=None)


def _relative(y: Array) -> Array:
    """Return values between 0 for the smallest and 1 for the largest, logarithmic for a wide range."""
    low, high = float(np.nanmin(y)), float(np.nanmax(y))
    if low > 0 and high >= LOG_FROM * low:
        return _relative(np.log(y))
    return np.full(y.shape, 0.5) * np.where(np.isfinite(y), 1, np.nan) if high <= low else (y - low) / (high - low)
