"""The input is far from zero mean and unit variance, and training suffers.

**Statistic.** Of the training examples after preprocessing: the root mean square (RMS) of the input, the share of the
mean square due to the features' means, and the differences between the features' standard deviations.

**Reference.** Common initializations suit inputs of RMS 1. An input is

- *large* if its RMS exceeds 3, *small* below 0.1;
- *off centre* if more than 90% of its mean square is due to means, so that one direction is ten times as steep as all
  others together;
- *unequal* if the largest standard deviation exceeds ten times the median, or the median exceeds ten times the lower
  quartile. The first layer then depends on a few features only. Pixels are not compared if the first layer is a
  convolution, whose weights apply to all of them.

Pixels in [0, 1] are none of these.

**Harm.** A large or off-centre input is harmful if one of these holds:

- before training and with weights that suit an input of RMS 1, more than half of the first layer's tanh or sigmoid
  activations are saturated, or more than a quarter of its ReLU units are silent;
- the network learned next to nothing, or lost more than a quarter of a layer's units, after a first step larger than
  0.3 of the weights that an input of RMS 1 would have made smaller (otherwise the learning rate is at fault);
- with an RMS above 10, the initial loss exceeds the limit of `wrong_init_loss`, and the network does not fit the
  training set.

A small input is harmful if the network learned next to nothing, started on a long plateau, or is clearly worse than the
best simple model (which standardizes its input) and does not fit the training set. Unequal features, or more than 99%
of the mean square due to means, are harmful if the network does not fit the training set. Batch normalization after the
first linear map corrects scale and centre but not unequal features. If all units of a layer are identical, the symmetry
is the cause: see `symmetric_init`.

**Severity.** Error if the training loss stays within 10% of the loss of guessing, otherwise warning. For information
only if the input does no harm.

**Advice.** Standardize each feature with statistics of the training split.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from reportgen.analysis.diagnosis.evidence.initial_loss import loss_limit
from reportgen.analysis.diagnosis.evidence.input_scale import LARGE_INPUT, first_layer_fits_unit_input, standardize
from reportgen.analysis.diagnosis.evidence.learning_rate import first_ratio
from reportgen.analysis.diagnosis.evidence.outcome import (
    CLOSE_FIT,
    FITS,
    learned_task,
    start_loss,
    stuck,
    worse_than_simple_models,
)
from reportgen.analysis.diagnosis.evidence.plateau import long_plateau
from reportgen.analysis.diagnosis.evidence.signal import input_size
from reportgen.analysis.diagnosis.evidence.symptoms import enough, fold, number, percent, probed, words_for_seeds
from reportgen.analysis.diagnosis.layers import normalizes_input
from reportgen.analysis.finding import Evidence, Finding, Rule, Severity
from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.languages.translate import N_, _
from reportgen.runs.record import RunRecord

SMALL_INPUT, FAR_TOO_LARGE = 0.1, 10.0
OFF_CENTRE, FAR_OFF = 0.9, 0.99
UNEQUAL = 10.0
FLAT, FLATTENED, SILENT = 0.5, 0.8, 0.25
COMMON_STEP = 0.3
SOURCES = (
    "stanford-scribe",
    "lecture-review",
    "nn1-notes",
    "LeCun et al. 1998, Efficient BackProp, section 4.3",
)


def unequal(record: RunRecord) -> float:
    """Return the ratio of feature scales: maximum over median, or median over lower quartile, the larger.

    It is 1 for a convolution, whose weights each apply to all pixels of a channel.
    """
    if record.spec.network.layers[0].window is not None:
        return 1.0
    spread = [float(value) for value in record.facts.get("input_feature_std", ())]
    if len(spread) != 5 or min(spread) <= 0:
        return 1.0
    return max(spread[4] / spread[2], spread[2] / spread[1])


def _offset(record: RunRecord) -> float:
    """Return the share of the mean square due to the features' means."""
    return float(record.facts.get("input_offset_share", 0.0))


def kinds(record: RunRecord) -> tuple[str, ...]:
    """Return the ways in which the input is not normalized."""
    size = input_size(record)
    found = {
        "large": size > LARGE_INPUT,
        "small": size < SMALL_INPUT,
        "off centre": _offset(record) > OFF_CENTRE,
        "unequal": unequal(record) > UNEQUAL,
    }
    return tuple(kind for kind, there in found.items() if there)


def harm(record: RunRecord) -> str:
    """Return a clause on the harm that the input does to a run, empty if the record shows none."""
    ways, normalized = kinds(record), normalizes_input(record.spec.network)
    needed = CLOSE_FIT if long_plateau(record) or _flattened(record) else FITS
    if not ways or learned_task(record, needed):
        return ""
    if not normalized and {"large", "off centre"} & set(ways) and (problem := _first_layer(record) or _steps(record)):
        return problem
    if "small" in ways and not normalized and (stuck(record) or long_plateau(record)):
        return _("the loss hardly decreases") if stuck(record) else _("the loss decreases late")
    if "small" in ways and not normalized and record.steps > 0 and worse_than_simple_models(record):
        return _("the network is worse than simple models, which standardize the input")
    if record.steps > 0 and ("unequal" in ways or (not normalized and _offset(record) > FAR_OFF)):
        return _("the loss hardly decreases") if stuck(record) else _("the network does not fit the training set")
    return ""


