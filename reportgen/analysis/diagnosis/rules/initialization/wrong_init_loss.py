"""The loss before training is far above chance: the network is confident before it has learned anything.

**Statistic.** The data loss before the first step, without penalties. With batch normalization, the loss of the first
batch, because running statistics do not exist yet.

**Reference.** Outputs that are all zero have a loss of ln C for C classes. Outputs of variance v have a loss of about
ln C + v (1 - 1/C) / 2 for small v, and at most ln C + sqrt(2 v ln C) on average. He initialization gives v = 2, which
is not a fault. Two sources of chance are added: in narrow layers, v may be larger by a factor of exp(2 sqrt(S)) (two
standard deviations), where S is the sum of 5 / n over layers of n units; and uneven class shares p add a standard
deviation of sqrt(v) times the root of the sum of p^2. The rule reports a loss above all this and above 1.5 ln C. It
also reports a loss above 1.5 ln C alone if outputs of the measured variance exceed the full limit on average. For other
losses, v enters their own expectation. Uneven class frequencies lower the loss of guessing to their entropy, but not
the loss before training.

**Causes.** The hidden layers, if the last of them has more than twice the size of the input. Otherwise the input, if
its root mean square exceeds 3. Otherwise the weights of the output layer.

**Severity.** Warning: the first steps are spent on unlearning. For information only if this is harmless: the network
fits the training set, started below ten times the loss of guessing and fell below it within a tenth of training; or the
input is too large and the network fits the training set or was not trained.

**Advice.** Depending on the cause: smaller weights in the output layer, scaled weights in all layers, or a standardized
input.
"""

from __future__ import annotations

import math

import numpy as np

from reportgen.analysis.diagnosis.evidence.course import finite, plausible_loss
from reportgen.analysis.diagnosis.evidence.initial_loss import exceeds_limit, loss_limit
from reportgen.analysis.diagnosis.evidence.input_scale import LARGE_INPUT, standardize
from reportgen.analysis.diagnosis.evidence.means import mean
from reportgen.analysis.diagnosis.evidence.outcome import fits, guess_loss, learned_task, start_loss
from reportgen.analysis.diagnosis.evidence.scale_remedies import rescale
from reportgen.analysis.diagnosis.evidence.signal import forward, input_size
from reportgen.analysis.diagnosis.evidence.symptoms import enough, number, probed, words_for_seeds
from reportgen.analysis.diagnosis.scores.wrong_init_loss import FORM
from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule
from reportgen.analysis.sanity import chance_loss
from reportgen.engine.tables.inits import INITS
from reportgen.languages.translate import N_, _
from reportgen.runs.record import RunRecord

ENLARGED = 2.0
SOON, BLOCKS = 0.1, 40
SOURCES = ("stanford-scribe", "lecture-review", "He et al. 2015", "Hanin and Rolnick 2018")


def _cause(record: RunRecord) -> str:
    """Return the cause: the scale of the "hidden" layers, the "input" or the "output" layer."""
    size = input_size(record)
    std = forward(record)
    if std.size and size > 0 and std[-1] > ENLARGED * size:
        return "hidden"
    return "input" if size > LARGE_INPUT else "output"


_WORDS = {
    "hidden": N_("because the hidden layers enlarge the signal"),
    "input": N_("because the input is too large"),
    "output": N_("because the weights of the output layer are too large"),
}


def _causes(record: RunRecord, cause: str) -> tuple[str, ...]:
    """Return the rules that may explain the loss; an output layer with the same init shares their fault.

    A wrong base width changes both the size of the output weights and the learning rates.
    """
    if cause == "output":
        same_init = record.spec.network.layers[-1].init == record.spec.network.layers[0].init
        by_width = ("layer_learning_rate",) if INITS[record.spec.network.layers[-1].init.name].base_width else ()
        return (*by_width, "saturation", "exploding_gradients") if same_init else by_width
    return ("unnormalized_input",) if cause == "input" else ("exploding_activations", "symmetric_init")


def check(evidence: Evidence) -> Finding | None:
    """Return a finding if most seeds start with a loss that common weights do not explain."""
    records = [r for r in probed(evidence.records) if not math.isnan(start_loss(r))]
    shown = [record for record in records if exceeds_limit(record)]
    if not enough(len(shown), len(records)):
        return None
    first = shown[0]
    loss = mean([start_loss(record) for record in shown])
    chance = chance_loss(first.spec)
    cause = max((_cause(record) for record in shown), key=[_cause(record) for record in shown].count)
    outputs = mean([record.statistic("activation_std")[0][-1] for record in shown])
    seeds = tuple(record.spec.seed for record in shown)
    advice, proposals = _remedy(evidence, first, cause)
    by_input = cause == "input" and all(record.steps == 0 or fits(record) for record in shown)
    harmless = by_input or 2 * sum(_soon_unlearned(record) for record in shown) > len(shown)
    return RULE.finding(
        evidence,
        severity="info" if harmless else "warning",
        seeds=seeds,
        layers=(first.layers,) if cause == "output" else (),
        step=0,
        evidence={
            "initial_loss": loss,
            "chance": chance,
            "guessing_frequencies": guess_loss(first),
            "output_std": outputs,
            "limit": loss_limit(first),
            "cause": cause,
        },
        message=(
            _(
                "The loss before training is {loss}, but chance level is {chance}. The outputs have a "
                "standard deviation of {outputs}, {reason} ({seeds}, at step 0)."
            ).format(
                loss=number(loss), chance=number(chance), outputs=number(outputs), reason=_(_WORDS[cause]),
                seeds=words_for_seeds(seeds, len(records)),
            )
        ),
        advice=advice,
        proposals=proposals,
        causes=_causes(first, cause),
    )  # fmt: skip


def _soon_unlearned(record: RunRecord) -> bool:
    """Return whether a successful network started from a plausible loss and soon fell below the loss of guessing."""
    if not learned_task(record) or not start_loss(record) < plausible_loss(record):
        return False
    losses = finite(record.arrays["step_loss"])
    count = min(BLOCKS, losses.size)
    blocks = np.array_split(losses, max(count, 1))[: int(SOON * count)]
    return any(block.mean() < guess_loss(record) for block in blocks)


def _remedy(evidence: Evidence, record: RunRecord, cause: str) -> tuple[str, tuple[Proposal, ...]]:
    if cause == "input":
        advice, proposal = standardize(evidence, record)
        return advice, (proposal,)
    small = Proposal({"network.output_init": "xavier"}, _("outputs of about the size of the layer's input"))
    if cause == "output":
        smaller = Proposal({"network.output_init": {"name": "gaussian", "std": 0.01}}, _("outputs near zero"))
        return _("Initialize the output layer with smaller weights (output_init: xavier)."), (small, smaller)
    return rescale(record, _("too large here"))


RULE = Rule(
    id="wrong_init_loss",
    title=N_("Initial loss far above chance"),
    check=check,
    sources=SOURCES,
    stage="initialization",
    causes=("unnormalized_input", "exploding_activations", "symmetric_init"),
    on_scores=FORM,
)
