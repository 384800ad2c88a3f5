"""The loss is flat at first and only then falls: training has to mend the initialization before it can begin.

**Statistic.** Means of the minibatch losses over up to 60 stretches of training: when a tenth of the whole fall is
reached, and when half of it. Time is counted in learning rate, so that a warm-up is no plateau.

**Reference.** An exponential fall reaches a tenth of itself after 0.15 of the time to a half, a loss that leaves a
saddle only shortly before; from 0.5 on the beginning counts as flat. The fall has to be at least 15% of the loss of
guessing, and five standard errors of a stretch. A flat beginning alone is not the initialization's fault, since some
tasks have one of their own (a spiral shows a linear map nothing): signal or gradient have to be small before training
as well, at 0.3 or less a layer on average, where healthy initializations keep 0.7 and more. A sigmoid keeps about a
quarter whatever its weights, and a few such layers train well: they have to keep less than a hundredth all together.

**Severity.** A warning where a tenth of training or more went by on the plateau, a fifth in a net that fits its
training split in the end; else a sentence.

**Advice.** Scale the weights by fan-in: `he` for rectifiers, `xavier` for tanh; or normalize each layer.
"""

from __future__ import annotations

import numpy as np

from reportgen.analysis.diagnosis.evidence.means import mean
from reportgen.analysis.diagnosis.evidence.plateau import Plateau, long_plateau, plateau
from reportgen.analysis.diagnosis.evidence.scale_remedies import NORMALIZE, is_shallow, max_slope, rescale
from reportgen.analysis.diagnosis.evidence.signal import LARGE, backward, forward, input_size
from reportgen.analysis.diagnosis.evidence.symptoms import enough, number, percent, probed, words_for_seeds
from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule
from reportgen.runs.record import RunRecord

WEAK = 0.3
SOURCES = (
    "stanford-scribe",
    "Glorot and Bengio 2010",
    "Saxe, McClelland and Ganguli 2014, section 2",
)


def strength(record: RunRecord) -> float:
    """Return the lesser of what a layer keeps of signal and of gradient before training, on geometric average."""
    size, std, deltas = input_size(record), forward(record), backward(record)
    kept = [1.0]
    if std.size and size > 0 and np.isfinite(std[-1]):
        kept.append(float(std[-1] / size) ** (1 / std.size))
    if deltas.size > 1 and deltas[-1] > 0 and np.isfinite(deltas).all():
        kept.append(float(deltas[0] / deltas[-1]) ** (1 / (deltas.size - 1)))
    return min(kept)


def weak_at_start(record: RunRecord) -> bool:
    """Return whether all hidden layers together kept less than a hundredth of signal or gradient before training."""
    return strength(record) ** (record.layers - 1) <= 1 / LARGE


def _flat(record: RunRecord) -> Plateau | None:
    """Return the plateau of a run whose signal or gradient was weak before training."""
    if record.layers < 2 or strength(record) > WEAK:
        return None
    few = is_shallow(record) and not weak_at_start(record)
    return None if few else plateau(record)


def check(evidence: Evidence) -> Finding | None:
    """Return the finding where most seeds spend their first steps on a plateau."""
    records = probed(evidence.records)
    found = [(record, flat) for record in records if (flat := _flat(record)) is not None]
    if not found or not enough(len(found), len(records)):
        return None
    shown, flats = [record for record, _ in found], [flat for _, flat in found]
    share, end = (float(np.median([getattr(flat, name) for flat in flats])) for name in ("share", "end"))
    start, fallen = (mean([getattr(flat, name) for flat in flats]) for name in ("start", "fallen"))
    weak = float(np.median([strength(record) for record in shown]))
    seeds = tuple(record.spec.seed for record in shown)
    advice, proposals = _remedy(shown[0])
    return Finding(
        rule=RULE.id,
        severity="warning" if 2 * sum(long_plateau(record) for record in shown) > len(shown) else "info",
        variant=evidence.variant.id,
        seeds=seeds,
        layers=(),
        step=0,
        evidence={
            "plateau_steps": int(end),
            "plateau_share": share,
            "loss_on_plateau": start,
            "least_loss": fallen,
            "kept_by_a_layer": weak,
            "limit": WEAK,
        },
        message=(
            f"The loss stays near {number(start)} for the first {int(end)} steps, {percent(share)} of training, and "
            f"then falls to {number(fallen)}; before training a layer keeps {number(weak)} of its signal or gradient "
            f"on average ({words_for_seeds(seeds, len(records))}, from step 0)."
        ),
        advice=advice,
        sources=SOURCES,
        proposals=proposals,
    )


def _remedy(record: RunRecord) -> tuple[str, tuple[Proposal, ...]]:
    if is_shallow(record):
        times = f"{number(1 / max_slope(record))} times"
        steeper = Proposal({"network.activation": "tanh", "network.init": "xavier"}, f"tanh is {times} as steep")
        return f"Take tanh with weights scaled by 1 / sqrt(fan_in): {times} as steep at zero.", (steeper, NORMALIZE)
    return rescale(record, "too small for it")


RULE = Rule(
    id="init_plateau",
    title="Plateau at the start",
    check=check,
    sources=SOURCES,
    stage="initialization",
    causes=("unnormalized_input", "symmetric_init", "vanishing_activations", "vanishing_gradients", "saturation"),
)
