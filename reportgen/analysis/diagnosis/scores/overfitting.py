"""Overfitting on scores: the validation loss or accuracy gets worse while training goes on improving.

**Statistic.** Validation loss (its logarithm) and accuracy in the best window of a run, compared with the last fifth
of the values. The best window of a run is chosen by the other runs, if there are others. The training loss (or
accuracy) in the same places.

**Reference.** As in complete records, a growing gap is no fault; the model itself must get worse:

1. *Loss* rises by at least a fifth of its minimum and by at least half of its improvement on guessing, or rises above
   the loss of guessing, while accuracy does not rise by two percentage points (above guessing, only for a single
   run, and not from 120% of guessing on). If the number of classes is not known, the level at the start replaces
   guessing, 40% of it are enough, and the rise must be half of the minimum.
2. *Accuracy* falls by at least a tenth of its lead over guessing (over its first value, at most a half, if C is not
   known), and the loss, if it is logged, rises by a tenth; or rises significantly from its own best window while the
   accuracy falls by six standard errors, as for wrong labels that are memorized.

The change must exceed the noise of the curve by three standard errors for a single run and by two for several together
(Stouffer 1949), and training must have improved meanwhile by more than its own noise.

If nothing of training is logged, only a rise of the validation loss by a fifth and by six standard errors counts, and
its cause is open. If the validation accuracy is logged, the limits of 1. hold as well.

**Severity.** Warning. A significant rise of the loss by a tenth of its minimum, which does not meet these limits, is
reported for information only: predictions become more confident, and few of them wrong.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from reportgen.analysis.diagnosis.evidence.means import mean
from reportgen.analysis.diagnosis.evidence.symptoms import enough, number, percent
from reportgen.analysis.diagnosis.scores.evidence.divergence import diverged
from reportgen.analysis.diagnosis.scores.evidence.guessing import classes, guess_loss, scale
from reportgen.analysis.diagnosis.scores.evidence.points import Points, scores
from reportgen.analysis.diagnosis.scores.evidence.runs import Shown, finding, seeds_of, thin
from reportgen.analysis.diagnosis.scores.evidence.windows import Change, changes
from reportgen.analysis.finding import Abstention, Finding, ScoreEvidence, ScoreForm
from reportgen.languages.translate import N_, _, pgettext
from reportgen.runs.training_log import TrainingLog

LEAST = 5
RISES, RISES_UNKNOWN, LOST, LOST_UNKNOWN, FALLS, NOTED, NOTED_ABOVE, LEAST_GAIN = (
    0.2,
    0.5,
    0.5,
    0.4,
    0.1,
    0.1,
    0.05,
    0.05,
)
MOST_ERRORS, MORE, FAR_ABOVE = 20.0, 0.02, 1.2
ALONE, TOGETHER, EACH = 3.0, 2.0, 1.0
HALF = 0.5
MANY_ERRORS = 6.0
"""Standard errors from which on a single score suffices, or nearly so."""

SOURCES = (
    "stanford-scribe",
    "chicago-14",
    "Prechelt 1998, Early stopping, but when?",
    "Stouffer et al. 1949",
    "Goodfellow, Bengio and Courville 2016, 5.2 and 7.8",
)


ADVICE = N_("Keep the weights of the best epoch; then try stronger weight decay or dropout, or more examples.")


@dataclass(frozen=True)
class _Decline:
    """The decline of a validation score over the runs: their changes, and whether it is serious.

    trained: whether training is logged.
    """

    score: str
    changes: tuple[Change, ...]
    serious: bool
    errors: float
    trained: bool = True


def _z(found: Sequence[Change]) -> float:
    """Return the change of all runs together in standard errors (Stouffer 1949)."""
    return sum(abs(c.errors) for c in found) / math.sqrt(len(found))


def check(evidence: ScoreEvidence) -> Finding | Abstention | None:
    """Return a finding if validation gets worse in most runs while training improves."""
    judged = [(i, log) for i, log in enumerate(evidence.logs) if _size(log) >= LEAST and _training(log) is not None]
    if not judged:
        return _untold(evidence) or _lacking(evidence.logs)
    judged = [(i, log) for i, log in judged if not diverged(log)]
    logs = [log for _index, log in judged]
    declines = [d for d in (_by_loss(logs), _by_accuracy(logs)) if d is not None] if logs else []
    decline = min(declines, key=lambda d: not d.serious, default=None)
    if decline is None:
        return None
    runs = tuple(i for i, _ in judged)
    seeds = tuple(seeds_of(evidence.logs)[i] for i in runs)
    return _finding(evidence, decline, Shown(runs, tuple(logs), decline.changes, len(judged), seeds))


def _untold(evidence: ScoreEvidence) -> Finding | None:
    """Return a finding if the validation loss rises beyond doubt in logs without a training score."""
    judged = [(i, log) for i, log in enumerate(evidence.logs) if scores(log, "val_loss").size >= LEAST]
    logs = [log for _index, log in judged if not diverged(log)]
    decline = _by_loss(logs) if logs and len(logs) == len(judged) else None
    if decline is None or decline.errors < MANY_ERRORS:
        return None
    if not decline.serious and all(scores(log, "val_accuracy").size >= LEAST for log in logs):
        return None
    if mean([c.after for c in decline.changes]) < (1 + RISES) * mean([c.before for c in decline.changes]):
        return None
    runs = tuple(i for i, _ in judged)
    seeds = tuple(seeds_of(evidence.logs)[i] for i in runs)
    decline = replace(decline, serious=True, trained=False)
    return _finding(evidence, decline, Shown(runs, tuple(logs), decline.changes, len(runs), seeds))


def _size(log: TrainingLog) -> int:
    return max(scores(log, role).size for role in ("val_loss", "val_accuracy"))


def _training(log: TrainingLog) -> tuple[Points, float] | None:
    """Return a training score with at least four values and the sign of its improvement, None without one."""
    for role, sign in (("train_loss", -1.0), ("train_accuracy", 1.0)):
        found = scores(log, role)
        if found.size >= LEAST - 1:
            return found, sign
    return None


def _lacking(logs: Sequence[TrainingLog]) -> Abstention:
    size = max((_size(log) for log in logs), default=0)
    if size < LEAST:
        return thin(_("validation losses or accuracies"), size, LEAST)
    validated = [log for log in logs if _size(log) >= LEAST]
    most = max(scores(log, role).size for log in validated for role in ("train_loss", "train_accuracy"))
    return thin(_("training losses or accuracies"), most, LEAST - 1)


def _improved(log: TrainingLog, change: Change) -> bool:
    """Return whether the training score, if there is one, improves from the best validation window to the end."""
    known = _training(log)
    if known is None:
        return True
    found, sign = known
    before, after = found.between(-math.inf, change.best_to).late(1 / 3), found.between(change.best_to, math.inf)
    first = before if before.size else after.early(1 / 3)
    return after.size > 1 and sign * (after.late(0.5).mean - first.mean) > 0


def _significant(logs: Sequence[TrainingLog], found: Sequence[Change], sign: float) -> bool:
    """Return whether the score gets worse beyond its noise while training improves, in most runs and together."""
    z = [sign * c.errors if c.apart and _improved(log, c) else 0.0 for log, c in zip(logs, found, strict=True)]
    if len(z) == 1:
        return z[0] > ALONE
    return sum(z) / math.sqrt(len(z)) > TOGETHER and enough(sum(one > EACH for one in z), len(z))


def _by_loss(logs: Sequence[TrainingLog]) -> _Decline | None:
    runs = [scores(log, "val_loss") for log in logs]
    if not all(run.size >= LEAST and (run.values > 0).all() for run in runs):
        return None
    found = changes([Points(run.positions, np.log(run.values)) for run in runs])
    before, after = (math.exp(mean([getattr(c, name) for c in found])) for name in ("before", "after"))
    size, guess = scale(logs[0]), guess_loss(logs[0])
    above = guess is not None and after > guess
    if after - before < (NOTED_ABOVE if above else NOTED) * before or not _significant(logs, found, 1.0):
        return None
    improvement = max(size - before, LEAST_GAIN * size) if size is not None else math.inf
    lost = after - before >= max(
        (LOST if guess is not None else LOST_UNKNOWN) * improvement,
        (RISES if guess is not None else RISES_UNKNOWN) * before,
    )
    shown = tuple(replace(c, before=math.exp(c.before), after=math.exp(c.after)) for c in found)
    far = guess is not None and after > FAR_ABOVE * guess
    serious = far or (above and len(logs) > 1) or ((above or lost) and not _accuracy_rises(logs, found))
    return _Decline("loss", shown, serious, _z(found))


def _accuracy_rises(logs: Sequence[TrainingLog], found: Sequence[Change]) -> bool:
    rises = []
    for log, change in zip(logs, found, strict=True):
        accuracy = scores(log, "val_accuracy")
        if accuracy.size < LEAST:
            continue
        best = accuracy.between(change.best_from - 1e-9, change.best_to)
        end = accuracy.between(change.end_from - 1e-9, math.inf)
        if best.size and end.size:
            rises.append(end.mean - best.mean > MORE)
    return bool(rises) and enough(sum(rises), len(rises))


def _by_accuracy(logs: Sequence[TrainingLog]) -> _Decline | None:
    if not all(scores(log, "val_accuracy").size >= LEAST for log in logs):
        return None
    found = changes([scores(log, "val_accuracy") for log in logs], sign=-1.0)
    before, after = mean([c.before for c in found]), mean([c.after for c in found])
    count = classes(logs[0])
    firsts = [float(scores(log, "val_accuracy").values[0]) for log in logs]
    floor = 1 / count if count else min(mean(firsts), HALF)
    if before - after < FALLS * (before - floor) or before <= floor or not _significant(logs, found, -1.0):
        return None
    rises = all(_loss_rises(log, change) for log, change in zip(logs, found, strict=True))
    if not rises and not (_z(found) > MANY_ERRORS and _loss_turns(logs)):
        return None
    return _Decline("accuracy", tuple(found), True, _z(found))


def _loss_turns(logs: Sequence[TrainingLog]) -> bool:
    """Return whether the validation loss rises beyond its noise after its own best window."""
    runs = [scores(log, "val_loss") for log in logs]
    return all(run.size >= LEAST for run in runs) and _significant(logs, changes(runs), 1.0)


def _loss_rises(log: TrainingLog, change: Change) -> bool:
    """Return whether the validation loss is higher at the end than in the best window of accuracy, or unknown."""
    loss = scores(log, "val_loss")
    before, after = (
        loss.between(change.best_from - 1e-9, change.best_to),
        loss.between(change.end_from - 1e-9, math.inf),
    )
    return min(before.size, after.size) == 0 or after.mean > (1 + NOTED) * before.mean


def _best_value(log: TrainingLog, decline: _Decline) -> tuple[float, float] | None:
    """Return the position and value of the best score of a run, None if it is among the last values, by chance."""
    found = scores(log, f"val_{decline.score}")
    at = int(found.values.argmin() if decline.score == "loss" else found.values.argmax())
    place = float(found.positions[at])
    return None if place >= decline.changes[0].end_from else (place, float(found.values[at]))


def _finding(evidence: ScoreEvidence, decline: _Decline, shown: Shown[Change]) -> Finding:
    before, after = shown.mean("before"), shown.mean("after")
    at = mean([(c.best_from + c.best_to) / 2 for c in shown.signs])
    best = _best_value(shown.logs[0], decline) if len(shown.logs) == 1 else None
    at, before = best or (at, before)
    z, advice = min(decline.errors, MOST_ERRORS), _(ADVICE)
    return finding(
        "overfitting",
        evidence,
        shown,
        severity="warning" if decline.serious else "info",
        position=at,
        numbers={f"best_val_{decline.score}": before, f"last_val_{decline.score}": after, "standard_errors": z},
        message=_message(decline, shown.position(at), before, after, is_mean=best is None),
        advice=advice if decline.trained else _("Log the training loss. {advice}").format(advice=advice),
        sources=SOURCES,
        causes=("no_signal", "split_mismatch"),
    )


def _message(decline: _Decline, at: str, before: float, after: float, is_mean: bool) -> str:
    shape = number if decline.score == "loss" else percent
    place = _("around {at} (on average {value})") if is_mean else _("at {at} ({value})")
    score = {
        "loss": pgettext("subject", "Validation loss"),
        "accuracy": pgettext("subject", "Validation accuracy"),
    }
    errors = _("more than {number} standard errors") if decline.errors > MOST_ERRORS else _("{number} standard errors")
    text = (
        _(
            "{score} is best {place} and {rises} to {end}, the mean of the last fifth ({errors}), while the training "
            "score still improves"
        )
        if decline.trained
        else _(
            "{score} is best {place} and {rises} to {end}, the mean of the last fifth ({errors}). Training is not "
            "logged, so the cause is open: overfitting, or the training itself gets worse"
        )
    )
    return text.format(
        score=score[decline.score],
        place=place.format(at=at, value=shape(before)),
        rises=pgettext("it", "rises") if after > before else pgettext("it", "falls"),
        end=shape(after),
        errors=errors.format(number=number(min(decline.errors, MOST_ERRORS))),
    )


FORM = ScoreForm(
    check, f"validation loss or accuracy, {LEAST} values, and training loss or accuracy, {LEAST - 1} values"
)
