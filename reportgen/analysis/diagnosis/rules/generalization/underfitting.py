"""The training accuracy is below the validation accuracy that a simple or larger model reaches.

**Statistic.** Training and validation accuracy at the end, averaged over seeds, compared with a reference on the same
data: the best of a linear model, nearest neighbours and kernel regression, if the record contains them, or a variant of
the study with more units or layers and otherwise equal settings.

**Reference.** No accuracy is low in itself: with noisy labels, 0.69 may be the best possible. But a validation accuracy
that another model reaches is possible. The rule reports a network that stays below the reference in training and in
validation, by 2.5 standard errors. In validation, the gap must also be a tenth of the reference's lead over the most
common class, in most seeds. Wrong training labels lower only training accuracy, and overfitting only validation
accuracy, so neither is reported. A larger variant must be better in both accuracies by a paired t test at 5% (with a
Bonferroni correction) and by the same tenth.

A network with more parameters than training examples, and no layer with fewer outputs than classes, has enough
capacity. Compared with simple models, it is reported only if it stays below them by a fifth of their lead in both
accuracies. With batch normalization, whose running statistics fluctuate, the loss in train mode must also be above half
of the loss of guessing. A network is not reported if its training loss is still decreasing: by more than a tenth from
the third quarter of training to the last, or at all while it is above the loss of guessing. It needs more training
first. A layer with at most half as many units as there are classes is a bottleneck: then only validation is compared
with simple models, also while the training loss is still decreasing, because such a layer slows training. If an
external record does not contain simple models, a network no better in training than the most common class is reported.

**Causes.** If another rule reports why a network does not train, such as its learning rate, underfitting is shown as a
consequence or omitted.

**Advice.** More units, at first in the narrowest layer; with enough capacity, more epochs or another learning rate.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reportgen.analysis.diagnosis.capacity import more_capacity, more_patience
from reportgen.analysis.diagnosis.evidence.curves import still_falling
from reportgen.analysis.diagnosis.evidence.held_out import (
    ERRORS,
    SHARE,
    SIMPLE,
    Shortfall,
    below_simple_models,
    examples,
    mean_final,
    reference,
    scored,
    training_majority,
)
from reportgen.analysis.diagnosis.evidence.learning_rate import plausible, shorter_warmup
from reportgen.analysis.diagnosis.evidence.outcome import HALF, above_least, guess_loss, stuck
from reportgen.analysis.diagnosis.evidence.siblings import BetterSibling, better_sibling, larger_network
from reportgen.analysis.diagnosis.evidence.symptoms import (
    UNLIKE_SPLITS,
    enough,
    initial,
    percent,
    probed,
    words_for_seeds,
)
from reportgen.analysis.diagnosis.layers import has_bottleneck, is_convolutional, narrowest, normalizations
from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule
from reportgen.analysis.statistics import share_error
from reportgen.analysis.words.nouns import counted_noun
from reportgen.languages.translate import N_, _
from reportgen.runs.record import RunRecord

FAR = 0.2
FALLING = 0.1
SATURATED = 0.5
SOURCES = (
    "stanford-scribe",
    "chicago-14",
    "Goodfellow, Bengio and Courville 2016, 5.2",
    "Hastie, Tibshirani and Friedman 2009, 7.2",
)


def _far_below_simple_models(records: Sequence[RunRecord]) -> Shortfall | None:
    """Return the shortfall against a simple model if it is large in training too, otherwise None."""
    short, known = below_simple_models(records, FAR), reference(records)
    has_batchnorm = bool(normalizations(records[0].spec.network))
    if short is None or known is None:
        return None
    if has_batchnorm and not enough(sum(stuck(r) or _fits_badly(r) for r in records), len(records)):
        return None
    return short if known.accuracy - short.train > FAR * (known.accuracy - known.majority) else None


def _fits_badly(record: RunRecord) -> bool:
    """Return whether the loss in train mode ends above half of the loss of guessing."""
    late = np.asarray(record.arrays.get("epoch_batch_loss", ()), np.float64)
    level = above_least(record, HALF + record.spec.data.label_noise)
    return bool(late.size) and float(late[-1]) > level


def trainable(records: Sequence[RunRecord]) -> bool:
    """Return whether most runs neither started saturated nor ended while still learning fast."""
    return enough(sum(not _under_way(r) and not _began_saturated(r) for r in records), len(records))


def _small(record: RunRecord) -> bool:
    """Return whether capacity may be too low: no hidden layer, one narrower than the classes, or few parameters."""
    parameters, size = (int(record.facts.get(name, 0)) for name in ("parameters", "train_n"))
    return narrowest(record) < int(record.facts.get("classes", 2)) or parameters < size


def _under_way(record: RunRecord) -> bool:
    """Return whether the loss was decreasing fast at the end, or at all while above the loss of guessing."""
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
    words = _("hidden channels and units") if is_convolutional(sibling.record) else _("hidden units")
    return below_sibling(records, sibling, _("the variant with {units} {words}").format(units=units, words=words))


def below_sibling(records: Sequence[RunRecord], sibling: BetterSibling, name: str) -> Shortfall:
    """Return the shortfall of all runs against a better variant of the study."""
    train, validation = mean_final(records, "train_accuracy"), mean_final(records, "val_accuracy")
    return Shortfall(train, validation, sibling.validation, name, tuple(r.spec.seed for r in records))


def check(evidence: Evidence) -> Finding | None:
    """Return a finding if the network stays below its reference in training and in validation."""
    records = scored(evidence.records)
    if not records:
        return None
    if has_bottleneck(records[0]) and (short := below_simple_models(records, in_training=False)) is not None:
        return _narrow(evidence, records, short)
    if not trainable(records):
        return None
    small = _small(records[0])
    short = below_simple_models(records) if small else _far_below_simple_models(records)
    larger = None if short else _below_a_larger_net(evidence, records)
    short = short or larger
    if short is None:
        return _learned_nothing(evidence, records)
    advice, proposals = more_capacity(evidence) if small or larger else _start_learning(evidence)
    waits = records[0].spec.training.patience
    if waits is not None and all(r.status == "stopped" for r in records if r.spec.seed in short.seeds):
        advice, proposals = more_patience(waits)
    capacity = _("More capacity may be needed") if small or larger else _("It has enough capacity but does not use it")
    return RULE.finding(
        evidence,
        severity="warning",
        seeds=short.seeds,
        step=records[0].steps,
        evidence={"train_accuracy": short.train, "val_accuracy": short.validation, "reference": short.reached},
        message=(
            _(
                "The network underfits: accuracy is {train} in training and {validation} in validation, but "
                "{by} reaches {reached} in validation. {capacity} ({seeds})."
            ).format(
                train=percent(short.train), validation=percent(short.validation), by=short.by,
                reached=percent(short.reached), capacity=capacity, seeds=words_for_seeds(short.seeds, len(records)),
            )
        ),
        advice=advice,
        proposals=proposals,
    )  # fmt: skip


def _narrow(evidence: Evidence, records: Sequence[RunRecord], short: Shortfall) -> Finding:
    """Return the finding on a network with a layer that is too narrow for the classes."""
    units, classes = narrowest(records[0]), int(records[0].facts["classes"])
    widths = [layer.units for layer in records[0].spec.network.layers[:-1]]
    wide = max(32, *widths)
    proposals: tuple[Proposal, ...] = ()
    if records[0].spec.network.is_plain:
        wider = [width if width >= classes else wide for width in widths]
        proposals = (Proposal({"network.hidden": wider}, _("no layer narrower than the classes")),)
    return RULE.finding(
        evidence,
        severity="warning",
        seeds=short.seeds,
        layers=tuple(number for number, width in enumerate(widths, 1) if width == units),
        step=records[0].steps,
        evidence={
            "train_accuracy": short.train,
            "val_accuracy": short.validation,
            "reference": short.reached,
            "narrowest": units,
        },
        message=(
            _(
                "The network underfits: its narrowest layer has {units} for {classes} classes. "
                "Accuracy is {train} in training and {validation} in validation, but {by} reaches {reached} "
                "in validation ({seeds})."
            ).format(
                units=counted_noun(units, "unit"), classes=classes, train=percent(short.train),
                validation=percent(short.validation), by=short.by, reached=percent(short.reached),
                seeds=words_for_seeds(short.seeds, len(records)),
            )
        ),
        advice=_("Give each hidden layer at least as many units as there are classes, such as {wide}.").format(
            wide=wide
        ),
        proposals=proposals,
        causes=(*UNLIKE_SPLITS, "sorted_batches"),
    )  # fmt: skip


def _learned_nothing(evidence: Evidence, records: Sequence[RunRecord]) -> Finding | None:
    """Return the finding on networks that learned next to nothing if the records contain no simple model."""
    if any(name in record.facts for record in records for name in SIMPLE.values()):
        return None
    commonest = training_majority(records)
    train, error = mean_final(records, "train_accuracy"), share_error(commonest, examples(records, "train_n"))
    seeds = tuple(r.spec.seed for r in records if stuck(r))
    if not (enough(len(seeds), len(records)) and train <= commonest + ERRORS * error):
        return None
    _advice, proposals = _start_learning(evidence)
    return RULE.finding(
        evidence,
        severity="warning",
        seeds=seeds,
        step=records[0].steps,
        evidence={"train_accuracy": train, "commonest_class": commonest},
        message=(
            _(
                "The network has learned next to nothing: training accuracy is {train}, and always "
                "predicting the most common class gives {commonest} ({seeds}). The accuracy of simple models "
                "on these data is not recorded."
            ).format(train=percent(train), commonest=percent(commonest), seeds=words_for_seeds(seeds, len(records)))
        ),
        advice=(
            _(
                "Fit a linear model to the same data. If it is better, try a learning rate ten times as high "
                "or a tenth as high. If it is not, the inputs may not predict the labels."
            )
        ),
        proposals=proposals,
    )


def _start_learning(evidence: Evidence) -> tuple[str, tuple[Proposal, ...]]:
    """Return the advice for a network that has enough capacity and does not use it."""
    record = evidence.records[0]
    training = record.spec.training
    if limited := shorter_warmup(record):
        return limited
    faster, slower = (
        Proposal({"training.lr": plausible(record, training.lr * by)}, _("another learning rate")) for by in (10.0, 0.1)
    )
    longer = Proposal({"training.epochs": max(10, 4 * training.epochs)}, _("four times as many epochs"))
    advice = _("Try a learning rate ten times as high or a tenth as high, and train longer. Capacity is sufficient.")
    return advice, (faster, longer, slower)


RULE = Rule(
    id="underfitting",
    title=N_("Underfitting"),
    check=check,
    sources=SOURCES,
    stage="generalization",
    one_task=True,
    causes=(
        *UNLIKE_SPLITS,
        "sorted_batches",
        "over_regularization",
        "missing_nonlinearity",
        "class_imbalance",
        "saturation",
        "idle_branch",
    ),
    yields_to=(
        "no_signal",
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
        "layer_learning_rate",
        "lr_too_high",
        "lr_too_low",
        "loss_oscillation",
        "undertrained",
        "train_eval_mismatch",
        "bn_tiny_batch",
    ),
)
