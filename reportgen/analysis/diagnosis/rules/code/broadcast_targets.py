"""Outputs and targets have other shapes, and their difference is broadcast to all pairs of examples.

**Statistic.** The shape of the difference between outputs and targets in the graph of the loss.

**Reference.** For n outputs and n targets, the difference has n values. For outputs of shape (n, 1) and targets of
shape (n,), it has (n, n), and the loss compares each output with the targets of all examples: its minimum is the mean
target. Differences between pairs of outputs, as in a ranking loss, are not reported.

**Severity.** Error.

**Advice.** Give outputs and targets the same shape.
"""

from __future__ import annotations

from reportgen.analysis.diagnosis.evidence.symptoms import in_most, words_for_seeds
from reportgen.analysis.diagnosis.training_code import in_framework, known_fact
from reportgen.analysis.finding import Evidence, Finding, Rule
from reportgen.languages.translate import N_, _
from reportgen.runs.record import RunRecord

SOURCES = ("PyTorch documentation, broadcasting semantics", "Humbatova et al. 2020")


def _shape(record: RunRecord) -> tuple[int, ...] | None:
    shape = known_fact(record, "loss_broadcast")
    return tuple(shape) if shape else None


def check(evidence: Evidence) -> Finding | None:
    """Return a finding if targets are broadcast in most seeds."""
    shown = in_most(evidence.records, [_shape(record) for record in evidence.records])
    if not shown:
        return None
    record, shape = shown[0]
    seeds = tuple(r.spec.seed for r, _ in shown)
    count = shape[0]
    return RULE.finding(
        evidence,
        severity="error",
        seeds=seeds,
        step=1,
        evidence={"shape": shape, "examples": count},
        message=(
            _(
                "The loss compares {count} outputs with the targets of all {count} examples: their "
                "difference has the shape {shape} ({seeds}, from step 1)."
            ).format(count=count, shape=shape, seeds=words_for_seeds(seeds, len(evidence.records)))
        ),
        advice=in_framework(
            record,
            _("Give both the same shape, with outputs.squeeze(1) or targets.unsqueeze(1)."),
            _("Give both the same shape: y[:, None] for a model with one output."),
        ),
    )


RULE = Rule(id="broadcast_targets", title=N_("Targets of another shape"), check=check, sources=SOURCES, stage="code")
