"""The input lies far from zero mean and unit scale, and the records show that it hurts.

**Statistic.** Of the training examples as the net sees them: the root mean square of an input; the share of its square
that is due to the features' means; and how the features' standard deviations differ. Then what became of the first
layer: saturated or silent units before training, steps as large as the weights, a loss that does not fall.

**Reference.** Common weights fit inputs of size 1. Large: a root mean square beyond 3. Small: below 0.1. Off centre:
more than 90% of the square due to means, so that one direction is ten times as steep as all others together. Unequal:
the largest standard deviation more than 10 times the median, or the median more than 10 times the lower quartile; the
first layer then sees little but some features. Pixels in [0, 1] are none of these.

**And it hurts.** Large or off centre: more than half of the first layer's tanh or sigmoid activations are flat, or more
than a quarter of its ReLU units silent, before training and with weights that fit inputs of size 1; or the net learned
next to nothing, or lost more than a quarter of a layer's units, after a first step of more than 0.3 of the weights that
would have been less with an input of size 1: else the learning rate is at fault and not the input; or an input beyond
10 lets the loss start where no common weights would (see `wrong_init_loss`), and the net does not fit its training
split. Small: the net learned next to nothing, or only after a tenth of training, or does not fit its training split and
is clearly below the best of the simple models on held-out examples, which standardize their input. Unequal, or more
than 99% of the square due to means, so that some directions are a hundred times as steep as others: the net does not
fit its training split. Batch normalization after the first linear map mends scale and centre, not unequal features.

Where all units of a layer are copies of one another, that is what holds the net, at any input: see `symmetric_init`.

**Severity.** An error where the training loss stays within 10% of that of guessing, else a warning. Where it does not
hurt, as in a net that fits its training split, it is worth a sentence.

**Advice.** Standardize each feature, with statistics of the training split.
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
from reportgen.analysis.finding import Evidence, Finding, Rule, Severity
from reportgen.engine.tables.activations import ACTIVATIONS
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
    """Return the factor by which features differ in scale: largest over median, or median over lower quartile."""
    spread = [float(value) for value in record.facts.get("input_feature_std", ())]
    if len(spread) != 5 or min(spread) <= 0:
        return 1.0
    return max(spread[4] / spread[2], spread[2] / spread[1])


def _offset(record: RunRecord) -> float:
    """Return the share of the input's square that is due to the features' means."""
    return float(record.facts.get("input_offset_share", 0.0))


def kinds(record: RunRecord) -> tuple[str, ...]:
    """Return in which ways the input is not normalized."""
    size = input_size(record)
    found = {
        "large": size > LARGE_INPUT,
        "small": size < SMALL_INPUT,
        "off centre": _offset(record) > OFF_CENTRE,
        "unequal": unequal(record) > UNEQUAL,
    }
    return tuple(kind for kind, there in found.items() if there)


def harm(record: RunRecord) -> str:
    """Return what the input does to a run, in words; empty where it does nothing that the record shows."""
    ways, normalized = kinds(record), record.spec.network.layers[0].batchnorm is not None
    needed = CLOSE_FIT if long_plateau(record) or _flattened(record) else FITS
    if not ways or learned_task(record, needed):
        return ""
    if not normalized and {"large", "off centre"} & set(ways) and (problem := _first_layer(record) or _steps(record)):
        return problem
    if "small" in ways and not normalized and (stuck(record) or long_plateau(record)):
        return "the loss hardly falls" if stuck(record) else "the loss falls late"
    if "small" in ways and not normalized and record.steps > 0 and worse_than_simple_models(record):
        return "the net is worse than simple models, which standardize it"
    if record.steps > 0 and ("unequal" in ways or (not normalized and _offset(record) > FAR_OFF)):
        return "the loss hardly falls" if stuck(record) else "the net does not fit its training split"
    return ""


def _first_layer(record: RunRecord) -> str:
    """Return what is wrong with the first hidden layer before training, though its weights fit inputs of size 1."""
    if record.layers < 2 or not first_layer_fits_unit_input(record) or record.spec.network.layers[0].bias < 0:
        return ""
    row = ACTIVATIONS[record.spec.network.layers[0].activation.name]
    flat, silent = (float(record.statistic(what)[0][0]) for what in ("saturated_fraction", "dead_fraction"))
    if row.bounded and flat > FLAT:
        return f"{percent(flat)} of the first layer's activations are flat before training"
    if row.silences and silent > SILENT:
        return f"{percent(silent)} of the first layer's units are silent before training"
    return ""


def _flattened(record: RunRecord) -> bool:
    """Return whether next to nothing of the first layer has a slope before training."""
    return bool(float(record.statistic("saturated_fraction")[0][0]) > FLATTENED)


def _steps(record: RunRecord) -> str:
    """Return what too large steps or outputs did, where an input of size 1 would have made them common ones."""
    first = first_ratio(record)
    if record.steps > 0 and first > COMMON_STEP and first / max(input_size(record), 1.0) <= COMMON_STEP:
        if record.status == "diverged":
            return "the run diverges"
        if stuck(record):
            return "the loss hardly falls"
        if (lost := _fell_silent(record)) > SILENT:
            return f"{percent(lost)} of a layer's units fall silent in training"
    if record.steps > 0 and input_size(record) > FAR_TOO_LARGE and start_loss(record) > loss_limit(record):
        return f"the loss starts at {number(start_loss(record))}, and the net does not fit its training split"
    return ""


def _fell_silent(record: RunRecord) -> float:
    """Return the largest share of a layer's units that were silenced by training, 0 where none was."""
    dead = np.asarray(record.statistic("dead_fraction"), np.float64)[:, :-1]
    lost = dead[-1] - dead[0] if dead.size else np.zeros(0)
    return float(lost[np.isfinite(lost)].max(initial=0.0))


def check(evidence: Evidence) -> Finding | None:
    """Return the finding where the input of most seeds is not normalized; an alarm where it hurts most of those."""
    records = probed(evidence.records)
    shown = [record for record in records if kinds(record)]
    if not shown or not enough(len(shown), len(records)):
        return None
    harms = [(record, problem) for record in shown if (problem := harm(record))]
    hurts = bool(harms) and enough(len(harms), len(shown))
    first = harms[0][0] if hurts else shown[0]
    named = [record for record, _ in harms] if hurts else shown
    seeds = tuple(record.spec.seed for record in named)
    what = f"; {harms[0][1]}" if hurts else ", which does no harm that the records show"
    advice, proposal = standardize(evidence, first)
    return Finding(
        rule=RULE.id,
        severity=_severity(named, hurts),
        variant=evidence.variant.id,
        seeds=seeds,
        layers=(1,) if hurts else (),
        step=0,
        evidence=_numbers(first),
        message=(
            f"The input is not normalized: {_words(first)}{what} ({words_for_seeds(seeds, len(records))}, at step 0)."
        ),
        advice=advice,
        sources=SOURCES,
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
    """Return what is unusual about the input."""
    words = {
        "large": f"its root mean square is {number(input_size(record))}",
        "small": f"its root mean square is {number(input_size(record))}",
        "off centre": f"{percent(_offset(record))} of its square is due to the mean",
        "unequal": f"its features differ in scale by {fold(unequal(record))}",
    }
    return ", ".join(dict.fromkeys(words[kind] for kind in kinds(record)))


RULE = Rule(
    id="unnormalized_input",
    title="Input not normalized",
    check=check,
    sources=SOURCES,
    stage="data",
    yields_to=("symmetric_init",),
)
