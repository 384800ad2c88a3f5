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
next to nothing or lost more than a quarter of its units, though its first step would have been at most 0.3 of the
weights with an input of size 1; beyond, the learning rate is at fault and not the input. Small: the net learned next
to nothing, or only after a tenth of training. Unequal: the net does not fit its training split. Batch normalization
after the first linear map mends scale and centre, not unequal features.

**Severity.** An error where the training loss stays within 10% of that of guessing, else a warning. Where it does not
hurt, as in a net that fits its training split, it is worth a sentence.

**Advice.** Standardize each feature, with statistics of the training split.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from reportgen.analysis.finding import Evidence, Finding, Rule, Severity
from reportgen.analysis.rules._input import LARGE_INPUT, first_layer_fits_unit_input, standardize
from reportgen.analysis.rules._outcome import fits, masters, stuck
from reportgen.analysis.rules._plateau import delayed
from reportgen.analysis.rules._rate import first_ratio
from reportgen.analysis.rules._seen import enough, looked_at, number, percent, words_for_seeds
from reportgen.analysis.rules._signal import input_size
from reportgen.runs.record import RunRecord

SMALL_INPUT = 0.1
OFF_CENTRE = 0.9
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


def kinds(record: RunRecord) -> tuple[str, ...]:
    """Return in which ways the input is not normalized."""
    size = input_size(record)
    found = {
        "large": size > LARGE_INPUT,
        "small": size < SMALL_INPUT,
        "off centre": float(record.facts.get("input_offset_share", 0.0)) > OFF_CENTRE,
        "unequal": unequal(record) > UNEQUAL,
    }
    return tuple(kind for kind, there in found.items() if there)


def harm(record: RunRecord) -> str:
    """Return what the input does to a run, in words; empty where it does nothing that the record shows."""
    ways, normalized = kinds(record), record.spec.network.layers[0].batchnorm is not None
    if not ways or masters(record) or (fits(record) and not delayed(record) and not _flattened(record)):
        return ""
    if not normalized and {"large", "off centre"} & set(ways) and (seen := _first_layer(record) or _steps(record)):
        return seen
    if "small" in ways and not normalized and (stuck(record) or delayed(record)):
        return "the loss hardly falls" if stuck(record) else "the loss falls late"
    if "unequal" in ways and record.steps > 0:
        return "the loss hardly falls" if stuck(record) else "the net does not fit its training split"
    return ""


def _first_layer(record: RunRecord) -> str:
    """Return what is wrong with the first hidden layer before training, though its weights fit inputs of size 1."""
    if record.layers < 2 or not first_layer_fits_unit_input(record) or record.spec.network.layers[0].bias < 0:
        return ""
    name = record.spec.network.layers[0].activation.name
    flat, silent = (float(record.statistic(what)[0][0]) for what in ("saturated_fraction", "dead_fraction"))
    if name in ("tanh", "sigmoid") and flat > FLAT:
        return f"{percent(flat)} of the first layer's activations are flat before training"
    if name == "relu" and silent > SILENT:
        return f"{percent(silent)} of the first layer's units are silent before training"
    return ""


def _flattened(record: RunRecord) -> bool:
    """Return whether next to nothing of the first layer has a slope before training."""
    return bool(float(record.statistic("saturated_fraction")[0][0]) > FLATTENED)


def _steps(record: RunRecord) -> str:
    """Return what too large steps did, where an input of size 1 would have made them common ones."""
    if record.steps == 0 or first_ratio(record) / max(input_size(record), 1.0) > COMMON_STEP:
        return ""
    if record.status == "diverged":
        return "the run diverges"
    if stuck(record):
        return "the loss hardly falls"
    dead = np.asarray(record.statistic("dead_fraction"), np.float64)[:, :-1]
    lost = float(np.nanmax(dead[-1] - dead[0])) if dead.size and np.isfinite(dead[-1]).any() else 0.0
    return f"{percent(lost)} of a layer's units fall silent in training" if lost > SILENT else ""


def check(evidence: Evidence) -> Finding | None:
    """Return the finding where the input of most seeds is not normalized; an alarm where it hurts most of those."""
    records = looked_at(evidence.records)
    shown = [record for record in records if kinds(record)]
    if not shown or not enough(len(shown), len(records)):
        return None
    harms = [(record, seen) for record in shown if (seen := harm(record))]
    hurts = bool(harms) and enough(len(harms), len(shown))
    first = harms[0][0] if hurts else shown[0]
    named = [record for record, _ in harms] if hurts else shown
    seeds = tuple(record.spec.seed for record in named)
    what = f": {harms[0][1]}" if hurts else ", which does no harm that the records show"
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
        "off centre": f"{percent(float(record.facts.get('input_offset_share', 0.0)))} of its square is due to the mean",
        "unequal": f"its features differ in scale by a factor of {number(unequal(record))}",
    }
    return ", ".join(dict.fromkeys(words[kind] for kind in kinds(record)))


RULE = Rule(
    id="unnormalized_input",
    title="Input not normalized",
    check=check,
    sources=SOURCES,
    stage="data",
)
