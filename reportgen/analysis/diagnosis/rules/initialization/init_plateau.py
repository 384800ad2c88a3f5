"""The loss is flat at first and falls later: training has to correct the initialization before it can learn.

**Statistic.** The minibatch losses, averaged over up to 60 blocks of steps. The rule compares two times: when the loss
has completed a tenth of its total decrease, and when it has completed half. Time is the sum of learning rates, so that
a warm-up does not count as a plateau.

**Reference.** An exponential decrease completes a tenth after 0.15 of the time it needs for half. A loss that leaves a
saddle point completes a tenth only shortly before half. From 0.5 on, the start counts as flat. The decrease has to be
at least 15% of the loss of guessing, and at least five standard errors of a block. A flat start alone does not indicate
a poor initialization, since some tasks have a plateau of their own (a linear map cannot separate spirals). The signal
or the gradient must also be small before training: each layer keeps 0.3 or less on geometric average, where healthy
initializations keep at least 0.7. A sigmoid layer keeps about a quarter with any weights, and a few such layers train
well; they count only if all layers together keep less than a hundredth.

**Severity.** Warning if the plateau lasts for at least a tenth of training (a fifth if the network fits the training
set in the end). Otherwise for information only.

**Advice.** Scale the weights by fan-in: `he` for ReLU, `xavier` for tanh. Alternatively, normalize each layer.
"""

from __future__ import annotations

import numpy as np

from reportgen.analysis.diagnosis.evidence.means import mean
from reportgen.analysis.diagnosis.evidence.plateau import Plateau, long_plateau, plateau
from reportgen.analysis.diagnosis.evidence.scale_remedies import is_shallow, max_slope, normalize, rescale
from reportgen.analysis.diagnosis.evidence.signal import LARGE, backward, forward, input_size
from reportgen.analysis.diagnosis.evidence.symptoms import FROM_START, enough, number, percent, probed, words_for_seeds
from reportgen.analysis.diagnosis.layers import averaging
from reportgen.analysis.diagnosis.scores.init_plateau import FORM
from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule
from reportgen.languages.translate import N_, _
from reportgen.runs.record import RunRecord

WEAK = 0.3
SOURCES = (
    "stanford-scribe",
    "Glorot and Bengio 2010",
    "Saxe, McClelland and Ganguli 2014, section 2",
)


def strength(record: RunRecord) -> float:
    """Return the share of signal or gradient, the smaller, that a layer keeps before training (geometric mean)."""
    size, std, deltas = input_size(record), forward(record), backward(record)
    kept = [1.0]
    if std.size and size > 0 and np.isfinite(std[-1]):
        kept.append(float(std[-1] * averaging(record)[-2] / size) ** (1 / std.size))
    if deltas.size > 1 and deltas[-1] > 0 and np.isfinite(deltas).all():
        kept.append(float(deltas[0] / deltas[-1]) ** (1 / (deltas.size - 1)))
    return min(kept)


def weak_at_start(record: RunRecord) -> bool:
    """Return whether the hidden layers together keep less than a hundredth of signal or gradient before training."""
    return strength(record) ** (record.layers - 1) <= 1 / LARGE


def _flat(record: RunRecord) -> Plateau | None:
    """Return the plateau of a run whose signal or gradient was weak before training."""
    if record.layers < 2 or strength(record) > WEAK:
        return None
    few = is_shallow(record) and not weak_at_start(record)
    return None if few else plateau(record)


def check(evidence: Evidence) -> Finding | None:
    """Return a finding if the loss of most seeds starts on a plateau."""
    records = probed(evidence.records)
    found = [(record, flat) for record in records if (flat := _flat(record)) is not None]
    if not enough(len(found), len(records)):
        return None
    shown, flats = [record for record, _ in found], [flat for _, flat in found]
    share, end = (float(np.median([getattr(flat, name) for flat in flats])) for name in ("share", "end"))
    start, fallen = (mean([getattr(flat, name) for flat in flats]) for name in ("start", "fallen"))
    weak = float(np.median([strength(record) for record in shown]))
    seeds = tuple(record.spec.seed for record in shown)
    advice, proposals = _remedy(shown[0])
    return RULE.finding(
        evidence,
        severity="warning" if 2 * sum(long_plateau(record) for record in shown) > len(shown) else "info",
        seeds=seeds,
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
            _(
                "The loss stays near {start} for the first {end} steps ({share} of training) and then falls "
                "to {fallen}. Before training, each layer multiplies the signal or the gradient by {weak} on "
                "average ({seeds}, from step 0)."
            ).format(
                start=number(start),
                end=int(end),
                share=percent(share),
                fallen=number(fallen),
                weak=number(weak),
                seeds=words_for_seeds(seeds, len(records)),
            )
        ),
        advice=advice,
        proposals=proposals,
    )


def _remedy(record: RunRecord) -> tuple[str, tuple[Proposal, ...]]:
    if is_shallow(record):
        times = _("{max_slope} times").format(max_slope=number(1 / max_slope(record)))
        steeper = Proposal(
            {"network.activation": "tanh", "network.init": "xavier"}, _("tanh is {times} as steep").format(times=times)
        )
        return (
            _("Use tanh and Xavier initialization: at zero, tanh is {times} as steep.").format(times=times),
            (steeper, normalize(record)),
        )
    return rescale(record, _("too small here"))


RULE = Rule(
    id="init_plateau",
    title=N_("Plateau at the start"),
    check=check,
    sources=SOURCES,
    stage="initialization",
    one_task=True,
    causes=(*FROM_START, "vanishing_activations", "vanishing_gradients", "saturation"),
    on_scores=FORM,
)
