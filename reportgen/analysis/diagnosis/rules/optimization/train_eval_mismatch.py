"""Train mode and test mode are two different networks, beyond what dropout and batch normalization make of them.

**Statistic.** Outputs under dropout's masks against those in test mode; the running mean and variance of batch
normalization; the validation examples whose class depends on their batch; the training loss in both modes.

**Reference.** Four signs, each with a reference of its own:

1. *Dropout is not scaled.* Outputs under dropout's masks, by least squares as a multiple of those in test mode. With
   scaling, in training or in testing, that is 1 up to the bend of the activations. Without, it is the product of the
   shares of units that are kept, over all layers. The sign counts where it is nearer to the product than to 1, on the
   scale of logarithms; not below the product's square, where masks have made another network of this one.
2. *Running statistics never moved.* Batch normalization's running mean and variance are after training exactly what
   they start as, 0 and 1.
3. *Answers depend on the batch.* The share of validation examples whose class changes when they are scored in other
   batches. With running statistics it is exactly 0; from 1% on it counts.
4. *Test mode costs more.* The loss on the whole training split in test mode lies above that of the last epoch in train
   mode by 3% of what the best constant answer costs, and did by less or more at the ends of all late epochs. What
   dropout and small batches do is the opposite: they make train mode the dearer one. It is asked only where a layer
   has two modes, and the loss swings by no more than a tenth of that and shows no rate that is too high. Running values
   with a momentum of 0.9 or less lag ten steps behind weights that move fast, and no setting mends that: there it takes
   10% and 100 steps.

**Severity.** A warning; a note where dropout that is not scaled changes outputs by less than 15%.

**Advice.** Inverted dropout; running statistics that are updated, fast enough, and used for testing.
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
    enough,
    number,
    percent,
    probed,
    words_for_layers,
    words_for_seeds,
)
from reportgen.analysis.diagnosis.rules.optimization import lr_too_high
from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule
from reportgen.engine.spec import BatchNormSpec, LayerSpec
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
    """Return which sign the run shows, and its size; None for none."""
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
    """Return the multiple; None where dropout is scaled, or masks have made another network of this one.

    Outputs of the other sign, or as far below what unscaled masks leave as that is below 1, are no multiple at all.
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
    """Return by how much test mode costs more, of what guessing costs; None where that is little or moves."""
    if record.spec.training.patience is not None or not any(map(_has_modes, record.spec.network.layers)):
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
    """Return whether the loss swings by more than a tenth of what test mode costs more, or a rate is too high."""
    sign = lr_too_high.sign(record)
    return swing(record) > max(STEADY, SHARE * more) * guess_loss(record) or sign not in (None, lr_too_high.UNSETTLED)


def _slow(record: RunRecord) -> bool:
    """Return whether batch-norm's running values move slowly, or there are none to lag behind."""
    momenta = [layer.batchnorm.momentum for layer in record.spec.network.layers if layer.batchnorm]
    return max(momenta, default=1.0) > COMMON_MOMENTUM


def _has_modes(layer: LayerSpec) -> bool:
    return layer.batchnorm is not None or layer.dropout is not None


def check(evidence: Evidence) -> Finding | None:
    """Return the finding where the two modes of most seeds do not go together."""
    found = [(record, _sign(record)) for record in evidence.records]
    shown = [(record, *sign) for record, sign in found if sign is not None]
    if not shown or not enough(len(shown), len(found)):
        return None
    signs = [sign for _, sign, _ in shown]
    sign = max(dict.fromkeys(signs), key=signs.count)
    record = next(r for r, name, _ in shown if name == sign)
    size = mean([value for _, name, value in shown if name == sign])
    seeds = tuple(r.spec.seed for r, _, _ in shown)
    layers = tuple(i + 1 for i, layer in enumerate(record.spec.network.layers) if _has_modes(layer))
    advice, proposals = _remedy(record, sign)
    return Finding(
        rule=RULE.id,
        severity="info" if sign == UNSCALED and keep_probability(record) > SLIGHT else "warning",
        variant=evidence.variant.id,
        seeds=seeds,
        layers=layers,
        step=record.steps,
        evidence={"sign": sign, "measured": size, "expected": _expected(record, sign)},
        message=f"{_words(record, sign, size)} ({words_for_seeds(seeds, len(found))}, {words_for_layers(layers)}, "
        f"at step {record.steps}).",
        advice=advice,
        sources=SOURCES,
        proposals=proposals,
    )


def _expected(record: RunRecord, sign: str) -> dict[str, float]:
    """Return what the measured size is held against."""
    return {
        UNSCALED: {"scaled": 1.0, "not scaled": keep_probability(record)},
        FROZEN: {"start": 0.0},
        BATCH: {"running statistics": 0.0, "limit": DEPENDENT},
        COSTS: {"limit": COSTS_MORE},
    }[sign]


def _words(record: RunRecord, sign: str, size: float) -> str:
    if sign == UNSCALED:
        text = f"Under dropout's masks the outputs are {number(size)} times those in test mode"
        return f"{text}; with scaling that is 1, without it {number(keep_probability(record))}"
    if sign == FROZEN:
        return f"After {record.steps} steps the running statistics that test mode uses are still those of the start"
    if sign == BATCH:
        return f"{percent(size)} of the validation examples change their class when they are scored in other batches"
    more = f"{percent(size)} of what guessing costs"
    return f"On the same training examples, the loss is higher in test mode than in train mode by {more}"


def _remedy(record: RunRecord, sign: str) -> tuple[str, tuple[Proposal, ...]]:
    layers = record.spec.network.layers[:-1]
    if sign == UNSCALED:
        changes = [
            Proposal({"network.dropout": _by_layer(_dropout(layers, mode))}, why)
            for mode, why in (
                ("inverted", "dropout that scales what it keeps"),
                ("scale_at_test", "the same training, and outputs of its size in testing"),
            )
        ]
        return "Scale what dropout keeps by 1 / (1 - rate) in training (mode: inverted).", tuple(changes)
    if sign in (FROZEN, BATCH):
        values = [_corrected(layer.batchnorm) for layer in layers]
        change = Proposal({"network.batchnorm": _by_layer(values)}, "running statistics, updated and used")
        return "Update running statistics in training (update_running: true) and test with them.", (change,)
    values = [_corrected(layer.batchnorm, COMMON_MOMENTUM) for layer in layers]
    if not any(values):
        return "Look at what the two modes do differently.", ()
    faster = Proposal({"network.batchnorm": _by_layer(values)}, "running statistics that keep up")
    longer = Proposal({"training.epochs": 4 * record.spec.training.epochs}, "time for running statistics to keep up")
    return f"Let running statistics keep up with the weights (momentum: {COMMON_MOMENTUM:g}).", (faster, longer)


def _dropout(layers: Sequence[LayerSpec], mode: str) -> list[Any]:
    return [{"rate": layer.dropout.rate, "mode": mode} if layer.dropout else 0 for layer in layers]


def _corrected(norm: BatchNormSpec | None, most: float = 1.0) -> Any:
    if norm is None:
        return False
    momentum = min(norm.momentum, most)
    return {"momentum": momentum, "epsilon": norm.epsilon, "test_mode": "running", "update_running": True}


def _by_layer(values: list[Any]) -> Any:
    """Return one value for all layers where they are equal."""
    return values[0] if all(value == values[0] for value in values) else values


RULE = Rule(
    id="train_eval_mismatch",
    title="Train mode and test mode disagree",
    check=check,
    sources=SOURCES,
    stage="optimization",
    causes=("bn_tiny_batch",),
)
