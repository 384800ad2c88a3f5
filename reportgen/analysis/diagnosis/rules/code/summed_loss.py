"""The loss is summed over the minibatch instead of averaged, which multiplies the gradient by the batch size.

**Statistic.** The reduction of the loss function in its graph; or the factor between the gradient of the loss and that
of the mean cross-entropy at the first step or probe.

**Reference.** A sum over n examples has n times the gradient of the mean. For gradient descent, it has the effect of an
n times higher learning rate, which changes with the batch size. The rule reports a loss function with reduction `sum`,
or a factor within 2% of the number of examples, of at least four.

**Severity.** For information if the run fits the training set: its learning rate is chosen for the sum. Otherwise a
warning, or an error if the run learned next to nothing or diverged.

**Advice.** Use the mean, or divide by the number of examples.
"""

from __future__ import annotations

import math

from reportgen.analysis.diagnosis.evidence.symptoms import in_most, number, words_for_seeds
from reportgen.analysis.diagnosis.training_code import in_framework, known_fact, severity_unless_fitted
from reportgen.analysis.finding import Evidence, Finding, Rule
from reportgen.languages.translate import N_, _
from reportgen.runs.record import RunRecord

FEW, NEAR = 4, 0.02
SOURCES = (
    "PyTorch documentation, torch.nn.CrossEntropyLoss",
    "Goodfellow, Bengio and Courville 2016, 8.1.3",
)


def _factor(record: RunRecord) -> float | None:
    """Return the factor between the loss and the mean over examples if it is a sum, otherwise None."""
    examples = record.facts.get("batch_examples") or record.spec.training.batch_size or record.facts.get("train_n", 0)
    if known_fact(record, "loss_reduction") == "sum" and examples >= FEW:
        return float(examples)
    scale, sizes = known_fact(record, "loss_scale"), (examples, record.facts.get("probe_n", 0))
    if scale is None or record.facts.get("loss_form") != "cross_entropy":
        return None
    is_sum = any(isinstance(size, int) and size >= FEW and math.isclose(scale, size, rel_tol=NEAR) for size in sizes)
    return float(scale) if is_sum else None


def check(evidence: Evidence) -> Finding | None:
    """Return a finding if the loss is a sum in most seeds."""
    shown = in_most(evidence.records, [_factor(record) for record in evidence.records])
    if not shown:
        return None
    record, factor = shown[0]
    records = [r for r, _ in shown]
    seeds = tuple(r.spec.seed for r in records)
    return RULE.finding(
        evidence,
        severity=severity_unless_fitted(records),
        seeds=seeds,
        step=1,
        evidence={"factor": factor, "mean": 1.0},
        message=(
            _(
                "The loss is summed over the examples of a minibatch: gradients are {factor} times those of "
                "the mean loss, and the learning rate of {lr} acts like {lr2} ({seeds})."
            ).format(
                factor=number(factor),
                lr=number(record.spec.training.lr),
                lr2=number(record.spec.training.lr * factor),
                seeds=words_for_seeds(seeds, len(evidence.records)),
            )
        ),
        advice=in_framework(
            record,
            _("Use reduction='mean', or divide the loss by the number of examples."),
            _("Use reduction='sum_over_batch_size', the default of Keras losses."),
        ),
    )


RULE = Rule(id="summed_loss", title=N_("The loss is a sum over examples"), check=check, sources=SOURCES, stage="code")
