"""Validation examples are unlike the training examples: other inputs, other labels, or another population.

**Statistic.** The accuracy of simple models (linear, nearest neighbours, kernel regression) that are fitted to a part
of the training examples: on training examples that were left out, and on validation examples. Also the number of
examples of each class in both splits, and the means and standard deviations of the features.

**Reference.** If both splits are drawn from the same examples, a model is as accurate on one as on the other, apart
from chance. The rule considers the models that predict left-out labels. Every one of them must be less accurate on
validation examples, by three standard errors of the difference and a tenth of its lead over the most common class. The
best of them must lose four standard errors (three if neither the models nor the network exceed the most common class in
validation by two), at least eight percentage points and a fifth of its lead. The shares of the
classes may differ for good reason, for example if a common class is reduced in training only. This explains at most a
difference of half the sum of the absolute differences between the shares, so that much is subtracted first. The network
itself must also be less accurate in validation than the best model on left-out examples. Seeds with the same examples
count as one.

Some models, and networks of ReLU units, classify inputs of a wrong scale correctly. The rule therefore also reports
inputs whose means differ by two standard deviations, or whose standard deviations differ by a factor of four, in the
median over features. Both splits need 20 examples, and the validation loss must exceed the training loss by 15% of the
loss of guessing.

**Severity.** Error if at least half of the lead is lost, otherwise a warning.

**Advice.** Preprocess validation examples with the statistics of the training examples, number the classes in the same
way, and check that inputs and labels are in the same order. If all of this is right, the validation examples come from
another population: draw both splits from the same examples, or report the difference.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reportgen.analysis.classes import class_counts
from reportgen.analysis.diagnosis.evidence.held_out import (
    SIMPLE,
    examples,
    majority,
    mean_fact,
    predicts_labels,
    training_majority,
)
from reportgen.analysis.diagnosis.evidence.means import mean
from reportgen.analysis.diagnosis.evidence.outcome import guess_loss
from reportgen.analysis.diagnosis.evidence.symptoms import number, percent, words_for_seeds
from reportgen.analysis.diagnosis.scores.split_mismatch import FORM, SOURCES
from reportgen.analysis.finding import Evidence, Finding, Rule
from reportgen.analysis.statistics import share_error
from reportgen.languages.translate import N_, _
from reportgen.runs.record import RunRecord

EACH, BEST, LEFT = 3.0, 4.0, 2.0
SMALL, LEAST, SHARE = 0.1, 0.08, 0.2
GRAVE = 0.5
SHIFTED, SCALED = 0.5, 2.0
FAR, APART = 2.0, 4.0
FEWEST, COSTS = 20, 0.15

MEND = "mend"
"""Name of the evidence on the part of the validation examples to mend first: "inputs" or "labels"."""


@dataclass(frozen=True)
class _Drop:
    """Accuracy of a simple model on left-out training examples and on validation examples, averaged over seeds.

    unexplained: the difference that shares of classes do not explain; error: its standard error; lead: lead over the
    most common class on left-out examples.
    """

    model: str
    left_out: float
    validation: float
    unexplained: float
    error: float
    lead: float

    def exceeds(self, errors: float, share: float) -> bool:
        """Return whether the difference exceeds this number of standard errors and this share of the lead."""
        return self.unexplained > max(errors * self.error, share * self.lead)


def _drops(records: Sequence[RunRecord]) -> list[_Drop]:
    """Return the drop of each simple model that predicts left-out training labels; none without class counts."""
    majority_share, explained = training_majority(records), mean([_explained(r) for r in records])
    sizes = [examples(records, f"baseline_{name}_n") for name in ("left_out", "val")]
    found = []
    for words, name in SIMPLE.items():
        left_out, validation = mean_fact(records, f"{name}_left_out"), mean_fact(records, name)
        if all(sizes) and math.isfinite(left_out + validation + explained) and predicts_labels(records, name):
            error = math.hypot(*map(share_error, (left_out, validation), sizes))
            unexplained = left_out - validation - explained
            found.append(_Drop(words, left_out, validation, unexplained, error, left_out - majority_share))
    return found


def _explained(record: RunRecord) -> float:
    """Return the largest difference in accuracy that the shares of the classes explain: their total variation."""
    train, val = class_counts(record), class_counts(record, "val")
    if train is None or val is None:
        return math.nan
    return float(np.abs(train / train.sum() - val / val.sum()).sum() / 2)


def check(evidence: Evidence) -> Finding | None:
    """Return a finding if simple models or the inputs show that validation examples are unlike training examples."""
    records = [r for r in evidence.records if r.steps > 0]
    if not records:
        return None
    best = _best_drop(records)
    if best is None and not (_differ(records, FAR, APART) and _costs(records)):
        return None
    seeds = tuple(r.spec.seed for r in records)
    count = words_for_seeds(seeds, len(evidence.records))
    return RULE.finding(
        evidence,
        severity="error" if best is not None and best.unexplained >= GRAVE * best.lead else "warning",
        seeds=seeds,
        step=0,
        evidence=_measured(records, best),
        message=f"{_drop_in_words(best, count)} {_inputs(records)}" if best else f"{_inputs(records)[:-1]} ({count}).",
        advice=_advice(records),
    )


def _best_drop(records: Sequence[RunRecord]) -> _Drop | None:
    """Return the drop of the most accurate model, None if the models and the network do not agree on a mismatch."""
    drops = _drops(records)
    if not drops or not all(drop.exceeds(EACH, SMALL) for drop in drops):
        return None
    best = max(drops, key=lambda drop: drop.left_out)
    certain = EACH if _nothing_left(records, drops) else BEST
    agree = best.exceeds(certain, SHARE) and best.unexplained >= LEAST and _network_agrees(records, best)
    return best if agree else None


def _nothing_left(records: Sequence[RunRecord], drops: Sequence[_Drop]) -> bool:
    """Return whether neither simple models nor the network exceed the most common class in validation."""
    chance = mean([majority(r) for r in records])
    known = [float(r.final.get("val_accuracy", math.nan)) for r in records]
    reached = max(mean(known), *(drop.validation for drop in drops))
    return reached <= chance + LEFT * share_error(chance, examples(records, "baseline_val_n"))


def _measured(records: Sequence[RunRecord], best: _Drop | None) -> dict[str, Any]:
    inputs = {name: mean_fact(records, f"val_{name}") for name in ("input_offset", "input_scale")}
    if best is None:
        return {**inputs, MEND: _part(records)}
    return {
        "model": best.model,
        "left_out_accuracy": best.left_out,
        "val_accuracy": best.validation,
        "error": best.error,
        "explained_by_classes": mean([_explained(r) for r in records]),
        **inputs,
        MEND: _part(records),
    }


def _drop_in_words(best: _Drop, count: str) -> str:
    return _(
        "Fitted to a part of the training examples, {model} classifies {left_out} of the other "
        "training examples correctly, but only {validation} of the validation examples (standard "
        "error {error} percentage points; {count})."
    ).format(
        model=best.model,
        left_out=percent(best.left_out),
        validation=percent(best.validation),
        error=number(100 * best.error),
        count=count,
    )


def _network_agrees(records: Sequence[RunRecord], best: _Drop) -> bool:
    """Return whether the network is not as accurate in validation as the best model on left-out examples."""
    known = [float(r.final["val_accuracy"]) for r in records if math.isfinite(r.final.get("val_accuracy", math.nan))]
    return not known or mean(known) < best.left_out - best.unexplained / 2


def _differ(records: Sequence[RunRecord], offset: float, factor: float) -> bool:
    """Return whether the inputs of the splits differ by this offset or by this factor."""
    scale = mean_fact(records, "val_input_scale")
    return mean_fact(records, "val_input_offset") > offset or scale > factor or 0 < scale < 1 / factor


def _costs(records: Sequence[RunRecord]) -> bool:
    """Return whether there are enough examples, and the validation loss exceeds the training loss clearly."""
    few = any(min(int(r.facts.get(name, 0)) for name in ("train_n", "val_n")) < FEWEST for r in records)
    losses = [[float(r.final.get(f"{split}_loss", math.nan)) for r in records] for split in ("val", "train")]
    return not few and mean(losses[0]) > mean(losses[1]) + COSTS * guess_loss(records[0])


def _inputs(records: Sequence[RunRecord]) -> str:
    offset, scale = mean_fact(records, "val_input_offset"), mean_fact(records, "val_input_scale")
    if math.isnan(offset + scale):
        return _("The two splits differ in their inputs or in their labels.")
    if _part(records) == "labels":
        return _("The inputs have similar means and standard deviations in both splits, so compare the labels first.")
    return _(
        "The inputs of the splits differ: the means of the features by {offset} standard deviations "
        "of the training examples, and the standard deviations by a factor of {scale} (medians over "
        "features)."
    ).format(offset=number(offset), scale=number(scale))


def _part(records: Sequence[RunRecord]) -> str:
    """Return the part of the validation examples to mend first: inputs that differ in scale or mean, else labels."""
    return "inputs" if _differ(records, SHIFTED, SCALED) else "labels"


def _advice(records: Sequence[RunRecord]) -> str:
    if _part(records) == "inputs":
        return _(
            "Preprocess the validation examples exactly like the training examples, with the means and "
            "standard deviations of the training examples. If this is done, draw both splits from the "
            "same examples."
        )
    return _(
        "Check that validation labels have the same numbers for the same classes and the same order "
        "as their inputs. If they do, draw both splits from the same examples."
    )


RULE = Rule(
    id="split_mismatch",
    title=N_("Validation unlike training"),
    check=check,
    sources=SOURCES,
    stage="data",
    one_task=True,
    on_scores=FORM,
)