def _first_layer(record: RunRecord) -> str:
    """Return a clause on the first layer before training, empty if it is healthy or its weights do not suit RMS 1."""
    if record.layers < 2 or not first_layer_fits_unit_input(record) or record.spec.network.layers[0].bias < 0:
        return ""
    row = ACTIVATIONS[record.spec.network.layers[0].activation.name]
    flat, silent = (float(record.statistic(name)[0][0]) for name in ("saturated_fraction", "dead_fraction"))
    if row.bounded and flat > FLAT:
        return _("{flat} of the first layer's activations are saturated before training").format(flat=percent(flat))
    if row.silences and silent > SILENT:
        return _("{silent} of the first layer's units are silent before training").format(silent=percent(silent))
    return ""


def _flattened(record: RunRecord) -> bool:
    """Return whether the first layer is saturated almost entirely before training."""
    return bool(float(record.statistic("saturated_fraction")[0][0]) > FLATTENED)


def _steps(record: RunRecord) -> str:
    """Return a clause on the harm of large steps or outputs that an input of RMS 1 would have avoided."""
    first = first_ratio(record)
    if record.steps > 0 and first > COMMON_STEP and first / max(input_size(record), 1.0) <= COMMON_STEP:
        if record.status == "diverged":
            return _("the run diverges")
        if stuck(record):
            return _("the loss hardly decreases")
        if (lost := _fell_silent(record)) > SILENT:
            return _("{lost} of a layer's units become silent in training").format(lost=percent(lost))
    if record.steps > 0 and input_size(record) > FAR_TOO_LARGE and start_loss(record) > loss_limit(record):
        return _("the initial loss is {start_loss}, and the network does not fit the training set").format(
            start_loss=number(start_loss(record))
        )
    return ""


def _fell_silent(record: RunRecord) -> float:
    """Return the largest share of a layer's units that became silent in training."""
    dead = np.asarray(record.statistic("dead_fraction"), np.float64)[:, :-1]
    lost = dead[-1] - dead[0] if dead.size else np.zeros(0)
    return float(lost[np.isfinite(lost)].max(initial=0.0))


def check(evidence: Evidence) -> Finding | None:
    """Return a finding if the input of most seeds is not normalized, an alarm if it harms most of them."""
    records = probed(evidence.records)
    shown = [record for record in records if kinds(record)]
    if not enough(len(shown), len(records)):
        return None
    harms = [(record, problem) for record in shown if (problem := harm(record))]
    hurts = bool(harms) and enough(len(harms), len(shown))
    first = harms[0][0] if hurts else shown[0]
    named = [record for record, _ in harms] if hurts else shown
    seeds = tuple(record.spec.seed for record in named)
    effect = f"; {harms[0][1]}" if hurts else _("; the records show no harmful effect")
    advice, proposal = standardize(evidence, first)
    return RULE.finding(
        evidence,
        severity=_severity(named, hurts),
        seeds=seeds,
        layers=(1,) if hurts else (),
        step=0,
        evidence=_numbers(first),
        message=(
            _("The input is not normalized: {words}{effect} ({seeds}, at step 0).").format(
                words=_words(first), effect=effect, seeds=words_for_seeds(seeds, len(records))
            )
        ),
        advice=advice,
        proposals=(proposal,),
    )


def _severity(records: Sequence[RunRecord], hurts: bool) -> Severity:
    if not hurts:
        return "info"
    return "error" if 2 * sum(stuck(record) for record in records) > len(records) else "warning"


def _numbers(record: RunRecord) -> dict[str, float | None]:
    share = record.facts.get("input_offset_share")
    return {
        "input_rms": input_size(record),
        "input_offset_share": None if share is None else float(share),
        "unequal": unequal(record) if math.isfinite(unequal(record)) else None,
    }


def _words(record: RunRecord) -> str:
    """Return a clause on the scale of the input."""
    words = {
        "large": _("its root mean square is {input_size}").format(input_size=number(input_size(record))),
        "small": _("its root mean square is {input_size}").format(input_size=number(input_size(record))),
        "off centre": _("{offset} of its mean square is due to the means of the features").format(
            offset=percent(_offset(record))
        ),
        "unequal": _("the scales of its features differ by {unequal}").format(unequal=fold(unequal(record))),
    }
    return ", ".join(dict.fromkeys(words[kind] for kind in kinds(record)))


RULE = Rule(
    id="unnormalized_input",
    title=N_("Input not normalized"),
    check=check,
    sources=SOURCES,
    stage="data",
    yields_to=("symmetric_init",),
)
