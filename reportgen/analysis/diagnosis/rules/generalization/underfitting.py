"""The net has room for capacity: in training it is worse than a simpler or larger model is on new examples.

**Statistic.** Training and validation accuracy at the end, averaged over seeds, against a reference on the same data:
the best of a linear model, nearest neighbours and regression with a kernel, which the record holds; or a variant of the
study that differs in the number of units or layers alone.

**Reference.** No accuracy is low by its number: 0.69 can be the best that noisy labels allow. But what a model reached
on held-out examples can be reached, so a net that stays below it *even in training*, by 2.5 standard errors, and in
validation by as many and by a tenth of what the reference has above the commonest class (most seeds each by such a
tenth), has not used what the inputs tell. Wrong training labels lower training accuracy alone and so are no such case;
a net that overfits has no lack of fit. A larger variant has to be better in both accuracies, by a paired t test at 5%
shared among variants and by the same tenth. A net with more parameters than training examples, and no layer narrower
than the classes, has capacity: against simple models it counts only where it makes nothing of it, and stays below them
by a fifth of what they have above the commonest class, in training and in validation, as no size explains; with batch
normalization, whose running values wander, only where the loss is still about that of guessing. Left alone is a net
whose training loss fell by more than a tenth from the third quarter of training to the last, and kept that pace to the
end, or is on its way but not yet better than guessing: it lacks training first. Where a record brought from elsewhere
does not hold what simple models reach, a net that is no better in training than the commonest class is told of, with
what has to be known to say why.

**Causes told apart.** A net that does not train (rate, initialization, signal, no nonlinearity, penalties) does not fit
either. Where such a fault is found, the lack of fit is its consequence, or not worth a word of its own.

**Advice.** More units, or a first hidden layer where there is none; then more epochs. For a net with capacity: another
learning rate, or more epochs. Where early stopping ended training: a longer patience.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reportgen.analysis.diagnosis.evidence.curves import still_falling
from reportgen.analysis.diagnosis.evidence.held_out import (
    SIMPLE,
    examples,
    mean_final,
    reference,
    scored,
    share_error,
    training_majority,
)
from reportgen.analysis.diagnosis.evidence.learning_rate import rounded
from reportgen.analysis.diagnosis.evidence.outcome import guess_loss, stuck
from reportgen.analysis.diagnosis.evidence.siblings import better_sibling, larger_network
from reportgen.analysis.diagnosis.evidence.symptoms import enough, initial, percent, probed, words_for_seeds
from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule
from reportgen.runs.record import RunRecord

ERRORS = 2.5
SHARE = 0.1
FAR = 0.2
FALLING = 0.1
SATURATED = 0.5
SOURCES = (
    "stanford-scribe",
    "chicago-14",
    "Goodfellow, Bengio and Courville 2016, 5.2",
    "Hastie, Tibshirani and Friedman 2009, 7.2",
)


@dataclass(frozen=True)
class Shortfall:
    """What a net reaches, averaged over seeds, and the reference that it stays below."""

    train: float
    validation: float
    reached: float
    by: str
    seeds: tuple[int, ...]


def below_simple_models(records: Sequence[RunRecord], share: float = SHARE) -> Shortfall | None:
    """Return by what the records stay below a simple model, in training and validation; None where they do not."""
    known = reference(records)
    if known is None:
        return None
    train, validation = mean_final(records, "train_accuracy"), mean_final(records, "val_accuracy")
    error = (known.error**2 + share_error(validation, examples(records)) ** 2) ** 0.5
    certain, large, clear = ERRORS * error, *(part * (known.accuracy - known.majority) for part in (share, SHARE))
    low = tuple(r.spec.seed for r in records if known.accuracy - r.final["val_accuracy"] > clear)
    if known.accuracy - train <= certain or known.accuracy - validation <= max(certain, large):
        return None
    if not enough(len(low), len(records)):
        return None
    return Shortfall(train, validation, known.accuracy, known.name, low)


def _far_below_simple_models(records: Sequence[RunRecord]) -> Shortfall | None:
    """Return by what records stay below a simple model, where it is much in training too; None elsewhere."""
    short, known = below_simple_models(records, FAR), reference(records)
    has_batchnorm = any(layer.batchnorm for layer in records[0].spec.network.layers)
    if short is None or known is None or (has_batchnorm and not enough(sum(map(stuck, records)), len(records))):
        return None
    return short if known.accuracy - short.train > FAR * (known.accuracy - known.majority) else None


def trainable(records: Sequence[RunRecord]) -> bool:
    """Return whether most runs neither began saturated nor were still learning fast when they ended."""
    return enough(sum(not _under_way(r) and not _began_saturated(r) for r in records), len(records))


def _small(record: RunRecord) -> bool:
    """Return whether a net may lack capacity: no hidden layer, one narrower than the classes, or few parameters."""
    narrowest = min((layer.units for layer in record.spec.network.layers[:-1]), default=0)
    parameters, size = (int(record.facts.get(name, 0)) for name in ("parameters", "train_n"))
    return narrowest < int(record.facts.get("classes", 2)) or parameters < size


def _under_way(record: RunRecord) -> bool:
    """Return whether the loss was falling fast at the end, or at all while it was not below guessing yet."""
    loss = float(record.final.get("train_loss", np.nan))
    return still_falling(record, FALLING) or (still_falling(record, 0.0, ERRORS) and loss > guess_loss(record))


def _began_saturated(record: RunRecord) -> bool:
    if not probed([record]) or record.layers < 2:
        return False
    return bool((np.nan_to_num(initial(record, "saturated_fraction")) > SATURATED).any())


def _below_a_larger_net(evidence: Evidence, records: Sequence[RunRecord]) -> Shortfall | None:
    sibling = better_sibling(evidence, larger_network)
    if sibling is None or sibling.share < SHARE:
        return None
    units = sum(layer.units for layer in sibling.record.spec.network.layers[:-1])
    train, validation = mean_final(records, "train_accuracy"), mean_final(records, "val_accuracy")
    seeds = tuple(r.spec.seed for r in records)
    return Shortfall(train, validation, sibling.validation, f"the variant with {units} hidden units", seeds)


def check(evidence: Evidence) -> Finding | None:
    """Return the finding where the net stays below its reference in training and in validation."""
    records = scored(evidence.records)
    if not records or not trainable(records):
        return None
    small = _small(records[0])
    short = below_simple_models(records) if small else _far_below_simple_models(records)
    larger = None if short else _below_a_larger_net(evidence, records)
    short = short or larger
    if short is None:
        return _learned_nothing(evidence, records)
    advice, proposals = _remedy(evidence) if small or larger else _start_learning(evidence)
    waits = records[0].spec.training.patience
    if waits is not None and all(r.status == "stopped" for r in records if r.spec.seed in short.seeds):
        advice, proposals = _wait(waits)
    lacks = "the net holds" if small or larger else "it has learned, and it has the parameters for it"
    return Finding(
        rule=RULE.id,
        severity="warning",
        variant=evidence.variant.id,
        seeds=short.seeds,
        layers=(),
        step=records[0].steps,
        evidence={"train_accuracy": short.train, "val_accuracy": short.validation, "reference": short.reached},
        message=(
            f"Accuracy is {percent(short.train)} in training and {percent(short.validation)} in validation, where "
            f"{short.by} reaches {percent(short.reached)} in validation "
            f"({words_for_seeds(short.seeds, len(records))}): there is more to learn than {lacks}."
        ),
        advice=advice,
        sources=SOURCES,
        proposals=proposals,
    )


def _learned_nothing(evidence: Evidence, records: Sequence[RunRecord]) -> Finding | None:
    """Return the finding on nets that learned next to nothing, where no simple model is known; None elsewhere."""
    if any(name in record.facts for record in records for name in SIMPLE.values()):
        return None
    commonest = training_majority(records)
    train, error = mean_final(records, "train_accuracy"), share_error(commonest, examples(records, "train_n"))
    seeds = tuple(r.spec.seed for r in records if stuck(r))
    if not (enough(len(seeds), len(records)) and train <= commonest + ERRORS * error):
        return None
    _, proposals = _start_learning(evidence)
    return Finding(
        rule=RULE.id,
        severity="warning",
        variant=evidence.variant.id,
        seeds=seeds,
        layers=(),
        step=records[0].steps,
        evidence={"train_accuracy": train, "commonest_class": commonest},
        message=(
            f"The net has learned next to nothing: accuracy is {percent(train)} in training, where the commonest class "
            f"alone makes {percent(commonest)} ({words_for_seeds(seeds, len(records))}). What simple models reach on "
            "these data is not recorded."
        ),
        advice=(
            "Score a linear model on the same data. If it does better, try a learning rate ten times as high, or a "
            "tenth of it; if it does not, the inputs may not tell the labels."
        ),
        sources=SOURCES,
        proposals=proposals,
    )


def _wait(patience: int) -> tuple[str, tuple[Proposal, ...]]:
    """Return what to try where early stopping ended training."""
    longer = Proposal({"training.early_stopping": {"patience": max(10, 5 * patience)}}, "a stop that waits longer")
    never = Proposal({"training.early_stopping": None}, "training to its end")
    waited = "one epoch" if patience == 1 else f"{patience} epochs"
    return f"Let early stopping wait longer than {waited}, or leave it out.", (longer, never)


def _remedy(evidence: Evidence) -> tuple[str, tuple[Proposal, ...]]:
    training = evidence.records[0].spec.training
    widths = [layer.units for layer in evidence.records[0].spec.network.layers[:-1]]
    longer = Proposal({"training.epochs": max(10, 4 * training.epochs)}, "four times as long")
    wider: dict[str, Any] = {"network.hidden": [max(32, 4 * width) for width in widths] or [64]}
    if not widths:
        change = Proposal(wider, "a hidden layer bends the boundary")
        return "Add a hidden layer: without one the boundaries between classes are flat.", (change, longer)
    change = Proposal(wider, "more units")
    return f"Make hidden layers wider, such as {wider['network.hidden']}; then train longer.", (change, longer)


def _start_learning(evidence: Evidence) -> tuple[str, tuple[Proposal, ...]]:
    """Return what to try with a net that has capacity and does not use it."""
    training = evidence.records[0].spec.training
    faster, slower = (Proposal({"training.lr": rounded(training.lr * by)}, "another pace") for by in (10.0, 0.1))
    longer = Proposal({"training.epochs": max(10, 4 * training.epochs)}, "four times as long")
    advice = "Try a learning rate ten times as high, or a tenth of it, and train longer: size is not what is missing."
    return advice, (faster, longer, slower)


RULE = Rule(
    id="underfitting",
    title="Underfitting",
    check=check,
    sources=SOURCES,
    stage="generalization",
    causes=(
        "over_regularization",
        "missing_nonlinearity",
        "class_imbalance",
        "bn_tiny_batch",
        "saturation",
    ),
    yields_to=(
        "vanishing_activations",
        "vanishing_gradients",
        "exploding_activations",
        "exploding_gradients",
        "symmetric_init",
        "init_plateau",
        "dead_relu",
        "wrong_init_loss",
        "nan_divergence",
        "unnormalized_input",
        "lr_too_high",
        "lr_too_low",
        "loss_oscillation",
        "undertrained",
        "train_eval_mismatch",
    ),
)
