"""The network differs between train mode and test mode by more than dropout and batch normalization explain.

**Statistic.** Outputs with dropout compared with outputs in test mode; the running mean and variance of batch
normalization; the share of validation examples whose predicted class depends on their batch; the training loss in both
modes.

**Reference.** One of four signs:

1. *Dropout is not scaled.* The factor between outputs with and without dropout, by least squares. With scaling, in
   training or in testing, it is about 1. Without scaling, it is the product of the keep probabilities over all layers.
   The sign counts if the factor is closer to the product than to 1 on a logarithmic scale, and not below the square of
   the product.
2. *Running statistics never moved.* After training, running mean and variance are still exactly 0 and 1.
3. *Predictions depend on the batch.* The share of validation examples whose class changes if they are scored in other
   batches is at least 1%. With running statistics it is exactly 0.
4. *Test mode costs more.* The loss on the training set in test mode exceeds the loss of the last epoch in train mode by
   3% of the loss of the best constant prediction, and exceeded it at the end of all late epochs. Dropout and small
   batches have the opposite effect. This is tested only if a layer has two modes, the loss oscillates by at most a
   tenth of the difference, and the learning rate is not too high. With a momentum of 0.9 or less, running statistics
   lag behind fast weights by about ten steps whatever the settings, so 10% and 100 steps are required.

**Severity.** Warning. For information only if dropout without scaling changes outputs by less than 15%.

**Advice.** Use inverted dropout, and running statistics that are updated in training, fast enough, and used in testing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from reportgen.analysis.diagnosis.evidence.course import finite
from reportgen.analysis.diagnosis.evidence.means import mean
from reportgen.analysis.diagnosis.evidence.outcome import guess_loss
from reportgen.analysis.diagnosis.evidence.regularization import dropout_unscaled, keep_probability
from reportgen.analysis.diagnosis.evidence.swings import over_epochs, swing
from reportgen.analysis.diagnosis.evidence.symptoms import (
    UNLIKE_SPLITS,
    enough,
    number,
    percent,
    probed,
    words_for_layers,
    words_for_seeds,
)
from reportgen.analysis.diagnosis.layers import normalizations
from reportgen.analysis.diagnosis.rules.optimization import lr_too_high
from reportgen.analysis.diagnosis.scores.train_eval_mismatch import FORM
from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule
from reportgen.engine.network_spec import BatchNormSpec, LayerSpec, NetworkSpec, Node, PoolSpec
from reportgen.languages.translate import N_, _
from reportgen.runs.record import RunRecord

DEPENDENT = 0.01
COSTS_MORE, COSTS_MUCH_MORE = 0.03, 0.1
KEEPS_UP = 100
STEADY, SHARE = 0.02, 0.1
SLIGHT = 0.85
COMMON_MOMENTUM = 0.9
UNSCALED, FROZEN, BATCH, COSTS = "dropout is not scaled", "never moved", "depends on the batch", "test mode costs more"
SOURCES = ("csci-497p", "chicago-14", "Srivastava et al. 2014, section 4", "Ioffe and Szegedy 2015, section 3.1")


def _sign(record: RunRecord) -> tuple[str, float] | None:
    """Return the sign that the run shows and its size, None if it shows none."""
    if record.steps == 0 or record.status == "diverged":
        return None
    signs: dict[str, Callable[[RunRecord], float | None]] = {
        UNSCALED: _unscaled,
        FROZEN: _frozen,
        BATCH: _dependent,
        COSTS: _test_mode_costs_more,
    }
    return next(((name, size) for name, measure in signs.items() if (size := measure(record)) is not None), None)


def _unscaled(record: RunRecord) -> float | None:
    """Return the factor between outputs with and without dropout, None if dropout is scaled.

    None also for factors below the square of the keep probability, which no missing scale explains.
    """
    if not dropout_unscaled(record):
        return None
    scale = float(record.facts["train_mode_scale"])
    return scale if scale > keep_probability(record) ** 2 else None


def _frozen(record: RunRecord) -> float | None:
    layers = [i for i, layer in enumerate(record.spec.network.layers) if layer.batchnorm]
    names = ("bn_running_mean_mean", "bn_running_var_mean")
    if not layers or not probed([record]) or any(f"probe_{name}" not in record.arrays for name in names):
        return None
    if record.probe_steps[-1] == 0:
        return None
    mean, variance = (record.statistic(name)[-1][layers] for name in names)
    return 0.0 if (mean == 0).all() and (variance == 1).all() else None


def _dependent(record: RunRecord) -> float | None:
    share = float(record.facts.get("batch_dependent_fraction", 0.0))
    return share if share >= DEPENDENT else None


def _test_mode_costs_more(record: RunRecord) -> float | None:
    """Return the excess loss of test mode as a share of guessing, None if it is small or not steady."""
    if record.spec.training.patience is not None or not any(map(_has_modes, record.spec.network.nodes)):
        return None
    trained, tested = over_epochs(record), finite(record.arrays.get("epoch_train_loss", ()))[1:]
    if trained.size == 0 or trained.size != tested.size:
        return None
    guess = guess_loss(record)
    more = (float(record.final.get("train_loss", math.nan)) - trained[-1]) / guess
    persists = (tested > trained)[trained.size // 2 :].all()
    least = COSTS_MORE if _slow(record) else COSTS_MUCH_MORE if record.steps >= KEEPS_UP else math.inf
    return float(more) if more > least and persists and not _moves(record, more) else None


def _moves(record: RunRecord, more: float) -> bool:
    """Return whether the loss oscillates by more than a tenth of the excess, or the learning rate is too high."""
    sign = lr_too_high.sign(record)
    return swing(record) > max(STEADY, SHARE * more) * guess_loss(record) or sign not in (None, lr_too_high.UNSETTLED)


def _slow(record: RunRecord) -> bool:
    """Return whether running statistics move slowly, or the network has none."""
    momenta = [norm.momentum for norm in normalizations(record.spec.network)]
    return max(momenta, default=1.0) > COMMON_MOMENTUM


def _has_modes(node: Node) -> bool:
    if isinstance(node, PoolSpec):
        return False
    return node.batchnorm is not None or node.dropout is not None or getattr(node, "branch_drop", None) is not None


def check(evidence: Evidence) -> Finding | None:
    """Return a finding if train mode and test mode disagree in most seeds."""
    found = [(record, _sign(record)) for record in evidence.records]
    shown = [(record, *sign) for record, sign in found if sign is not None]
    if not enough(len(shown), len(found)):
        return None
    signs = [sign for _, sign, _ in shown]
    sign = max(dict.fromkeys(signs), key=signs.count)
    record = next(r for r, name, _ in shown if name == sign)
    size = mean([value for _, name, value in shown if name == sign])
    seeds = tuple(r.spec.seed for r, _, _ in shown)
    layers = tuple(i + 1 for i, layer in enumerate(record.spec.network.layers) if _has_modes(layer))
    advice, proposals = _remedy(record, sign)
    return RULE.finding(
        evidence,
        severity="info" if sign == UNSCALED and keep_probability(record) > SLIGHT else "warning",
        seeds=seeds,
        layers=layers,
        step=record.steps,
        evidence={"sign": sign, "measured": size, "expected": _expected(record, sign)},
        message=_("{words} ({seeds}, {layers}, at step {steps}).").format(
            words=_words(record, sign, size),
            seeds=words_for_seeds(seeds, len(found)),
            layers=words_for_layers(layers),
            steps=record.steps,
        ),
        advice=advice,
        proposals=proposals,
    )


def _expected(record: RunRecord, sign: str) -> dict[str, float]:
    """Return the reference values of a sign."""
    return {
        UNSCALED: {"scaled": 1.0, "not scaled": keep_probability(record)},
        FROZEN: {"start": 0.0},
        BATCH: {"running statistics": 0.0, "limit": DEPENDENT},
        COSTS: {"limit": COSTS_MORE},
    }[sign]


def _words(record: RunRecord, sign: str, size: float) -> str:
    if sign == UNSCALED:
        text = _("Outputs with dropout are {size} times the outputs in test mode").format(size=number(size))
        return _("{text}. The factor is 1 with scaling and {keep_probability} without scaling").format(
            text=text, keep_probability=number(keep_probability(record))
        )
    if sign == FROZEN:
        return _(
            "After {steps} steps, the running statistics used in test mode still have their initial values"
        ).format(steps=record.steps)
    if sign == BATCH:
        return _(
            "Predictions depend on the batch: the class of {size} of the validation examples changes with it"
        ).format(size=percent(size))
    return _("The training loss is higher in test mode than in train mode, by {size} of the loss of guessing").format(
        size=percent(size)
    )


def _remedy(record: RunRecord, sign: str) -> tuple[str, tuple[Proposal, ...]]:
    network = record.spec.network
    layers = network.layers[:-1]
    if sign == UNSCALED:
        inverted = _change(network, "network.dropout", _dropout(layers, "inverted"), _("scales units in training"))
        at_test = _change(network, "network.dropout", _dropout(layers, "scale_at_test"), _("scales outputs in testing"))
        return _("Scale the remaining units by 1 / (1 - rate) in training (mode: inverted)."), (*inverted, *at_test)
    if sign in (FROZEN, BATCH):
        values = [_corrected(layer.batchnorm) for layer in layers]
        advice = _("Update running statistics in training (update_running: true) and use them in testing.")
        why = _("running statistics that are updated and used")
        return advice, _change(network, "network.batchnorm", values, why)
    values = [_corrected(layer.batchnorm, COMMON_MOMENTUM) for layer in layers]
    if not any(values):
        return _("Compare the computations of the two modes."), ()
    faster = _change(network, "network.batchnorm", values, _("running statistics that follow the weights faster"))
    longer = Proposal(
        {"training.epochs": 4 * record.spec.training.epochs}, _("more steps for running statistics to converge")
    )
    return _("Let running statistics follow the weights faster (momentum: {common_momentum}).").format(
        common_momentum=f"{COMMON_MOMENTUM:g}"
    ), (*faster, longer)


def _dropout(layers: Sequence[LayerSpec], mode: str) -> list[Any]:
    return [{"rate": layer.dropout.rate, "mode": mode} if layer.dropout else 0 for layer in layers]


def _corrected(norm: BatchNormSpec | None, most: float = 1.0) -> Any:
    if norm is None:
        return False
    momentum = min(norm.momentum, most)
    return {"momentum": momentum, "epsilon": norm.epsilon, "test_mode": "running", "update_running": True}


def _change(network: NetworkSpec, path: str, values: list[Any], why: str) -> tuple[Proposal, ...]:
    """Return the proposal of a setting by layer, or of a single value if all layers have the same one.

    Studies that list layers of any kind take only a single value: that of all layers with the setting, if it is the
    same.
    """
    alike = values if network.is_plain else [value for value in values if value]
    if alike and all(value == alike[0] for value in alike):
        return (Proposal({path: alike[0]}, why),)
    return (Proposal({path: values}, why),) if network.is_plain else ()


RULE = Rule(
    id="train_eval_mismatch",
    title=N_("Train mode and test mode disagree"),
    check=check,
    sources=SOURCES,
    stage="optimization",
    kinds=("network.batchnorm", "network.dropout"),
    one_task=True,
    causes=(*UNLIKE_SPLITS, "sorted_batches", "bn_tiny_batch"),
    on_scores=FORM,
)
