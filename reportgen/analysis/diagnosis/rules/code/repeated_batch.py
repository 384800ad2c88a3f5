"""Every training step uses the same minibatch, so that the network never sees most of the examples.

**Statistic.** The number of different minibatches among those observed: of the first steps, and about four per decade
of steps later. Minibatches with the same examples in another order are equal.

**Reference.** With new minibatches, all are different. The rule reports at least five observed minibatches that are all
equal and smaller than the training set. Training with the full batch is not reported.

**Severity.** Warning.

**Advice.** Draw a new minibatch in every step.
"""

from __future__ import annotations

from reportgen.analysis.diagnosis.evidence.symptoms import in_most, words_for_seeds
from reportgen.analysis.diagnosis.training_code import in_framework, known_fact
from reportgen.analysis.finding import Evidence, Finding, Rule
from reportgen.languages.translate import N_, _
from reportgen.runs.record import RunRecord

LEAST = 5
SOURCES = ("PyTorch documentation, torch.utils.data.DataLoader", "Goodfellow, Bengio and Courville 2016, 8.1.3")


def _repeated(record: RunRecord) -> int | None:
    """Return the number of examples of the batch if all observed batches are equal, otherwise None."""
    distinct = known_fact(record, "batches_distinct", "batches_observed", LEAST)
    size, examples = int(record.facts.get("batch_examples", 0)), int(record.facts.get("train_n", 0))
    return size if distinct == 1 and 0 < size < examples else None


def check(evidence: Evidence) -> Finding | None:
    """Return a finding if most seeds were trained on a single batch."""
    shown = in_most(evidence.records, [_repeated(record) for record in evidence.records])
    if not shown:
        return None
    record, size = shown[0]
    seeds = tuple(r.spec.seed for r, _ in shown)
    observed, examples = int(record.facts["batches_observed"]), int(record.facts["train_n"])
    return RULE.finding(
        evidence,
        severity="warning",
        seeds=seeds,
        step=2,
        evidence={"batches_distinct": 1, "batches_observed": observed, "examples": size, "train_n": examples},
        message=(
            _(
                "All {observed} observed minibatches hold the same {size} of {examples} training examples ({seeds})."
            ).format(
                observed=observed,
                size=size,
                examples=f"{examples:,}",
                seeds=words_for_seeds(seeds, len(evidence.records)),
            )
        ),
        advice=in_framework(
            record,
            _(
                "Iterate over the DataLoader (for x, y in loader) instead of next(iter(loader)), or index "
                "with a new permutation."
            ),
            _("Give fit the whole data set, or a generator that yields new batches."),
        ),
    )


RULE = Rule(
    id="repeated_batch", title=N_("The same minibatch in every step"), check=check, sources=SOURCES, stage="code"
)
