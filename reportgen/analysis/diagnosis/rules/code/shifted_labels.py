"""The targets of the training loop are not the labels of the inputs: shifted, shuffled or numbered from another start.

**Statistic.** For observed minibatches, whose inputs are found among the training inputs: the share of targets that
equal the label of the input; the same for the labels of the examples before and after it; and the share of targets that
differ from the label by one.

**Reference.** All targets of a correct loop agree. Label noise that is added on purpose keeps most of them. The rule
needs 50 examples, and reports an agreement below 90% if the labels of neighbouring examples or numbers that are off by
one explain nine in ten targets, or if the agreement is no better than that of the most common class by three standard
errors. Inputs that are changed before the network, by augmentation for example, are not found; then the rule is silent.

**Severity.** Error.

**Advice.** Index inputs and labels together.
"""

from __future__ import annotations

import math

from reportgen.analysis.diagnosis.evidence.means import mean
from reportgen.analysis.diagnosis.evidence.symptoms import in_most, percent, words_for_seeds
from reportgen.analysis.diagnosis.training_code import in_framework, known_fact
from reportgen.analysis.finding import Evidence, Finding, Rule
from reportgen.languages.translate import N_, _
from reportgen.runs.record import RunRecord

LEAST, AGREES, EXPLAINS, ERRORS = 50, 0.9, 0.9, 3.0
SOURCES = ("csci-497p", "Humbatova et al. 2020")


def _disagreement(record: RunRecord) -> tuple[float, str] | None:
    """Return the agreement of targets and labels and an explanation, None if they agree or are unknown."""
    agreeing = known_fact(record, "targets_agreeing", "targets_matched", LEAST)
    if agreeing is None or agreeing >= AGREES:
        return None
    facts = record.facts
    if float(facts.get("targets_agreeing_shifted", 0.0)) >= EXPLAINS:
        shift = int(facts["targets_shift"])
        where = _("after") if shift > 0 else _("before")
        return float(agreeing), _("they are the labels of the example {shift} place(s) {where} the input").format(
            shift=abs(shift), where=where
        )
    if float(facts.get("targets_off_by_one", 0.0)) >= EXPLAINS:
        return float(agreeing), _("they differ from the labels by one")
    counts = [float(count) for count in facts.get("class_counts", ())]
    chance = max(counts, default=1.0) / max(sum(counts), 1.0)
    error = math.sqrt(chance * (1 - chance) / int(facts["targets_matched"]))
    return (float(agreeing), _("they are as good as random")) if agreeing <= chance + ERRORS * error else None


def check(evidence: Evidence) -> Finding | None:
    """Return a finding if targets and labels disagree in most seeds."""
    shown = in_most(evidence.records, [_disagreement(record) for record in evidence.records])
    if not shown:
        return None
    record, (_agreeing, explanation) = shown[0]
    seeds, agreeing = tuple(r.spec.seed for r, _found in shown), mean([value for _record, (value, _why) in shown])
    return RULE.finding(
        evidence,
        severity="error",
        seeds=seeds,
        step=1,
        evidence={"targets_agreeing": agreeing, "limit": AGREES, "examples": record.facts["targets_matched"]},
        message=(
            _(
                "The targets of the training loop are not the labels of their inputs: {agreeing} agree, and "
                "{explanation} ({seeds}, from step 1)."
            ).format(
                agreeing=percent(agreeing), explanation=explanation, seeds=words_for_seeds(seeds, len(evidence.records))
            )
        ),
        advice=in_framework(
            record,
            _(
                "Index inputs and labels with the same numbers (x[batch], y[batch]), or put both into one "
                "TensorDataset."
            ),
            _("Give fit inputs and labels in the same order, and shuffle them together."),
        ),
    )


RULE = Rule(
    id="shifted_labels", title=N_("Targets that are not the labels"), check=check, sources=SOURCES, stage="code"
)
