"""L2, L1, weight decay or dropout holds the fit back: the net learns less than it could, in training already.

**Statistic.** Training and validation accuracy at the end against a reference; and what regularization does to this
very run: twice the penalty over the data loss, the size of the weights at the end against that before training, the
training loss with dropout against that without.

**Reference.** Regularization is meant to cost something in training, so a lower training score is no fault by itself.
The fit is held back where two things meet. *It costs in validation too*: both accuracies stay below what a linear model
or another simple one reaches on held-out examples, by 2.5 standard errors and a tenth of what that has above the
commonest class; or a variant that differs in weaker regularization alone is better in both, by a paired t test and a
twentieth of what it has above that class. *The pull is there*: a small scaling of all weights would change the data
loss by a tenth of that scaling or more (2 P / L, what an L2 penalty P costs by the envelope theorem), or the product of
the layers' norms has fallen to half, where training alone lets weights grow; or dropout adds a tenth of the loss of
guessing to the training loss, or drops 80% of a layer. Layers with batch normalization do not count: the size of their
weights does not matter to what they compute. But a penalty that has halved it makes each step turn them four times as
far: where the learning rate then shows to be too high, the penalty is at fault. Dropout whose scaling alone puts the
loss of the first batch beyond reason, or at five times what it is without, needs no reference, in a net that does not
fit. What a penalty costs is not read from a loss that still falls: it is at a minimum that the two balance. A net that
keeps less than a hundredth of its signal or gradient over all layers before training does not fit for that reason:
other rules say so.

**Advice.** A hundredth of the penalty, or none; dropout off.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reportgen.analysis.diagnosis.evidence.held_out import mean_final, scored
from reportgen.analysis.diagnosis.evidence.learning_rate import rounded
from reportgen.analysis.diagnosis.evidence.means import mean
from reportgen.analysis.diagnosis.evidence.outcome import fits, stuck
from reportgen.analysis.diagnosis.evidence.regularization import (
    batchnorm_shrinkage,
    cost_of_dropout,
    cost_of_penalty,
    dropout_inflates_loss,
    dropout_limits_fit,
    dropout_rate,
    penalty_limits_fit,
    penalty_raises_rate,
    shrinkage,
)
from reportgen.analysis.diagnosis.evidence.siblings import better_sibling, less_regularized, weight_decay
from reportgen.analysis.diagnosis.evidence.symptoms import enough, number, percent, probed, words_for_seeds
from reportgen.analysis.diagnosis.rules.generalization.underfitting import Shortfall, below_simple_models
from reportgen.analysis.diagnosis.rules.initialization.init_plateau import weak_at_start
from reportgen.analysis.diagnosis.rules.optimization import lr_too_high
from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule
from reportgen.engine.tables.optimizers import OPTIMIZERS
from reportgen.runs.record import RunRecord

SHARE = 0.05
WEAKER = 100.0
SOURCES = (
    "csci-497p",
    "stanford-scribe",
    "Goodfellow, Bengio and Courville 2016, 5.2.2 and 7.1",
    "Srivastava et al. 2014, Dropout, section 7.3",
)


def _weak_at_start(record: RunRecord) -> bool:
    """Return whether signal or gradient were too weak before training for any fit, with or without a penalty.

    A few sigmoid layers keep a quarter each and train well: it is what all layers together keep that counts.
    """
    known = {"probe_activation_std", "probe_gradient_std", "probe_gradient_mean"} <= set(record.arrays)
    if not known or not probed([record]) or record.layers < 2:
        return False
    return weak_at_start(record)


def _short(evidence: Evidence, records: Sequence[RunRecord]) -> Shortfall | None:
    """Return what the net stays below: a variant with weaker regularization, or a simple model."""
    sibling = better_sibling(evidence, less_regularized)
    if sibling is None or sibling.share < SHARE:
        return below_simple_models(records)
    train, validation = mean_final(records, "train_accuracy"), mean_final(records, "val_accuracy")
    seeds = tuple(r.spec.seed for r in records)
    return Shortfall(train, validation, sibling.validation, "the variant that differs in weaker regularization", seeds)


def check(evidence: Evidence) -> Finding | None:
    """Return the finding where most seeds are pulled back, and all together stay below their reference."""
    inflated = [r for r in evidence.records if dropout_inflates_loss(r)]
    if inflated and enough(len(inflated), len(evidence.records)):
        return _inflated_loss(evidence, inflated)
    raised = [r for r in evidence.records if penalty_raises_rate(r) and lr_too_high.sign(r)]
    if raised and enough(len(raised), len(evidence.records)):
        return _raised_rate(evidence, raised)
    records = [r for r in scored(evidence.records) if not _weak_at_start(r)]
    by_penalty, by_dropout = ([r for r in records if holds(r)] for holds in (penalty_limits_fit, dropout_limits_fit))
    shown = [r for r in records if r in by_penalty or r in by_dropout]
    if not shown or not enough(len(shown), len(records)):
        return None
    short = _short(evidence, records)
    if short is None:
        return None
    acting = {"penalty": enough(len(by_penalty), len(records)), "dropout": enough(len(by_dropout), len(records))}
    seeds = tuple(r.spec.seed for r in shown)
    return Finding(
        rule=RULE.id,
        severity="error" if short.train - short.reached < -0.5 * short.reached else "warning",
        variant=evidence.variant.id,
        seeds=seeds,
        layers=(),
        step=records[0].steps,
        evidence=_facts(shown) | {"train_accuracy": short.train, "val_accuracy": short.validation,
                                  "reference": short.reached},
        message=(
            f"Accuracy is {percent(short.train)} in training already and {percent(short.validation)} in validation, "
            f"where {short.by} reaches {percent(short.reached)}; {_words(shown, acting)} "
            f"({words_for_seeds(seeds, len(records))})."
        ),
        advice=_advice(acting),
        sources=SOURCES,
        proposals=_proposals(shown[0], acting),
    )  # fmt: skip


def _inflated_loss(evidence: Evidence, records: Sequence[RunRecord]) -> Finding | None:
    """Return the finding on batches whose loss dropout puts beyond reason; none where the net learns all the same."""
    if all(fits(r) for r in records):
        return None
    noisy, clean = (mean([r.arrays[name][0] for r in records]) for name in ("step_loss", "epoch_train_loss"))
    seeds, rate = tuple(r.spec.seed for r in records), dropout_rate(records[0])
    acting = {"penalty": False, "dropout": True}
    return Finding(
        rule=RULE.id,
        severity="error" if all(stuck(r) for r in records) else "warning",
        variant=evidence.variant.id,
        seeds=seeds,
        layers=tuple(i + 1 for i, layer in enumerate(records[0].spec.network.layers) if layer.dropout),
        step=0,
        evidence={"loss_with_dropout": noisy, "loss_without": clean, "rate": rate},
        message=(
            f"Before the first step the loss of a batch is {number(noisy)} under dropout of {number(rate)}, and "
            f"{number(clean)} without: each layer scales up what it keeps by {number(1 / (1 - rate))} "
            f"({words_for_seeds(seeds, len(evidence.records))}, at step 0)."
        ),
        advice=_advice(acting),
        sources=SOURCES,
        proposals=_proposals(records[0], acting),
    )


def _raised_rate(evidence: Evidence, records: Sequence[RunRecord]) -> Finding:
    """Return the finding on weights under batch normalization that a penalty has made too small for their rate."""
    kept = float(np.median([np.median(batchnorm_shrinkage(r)) for r in records]))
    seeds, acting = tuple(r.spec.seed for r in records), {"penalty": True, "dropout": False}
    return Finding(
        rule=RULE.id,
        severity="error" if all(stuck(r) for r in records) else "warning",
        variant=evidence.variant.id,
        seeds=seeds,
        layers=tuple(i + 1 for i, layer in enumerate(records[0].spec.network.layers) if layer.batchnorm),
        step=records[0].steps,
        evidence={"weights_kept": kept},
        message=(
            f"The penalty has pulled weights under batch normalization in to {percent(kept)} of their size, where each "
            f"step turns them the more, and the loss does not settle ({words_for_seeds(seeds, len(evidence.records))})."
        ),
        advice=_advice(acting),
        sources=SOURCES,
        proposals=_proposals(records[0], acting),
    )


def _facts(records: Sequence[RunRecord]) -> dict[str, float]:
    return {
        "penalty_over_loss": mean([cost_of_penalty(r) for r in records]),
        "weights_kept": mean([shrinkage(r) for r in records]),
        "dropout_over_guess": mean([cost_of_dropout(r) for r in records]),
    }


def _words(records: Sequence[RunRecord], acting: dict[str, bool]) -> str:
    facts, rate = _facts(records), dropout_rate(records[0])
    said = []
    if acting["penalty"] or not acting["dropout"]:
        if facts["penalty_over_loss"] > 0:
            said.append(f"twice the penalty is {number(facts['penalty_over_loss'])} of the data loss")
        said.append(f"the layers' norms together are {number(facts['weights_kept'])} of what they were")
    if acting["dropout"]:
        cost = facts["dropout_over_guess"]
        adds = f"adds {number(cost)} of the loss of guessing to the training loss"
        said.append(f"dropout of {number(rate)} {adds if cost > 0 else f'leaves {percent(1 - rate)} of the units'}")
    return ", ".join(said[:-1]) + " and " * (len(said) > 1) + said[-1]


def _advice(acting: dict[str, bool]) -> str:
    if acting["penalty"] and acting["dropout"]:
        return "Weaken regularization: a hundredth of the penalty, and no dropout."
    return (
        "Switch dropout off, or drop far less." if acting["dropout"] else "Weaken the penalty to a hundredth, or less."
    )


def _proposals(record: RunRecord, acting: dict[str, bool]) -> tuple[Proposal, ...]:
    training = record.spec.training
    given = {"training.l2": training.l2, "training.l1": training.l1}
    if decay := OPTIMIZERS[training.optimizer.name].decay:
        given[f"training.optimizer.{decay}"] = weight_decay(record.spec)
    weaker = {path: rounded(value / WEAKER) for path, value in given.items() if value and acting["penalty"]}
    off = {path: 0.0 for path in weaker}
    rate = {"network.dropout": 0.0} if acting["dropout"] else {}
    first = Proposal(weaker | rate, "a weaker pull")
    return (first, Proposal(off | rate, "no penalty at all")) if weaker else (first,)


RULE = Rule(
    id="over_regularization",
    title="Too much regularization",
    check=check,
    sources=SOURCES,
    stage="optimization",
    causes=("train_eval_mismatch",),
    yields_to=("lr_too_high", "nan_divergence", "symmetric_init", "no_signal"),
)
