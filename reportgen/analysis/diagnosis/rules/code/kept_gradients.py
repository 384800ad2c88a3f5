"""Gradients are not set to zero between updates, so that each update follows the sum of all gradients so far.

**Statistic.** The share of the observed updates for which every gradient since the update before was added to stored
values other than zero. Some of the first updates and about four per decade of steps are observed, for one parameter.

**Reference.** 0 if gradients are set to zero once per update, also if an update uses the gradients of several
minibatches. The rule reports a share of at least a half, from three observed updates on.

**Severity.** Error if the run learned next to nothing or diverged, otherwise a warning: the sum acts like momentum
without friction.

**Advice.** Set the gradients to zero once per update.
"""

from __future__ import annotations

from reportgen.analysis.diagnosis.evidence.means import mean
from reportgen.analysis.diagnosis.evidence.symptoms import in_most, percent, words_for_seeds
from reportgen.analysis.diagnosis.training_code import in_framework, known_fact, severity_of
from reportgen.analysis.finding import Evidence, Finding, Rule
from reportgen.languages.translate import N_, _
from reportgen.runs.record import RunRecord

LEAST, SHARE = 3, 0.5
SOURCES = ("PyTorch documentation, torch.optim.Optimizer.zero_grad", "Goodfellow, Bengio and Courville 2016, 8.3.1")


def _kept(record: RunRecord) -> float | None:
    share = known_fact(record, "gradients_kept", "updates_checked", LEAST)
    return float(share) if share is not None and share >= SHARE else None


def check(evidence: Evidence) -> Finding | None:
    """Return a finding if gradients are kept in most seeds."""
    shown = in_most(evidence.records, [_kept(record) for record in evidence.records])
    if not shown:
        return None
    record, seeds = shown[0][0], tuple(r.spec.seed for r, _ in shown)
    share = mean([value for _, value in shown])
    return RULE.finding(
        evidence,
        severity=severity_of([r for r, _ in shown]),
        seeds=seeds,
        step=2,
        evidence={"gradients_kept": share, "limit": SHARE, "updates_checked": record.facts["updates_checked"]},
        message=(
            _(
                "Gradients are not set to zero: {share} of the observed updates follow a gradient that was "
                "added to those of earlier updates ({seeds}, from step 2)."
            ).format(share=percent(share), seeds=words_for_seeds(seeds, len(evidence.records)))
        ),
        advice=in_framework(
            record,
            _("Call optimizer.zero_grad() before loss.backward(), once for each optimizer.step()."),
            _("Call model.zero_grad() before loss.backward() in train_step."),
        ),
    )


RULE = Rule(id="kept_gradients", title=N_("Gradients are not set to zero"), check=check, sources=SOURCES, stage="code")
