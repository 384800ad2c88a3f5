"""Hidden layers are linear on all probed examples: together with the next layer, they form a single linear map.

**Statistic.** Whether the activations of a hidden layer equal its pre-activations at every probe. For units without a
kink (identity, a leaky slope of 1), mean and standard deviation agree to within 1e-6. For ReLU, leaky ReLU and PReLU,
no activation of any probe example is zero or below, so the kink is never used.

**Reference.** A kink in use changes the standard deviation by a third. Smooth activations such as tanh are not tested:
they are nearly linear for small inputs, which `vanishing_activations` reports. A linear layer narrower than its input
and its output is a bottleneck, which is intended. So are projections on shortcuts, and layers before max pooling or
before the activation of a residual block with pre-activation, which are not tested.

**Severity.** Warning if all hidden layers are linear, whatever the accuracy: the network is no more expressive than
softmax regression. Error if it also learned next to nothing. Warning if some layers are linear, unless they are
bottlenecks.

**Advice.** Add a nonlinearity after each hidden layer: ReLU with He initialization.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.diagnosis.evidence.outcome import stuck
from reportgen.analysis.diagnosis.evidence.symptoms import (
    enough,
    layers_in_most,
    probed,
    words_for_layers,
    words_for_seeds,
)
from reportgen.analysis.diagnosis.layers import fan_ins, is_linear_by_design
from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule, Severity
from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.languages.translate import N_, _, ngettext
from reportgen.runs.record import RunRecord

AGREES = 1e-6
SOURCES = ("nn1-notes", "chicago-14", "Goodfellow, Bengio and Courville 2016, 6.1", "Saxe, McClelland and Ganguli 2014")


def _linear(record: RunRecord) -> NDArray[np.bool_]:
    """Return which hidden layers are linear at every probe, (layers - 1,); bottlenecks count only if all layers do.

    Layers that are linear by design do not count, and all layers means all others.
    """
    rows = [ACTIVATIONS[layer.activation.name] for layer in record.spec.network.layers[:-1]]
    flags = np.zeros(len(rows), np.bool_)
    bent = [row.piecewise_linear and row.kinked for row in rows]
    unbent = [row.piecewise_linear and not row.silences for row in rows]
    for able, shown in ((bent, _above_zero), (unbent, _unchanged)):
        if any(able):
            flags |= np.array(able) & shown(record)
    expected = is_linear_by_design(record.spec.network)[:-1]
    flags &= ~expected
    if (flags | expected).all() or not flags.any():
        return flags
    return np.asarray(flags & ~_bottlenecks(record))


def _tested(record: RunRecord) -> int:
    """Return the number of hidden layers that should have a nonlinearity."""
    return int(np.count_nonzero(~is_linear_by_design(record.spec.network)[:-1]))


def _hidden(record: RunRecord, *names: str) -> list[NDArray[np.float64]]:
    """Return statistics of the hidden layers, each of shape (probes, layers - 1)."""
    return [np.asarray(record.statistic(name), np.float64)[:, :-1] for name in names]


def _always(holds: NDArray[np.bool_], record: RunRecord) -> NDArray[np.bool_]:
    """Return where a condition holds at every probe with a known signal that is not constant (at least one)."""
    std, z_std = _hidden(record, "activation_std", "preactivation_std")
    known = np.isfinite(std) & np.isfinite(z_std) & (z_std > 0)
    return np.asarray((holds | ~known).all(axis=0) & known.any(axis=0))


def _above_zero(record: RunRecord) -> NDArray[np.bool_]:
    """Return which hidden layers have only positive activations, shape (layers - 1,)."""
    (low,) = _hidden(record, "activation_min")
    return _always(low > 0, record) if low.size and (low > 0).any() else np.zeros(low.shape[1], np.bool_)


def _unchanged(record: RunRecord) -> NDArray[np.bool_]:
    """Return which hidden layers have activations equal to their pre-activations, shape (layers - 1,)."""
    mean, std = _hidden(record, "activation_mean", "activation_std")
    z_mean, z_std = _hidden(record, "preactivation_mean", "preactivation_std")
    with np.errstate(invalid="ignore"):  # a run that diverged ends with infinities
        scale = np.hypot(z_mean, z_std)
        same = (np.abs(mean - z_mean) <= AGREES * scale) & (np.abs(std - z_std) <= AGREES * scale)
    return _always(same, record)


def _bottlenecks(record: RunRecord) -> NDArray[np.bool_]:
    """Return which hidden layers are narrower than both neighbours."""
    widths = [layer.units for layer in record.spec.network.layers]
    narrow = [
        here < min(before, after) for before, here, after in zip(fan_ins(record), widths, widths[1:], strict=False)
    ]
    return np.array(narrow, np.bool_)


def check(evidence: Evidence) -> Finding | None:
    """Return a finding if a hidden layer is linear at every probe in most seeds."""
    records = [record for record in probed(evidence.records) if record.layers > 1]
    flags = [_linear(record) for record in records]
    shown = [record for record, flag in zip(records, flags, strict=True) if flag.any()]
    if not enough(len(shown), len(records)):
        return None
    layers, seeds = layers_in_most(flags), tuple(record.spec.seed for record in shown)
    tested = _tested(shown[0])
    everywhere = len(layers) == tested
    names = sorted({shown[0].spec.network.layers[layer - 1].activation.name for layer in layers})
    last = int(max(record.probe_steps[-1] for record in shown))
    some = ngettext("Hidden {layers} of {tested} is", "Hidden {layers} of {tested} are", len(layers))
    which = _("All hidden layers are") if everywhere else some.format(layers=words_for_layers(layers), tested=tested)
    when = _("at all probes up to step {last}").format(last=last) if last else _("at step 0")
    return RULE.finding(
        evidence,
        severity=_severity(shown, everywhere),
        seeds=seeds,
        layers=layers,
        step=0,
        evidence={"linear_layers": len(layers), "hidden_layers": tested, "activations": names},
        message=(
            _(
                "{which} linear on every probe example {when}: the output is a linear function of the input "
                "({names}; {seeds}, {layers})."
            ).format(
                which=which,
                when=when,
                names=", ".join(names),
                seeds=words_for_seeds(seeds, len(records)),
                layers=words_for_layers(layers),
            )
        ),
        advice=_("{advice} (activation: relu, init: he_normal). The layers form a single linear map.").format(
            advice=_advice(names)
        ),
        proposals=_proposals(names),
    )


def _severity(records: list[RunRecord], everywhere: bool) -> Severity:
    return "error" if everywhere and all(stuck(record) for record in records) else "warning"


def _advice(names: list[str]) -> str:
    if _all_silence(names):
        return _("Start biases at zero, or add a nonlinearity after each hidden layer")
    return _("Add a nonlinearity after each hidden layer")


def _all_silence(names: list[str]) -> bool:
    return all(ACTIVATIONS[name].silences for name in names)


def _proposals(names: list[str]) -> tuple[Proposal, ...]:
    bend = Proposal(
        {"network.activation": "relu", "network.init": "he_normal"}, _("a nonlinearity with a suitable initialization")
    )
    if _all_silence(names):
        return (Proposal({"network.bias": 0.0}, _("with zero biases, pre-activations have both signs")),)
    smooth = Proposal(
        {"network.activation": "tanh", "network.init": "xavier"}, _("a nonlinearity with a suitable initialization")
    )
    return bend, smooth


RULE = Rule(
    id="missing_nonlinearity",
    title=N_("Missing nonlinearity"),
    check=check,
    sources=SOURCES,
    stage="data",
)
