"""An L2 or L1 penalty, weight decay, dropout, stochastic depth or label smoothing keeps the network from fitting.

**Statistic.** Training and validation accuracy at the end, compared with a reference. The effect of regularization in
the run: twice the penalty divided by the data loss, the norm of the weights relative to initialization, and the
training loss with dropout or stochastic depth compared with the loss without, and the smallest loss that label
smoothing allows compared with the loss of guessing.

**Reference.** Regularization is meant to lower training scores, so a lower training score is not a fault in itself. The
rule requires two conditions.

1. *Validation suffers too.* Both accuracies stay below the validation accuracy of a simple model, by 2.5 standard
   errors and a tenth of its lead over the most common class. Or a variant with weaker regularization and otherwise
   equal settings is better in both, by a paired t test and a twentieth of its lead.
2. *Regularization acts strongly.* Scaling all weights by 1 + e would change the data loss by a relative 0.1 e or more
   (2 P / L for an L2 penalty P, by the envelope theorem; only at a minimum, so not while the loss is still decreasing).
   Or the product of the layers' weight norms has fallen to half, whereas training without a penalty increases it. Or
   dropout or stochastic depth adds a tenth of the loss of guessing to the training loss, or drops 80% of a layer or of
   the passes through a block. Or the smallest loss with label smoothing is 90% of the loss of guessing.

Layers with normalization do not count for the penalty, because the size of their weights does not change their
output. But a penalty that has halved it makes each step four times as effective; if the learning rate is then too high,
the penalty is reported. No reference is required either if a penalty was ten times the loss of guessing before
training, has shrunk the weights, and both losses end above their minimum by a tenth of guessing: the penalty undoes
progress. If the scaling of dropout alone makes the loss of the first batch implausible or five times as large (twice,
if it drops 80% of a layer), no reference is required for a network that does not fit. A network that keeps less than a
hundredth of its signal or gradient before training is reported by other rules.

**Severity.** Error if training accuracy is below half of the reference, otherwise warning.

**Advice.** A hundredth of the penalty, or none; no dropout, stochastic depth or label smoothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reportgen.analysis.diagnosis.evidence.held_out import Shortfall, below_simple_models, scored
from reportgen.analysis.diagnosis.evidence.means import mean
from reportgen.analysis.diagnosis.evidence.outcome import fits, stuck
from reportgen.analysis.diagnosis.evidence.regularization import (
    dropout_inflates_loss,
    dropout_limits_fit,
    dropout_rate,
    lost_to_penalty,
    normalized_shrinkage,
    penalty_limits_fit,
    penalty_raises_rate,
    shrinkage,
    smoothing_limits_fit,
)
from reportgen.analysis.diagnosis.evidence.siblings import better_sibling, less_regularized
from reportgen.analysis.diagnosis.evidence.symptoms import (
    enough,
    in_most,
    number,
    percent,
    probed,
    words_for_layers,
    words_for_seeds,
)
from reportgen.analysis.diagnosis.layers import has_bottleneck, normalization_noun
from reportgen.analysis.diagnosis.regularizers import advice_for, proposals_for, strengths_of, words_for
from reportgen.analysis.diagnosis.rules.generalization.underfitting import below_sibling
from reportgen.analysis.diagnosis.rules.initialization.init_plateau import weak_at_start
from reportgen.analysis.diagnosis.rules.optimization import lr_too_high
from reportgen.analysis.diagnosis.scores.over_regularization import FORM
from reportgen.analysis.finding import Evidence, Finding, Rule
from reportgen.engine.network_spec import normalizes
from reportgen.languages.translate import N_, _
from reportgen.runs.record import RunRecord

KINDS = {"penalty": penalty_limits_fit, "dropout": dropout_limits_fit, "smoothing": smoothing_limits_fit}
"""Kinds of regularization, and whether they limit the fit of a run."""

SHARE = 0.05
SOURCES = (
    "csci-497p",
    "stanford-scribe",
    "Goodfellow, Bengio and Courville 2016, 5.2.2 and 7.1",
    "Srivastava et al. 2014, Dropout, section 7.3",
)


def _weak_at_start(record: RunRecord) -> bool:
    """Return whether signal or gradient were too weak before training for a fit, with or without a penalty."""
    known = {"probe_activation_std", "probe_gradient_std", "probe_gradient_mean"} <= set(record.arrays)
    if not known or not probed([record]) or record.layers < 2:
        return False
    return weak_at_start(record)


def _short(evidence: Evidence, records: Sequence[RunRecord]) -> Shortfall | None:
    """Return the shortfall against a variant with weaker regularization or a simple model."""
    sibling = better_sibling(evidence, less_regularized)
    if sibling is None or sibling.share < SHARE:
        return below_simple_models(records)
    return below_sibling(records, sibling, _("the variant with weaker regularization"))


def check(evidence: Evidence) -> Finding | None:
    """Return a finding if regularization limits most seeds and their accuracies are below a reference."""
    inflated = [r for r in evidence.records if dropout_inflates_loss(r)]
    if enough(len(inflated), len(evidence.records)):
        return _inflated_loss(evidence, inflated)
    raised = [r for r in evidence.records if penalty_raises_rate(r) and lr_too_high.sign(r)]
    if enough(len(raised), len(evidence.records)):
        return _raised_rate(evidence, raised)
    undone = in_most(evidence.records, [lost_to_penalty(r) for r in evidence.records])
    if undone:
        return _undone_progress(evidence, undone)
    records = [r for r in scored(evidence.records) if not _weak_at_start(r)]
    limited = {name: [r for r in records if holds(r)] for name, holds in KINDS.items()}
    shown = [r for r in records if any(r in found for found in limited.values())]
    if not enough(len(shown), len(records)):
        return None
    short = _short(evidence, records)
    if short is None:
        return None
    acting = {name for name, found in limited.items() if enough(len(found), len(records))}
    seeds = tuple(r.spec.seed for r in shown)
    return RULE.finding(
        evidence,
        severity="error" if short.train - short.reached < -0.5 * short.reached else "warning",
        seeds=seeds,
        step=records[0].steps,
        evidence=strengths_of(shown)
        | {"train_accuracy": short.train, "val_accuracy": short.validation, "reference": short.reached},
        message=(
            _(
                "Regularization is too strong: accuracy is {train} in training and {validation} in "
                "validation, but {by} reaches {reached} in validation. {words} ({seeds})."
            ).format(
                train=percent(short.train), validation=percent(short.validation), by=short.by,
                reached=percent(short.reached), words=words_for(shown, acting),
                seeds=words_for_seeds(seeds, len(records)),
            )
        ),
        advice=advice_for(acting, shown[0]),
        proposals=proposals_for(shown[0], acting),
        causes=("underfitting",) if has_bottleneck(records[0]) else None,
    )  # fmt: skip


def _inflated_loss(evidence: Evidence, records: Sequence[RunRecord]) -> Finding | None:
    """Return the finding on dropout that makes the initial loss implausible, None if the networks fit nevertheless."""
    if all(fits(r) for r in records):
        return None
    noisy, clean = (mean([r.arrays[name][0] for r in records]) for name in ("step_loss", "epoch_train_loss"))
    seeds, rate = tuple(r.spec.seed for r in records), dropout_rate(records[0])
    acting = {"dropout"}
    return RULE.finding(
        evidence,
        severity="error" if all(stuck(r) for r in records) else "warning",
        seeds=seeds,
        layers=tuple(i + 1 for i, layer in enumerate(records[0].spec.network.layers) if layer.dropout),
        step=0,
        evidence={"loss_with_dropout": noisy, "loss_without": clean, "rate": rate},
        message=(
            _(
                "Before the first step, the loss of a batch is {noisy} with a dropout rate of {rate} and "
                "{clean} without dropout: each layer scales the remaining units by {rate2} ({seeds}, at step "
                "0)."
            ).format(
                noisy=number(noisy), rate=number(rate), clean=number(clean), rate2=number(1 / (1 - rate)),
                seeds=words_for_seeds(seeds, len(evidence.records)),
            )
        ),
        advice=advice_for(acting, records[0]),
        proposals=proposals_for(records[0], acting),
    )  # fmt: skip


def _undone_progress(evidence: Evidence, shown: Sequence[tuple[RunRecord, tuple[float, float]]]) -> Finding:
    """Return the finding on a penalty that shrinks the weights after the network has learned."""
    records, seeds = [r for r, _ in shown], tuple(r.spec.seed for r, _ in shown)
    lowest, last = (mean([losses[side] for _, losses in shown]) for side in (0, 1))
    kept, acting = mean([shrinkage(r) for r in records]), {"penalty"}
    return RULE.finding(
        evidence,
        severity="error" if all(stuck(r) for r in records) else "warning",
        seeds=seeds,
        step=records[0].steps,
        evidence={"lowest_loss": lowest, "last_loss": last, "weights_kept": kept},
        message=(
            _(
                "The penalty undoes what the network has learned: the training loss was {lowest} and rises "
                "to {last}, while the product of the weight norms falls to {kept} times its initial value "
                "({seeds})."
            ).format(
                lowest=number(lowest), last=number(last), kept=number(kept),
                seeds=words_for_seeds(seeds, len(evidence.records)),
            )
        ),
        advice=advice_for(acting, records[0]),
        proposals=proposals_for(records[0], acting),
    )  # fmt: skip


def _raised_rate(evidence: Evidence, records: Sequence[RunRecord]) -> Finding:
    """Return the finding on a penalty that makes normalized weights too small for the learning rate."""
    kept = float(np.median([np.median(normalized_shrinkage(r)) for r in records]))
    seeds, acting, network = tuple(r.spec.seed for r in records), {"penalty"}, records[0].spec.network
    layers = tuple(number for number, layer in enumerate(network.layers, 1) if normalizes(layer))
    return RULE.finding(
        evidence,
        severity="error" if all(stuck(r) for r in records) else "warning",
        seeds=seeds,
        layers=layers,
        step=records[0].steps,
        evidence={"weights_kept": kept},
        message=(
            _(
                "The penalty shrinks weights under {normalization} to {kept} of their initial size. This "
                "makes each step more effective, and the loss does not settle ({seeds}, {layers})."
            ).format(
                normalization=normalization_noun(network),
                kept=percent(kept),
                seeds=words_for_seeds(seeds, len(evidence.records)),
                layers=words_for_layers(layers),
            )
        ),
        advice=advice_for(acting, records[0]),
        proposals=proposals_for(records[0], acting),
    )


RULE = Rule(
    id="over_regularization",
    title=N_("Excessive regularization"),
    check=check,
    sources=SOURCES,
    stage="optimization",
    kinds=("network.dropout",),
    one_task=True,
    causes=("train_eval_mismatch", "layer_learning_rate"),
    yields_to=("lr_too_high", "nan_divergence", "symmetric_init", "no_signal"),
    on_scores=FORM,
)
