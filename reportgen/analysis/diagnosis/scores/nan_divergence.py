"""Divergence on scores: a loss that is NaN or infinite, to the end or at single positions.

A value that is not finite is certain, so one value is enough. A loss that stays so is an error. Single values are a
warning, since the weights survived: an empty batch, or a loss that overflowed in half precision.
"""

from __future__ import annotations

import math

from reportgen.analysis.diagnosis.evidence.symptoms import number
from reportgen.analysis.diagnosis.scores.evidence.divergence import LOSSES, Divergence, divergence
from reportgen.analysis.diagnosis.scores.evidence.runs import Shown, finding, in_any_run, thin
from reportgen.analysis.finding import Abstention, Finding, ScoreEvidence, ScoreForm
from reportgen.languages.translate import _
from reportgen.runs.training_log import TrainingLog

SOURCES = ("stanford-scribe", "Goodfellow, Bengio and Courville 2016, 10.11.1")
CAUSES = ("unnormalized_input", "exploding_activations", "exploding_gradients", "wrong_init_loss", "lr_too_high")


def _sign(log: TrainingLog) -> Divergence | Abstention | None:
    if not any(curve.role in LOSSES and curve.values.size for curve in log.curves):
        return thin(_("losses"), 0, 1)
    return divergence(log)


def check(evidence: ScoreEvidence) -> Finding | Abstention | None:
    """Return a finding if a loss of any run is not finite."""
    shown = in_any_run(evidence, _sign)
    if shown is None or isinstance(shown, Abstention):
        return shown
    first = min(shown.signs, key=lambda sign: (not sign.stays, sign.position))
    return finding(
        "nan_divergence",
        evidence,
        shown,
        severity="error" if first.stays else "warning",
        position=first.position,
        numbers={"column": first.column, "before": first.before, "count": first.count, "of": first.of},
        message=_message(shown, first),
        advice=_advice(first),
        sources=SOURCES,
        causes=CAUSES,
    )


def _message(shown: Shown[Divergence], first: Divergence) -> str:
    if first.stays:
        place = _("from {at} to the end").format(at=shown.position(first.position))
    else:
        text = _("in {count} of {total} values, first at {at}")
        place = text.format(count=first.count, total=first.of, at=shown.position(first.position))
    words = (
        _("The training loss (column {column}) is NaN or infinite {place}")
        if first.role == "train_loss"
        else _("The validation loss (column {column}) is NaN or infinite {place}")
    )
    message = words.format(column=repr(first.column), place=place)
    before = _("The value before was {value}").format(value=number(first.before))
    return message if math.isnan(first.before) else f"{message}. {before}"


def _advice(first: Divergence) -> str:
    if not first.stays:
        return _("Look for empty batches and for divisions by zero or logarithms of zero in the loss.")
    if math.isnan(first.before):
        return _(
            "Check that inputs and labels are finite and that inputs are standardized, and lower the learning rate "
            "tenfold: the first value in the log is already not finite."
        )
    return _("Lower the learning rate tenfold, or clip the gradients to their usual norm.")


FORM = ScoreForm(check, "training or validation loss, 1 value")
