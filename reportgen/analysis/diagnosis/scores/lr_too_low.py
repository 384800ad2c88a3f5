"""Learning rate too low, on scores: the loss falls by the same small amount from value to value, far from its goal.

**Statistic.** The validation loss, or the training loss by epoch: its total fall, its mean fall from value to value in
standard errors, and the ratio of its speed in the second half to that in the first.

**Reference.** Training that works falls fast at first and slows down. Reported if the loss falls by less than 12% in
total, steadily (by four standard errors) and without slowing down to less than half, and ends above half of the loss
of guessing (with a validation accuracy below 90%, if C is not known). A network that cannot learn wanders around the
loss of guessing instead. A schedule that warms up or decays is not judged, since it makes any loss fall slowly. A
gradient that vanished in deep layers looks the same, and so do inputs that are far too small.
"""

from __future__ import annotations

from reportgen.analysis.diagnosis.evidence.symptoms import from_to, number, percent
from reportgen.analysis.diagnosis.scores.evidence.divergence import diverged
from reportgen.analysis.diagnosis.scores.evidence.guessed import LEAST
from reportgen.analysis.diagnosis.scores.evidence.guessing import guess_loss, unknown_classes
from reportgen.analysis.diagnosis.scores.evidence.points import points, scores
from reportgen.analysis.diagnosis.scores.evidence.runs import finding, in_most_runs, thin
from reportgen.analysis.diagnosis.scores.evidence.slow import Slow, slow_fall
from reportgen.analysis.finding import Abstention, Finding, ScoreEvidence, ScoreForm
from reportgen.languages.translate import _
from reportgen.runs.training_log import TrainingLog

FAR, GOOD = 0.5, 0.9
SOURCES = ("stanford-scribe", "lecture-review", "Goodfellow, Bengio and Courville 2016, 11.4.1")
CAUSES = ("vanishing_gradients", "vanishing_activations", "unnormalized_input", "update_ratio_low", "undertrained")


def _sign(log: TrainingLog) -> Slow | Abstention | None:
    guess, right = guess_loss(log), scores(log, "val_accuracy")
    if guess is None and not right.size:
        return unknown_classes(log)
    known = [p for role in ("val_loss", "train_loss") if (p := scores(log, role)).resolution != "step"]
    most = max((p.size for p in known), default=0)
    if most < LEAST:
        return thin(_("validation losses or training losses by epoch"), most, LEAST)
    found = None if diverged(log) else slow_fall(log)
    far = found is not None and (found.last > FAR * guess if guess is not None else right.late(0.5).mean < GOOD)
    return found if far else None


def check(evidence: ScoreEvidence) -> Finding | Abstention | None:
    """Return a finding if the loss of most runs falls steadily by little."""
    shown = in_most_runs(evidence, _sign)
    if shown is None or isinstance(shown, Abstention):
        return shown
    first, last = shown.mean("first"), shown.mean("last")
    rates = points(shown.logs[0].curve("lr"))
    text = (
        _(
            "The loss falls {change} ({share}) in {count} values up to {end} at a learning rate of {rate}, by nearly "
            "the same amount each time"
        )
        if rates.size
        else _("The loss falls {change} ({share}) in {count} values up to {end}, by nearly the same amount each time")
    )
    sign = shown.signs[0]
    return finding(
        "lr_too_low",
        evidence,
        shown,
        severity="error",
        position=sign.start,
        numbers={"first_loss": first, "last_loss": last, "values": sign.count},
        message=text.format(
            change=from_to(first, last), share=percent(1 - last / first), count=sign.count,
            end=shown.position(sign.end), rate=number(float(rates.values[-1])) if rates.size else "",
        ),
        advice=_(
            "Raise the learning rate tenfold. If that does not help, check the scale of the inputs, and compare the "
            "gradients of the layers."
        ),
        sources=SOURCES,
        causes=CAUSES,
    )  # fmt: skip


FORM = ScoreForm(
    check, f"validation loss, or training loss by epoch, {LEAST} values, and the number of classes or accuracy"
)
