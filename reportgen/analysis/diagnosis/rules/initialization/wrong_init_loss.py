"""The loss before training lies far above that of guessing: the net is sure of answers it knows nothing about.

**Statistic.** The data loss before the first step, penalties left out; with batch normalization that of the first
batch, since in test mode there are no statistics yet to normalize with.

**Reference.** Outputs that are all zero cost ln C with C classes. Outputs of variance v cost ln C + v (1 - 1/C) / 2 for
small v, and never more than ln C + sqrt(2 v ln C) on average. He weights give v = 2, which is no fault; a draw of
narrow layers multiplies it by exp(2 sqrt(sum of 5 / n)) at two standard deviations; and a class that makes up a share
p of the examples adds chance of its own, with standard deviation sqrt(v) times the root of the sum of p^2. A loss
beyond all this, and beyond 1.5 times ln C, counts; and so does one beyond the latter alone where outputs of the
measured variance cost more than all this on average, since with two classes much is luck. For other losses the same v
enters their own expectation. Labels of uneven frequencies have a lower loss to learn towards, their entropy, but cost
ln C before training like all others.

**Causes told apart.** The size of the last hidden layer's activations over that of the input tells hidden layers that
enlarge the signal; else the input is the cause where its root mean square is beyond 3, and else the last layer's
weights.

**Severity.** A warning: the first steps go into unlearning. A sentence where that costs nothing: in a net that fits its
training split and came below the loss of guessing within a tenth of training, from a loss below ten times that; and
with an input that is too large, in any net that fits its training split or was not trained.

**Advice.** Smaller weights in the last layer, or scaled ones in all, or a standardized input: what is the cause.
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
from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule
from reportgen.analysis.sanity import chance_loss
from reportgen.runs.record import RunRecord

ENLARGED = 2.0
SOON, BLOCKS = 0.1, 40
SOURCES = ("stanford-scribe", "lecture-review", "He et al. 2015", "Hanin and Rolnick 2018")


def _cause(record: RunRecord) -> str:
    """Return whose scale is the cause: "hidden" layers', the "input"'s, or the "output" layer's."""
    size = input_size(record)
    std = forward(record)
    if std.size and size > 0 and std[-1] > ENLARGED * size:
        return "hidden"
    return "input" if size > LARGE_INPUT else "output"


_WORDS = {
    "hidden": "the hidden layers enlarge the signal",
    "input": "the input is that large",
    "output": "the last layer's weights are that large",
}


def _causes(record: RunRecord, cause: str) -> tuple[str, ...]:
    """Return the rules that may explain the loss; an output layer drawn like the hidden ones shares their fault."""
    if cause == "output":
        same_init = record.spec.network.layers[-1].init == record.spec.network.layers[0].init
        return ("saturation", "exploding_gradients") if same_init else ()
    return ("unnormalized_input",) if cause == "input" else ("exploding_activations", "symmetric_init")


def check(evidence: Evidence) -> Finding | None:
    """Return the finding where most seeds begin with a loss beyond what common weights explain."""
    records = [r for r in probed(evidence.records) if not math.isnan(start_loss(r))]
    shown = [record for record in records if exceeds_limit(record)]
    if not shown or not enough(len(shown), len(records)):
        return None
    first = shown[0]
    loss = mean([start_loss(record) for record in shown])
    chance = chance_loss(first.spec.training.loss.name, first.spec.network.layers[-1].units)
    cause = max((_cause(record) for record in shown), key=[_cause(record) for record in shown].count)
    outputs = mean([record.statistic("activation_std")[0][-1] for record in shown])
    seeds = tuple(record.spec.seed for record in shown)
    advice, proposals = _remedy(evidence, first, cause)
    by_input = cause == "input" and all(record.steps == 0 or fits(record) for record in shown)
    harmless = by_input or 2 * sum(_soon_unlearned(record) for record in shown) > len(shown)
    return Finding(
        rule=RULE.id,
        severity="info" if harmless else "warning",
        variant=evidence.variant.id,
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
            f"The loss before training is {number(loss)}, where guessing costs {number(chance)}: the outputs have a "
            f"standard deviation of {number(outputs)}, since {_WORDS[cause]} "
            f"({words_for_seeds(seeds, len(records))}, at step 0)."
        ),
        advice=advice,
        sources=SOURCES,
        proposals=proposals,
        causes=_causes(first, cause),
    )


def _soon_unlearned(record: RunRecord) -> bool:
    """Return whether a net that does well started from a loss within reason, and was soon below that of guessing."""
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
    small = Proposal({"network.output_init": "xavier"}, "outputs of about the size of what comes in")
    if cause == "output":
        smaller = Proposal({"network.output_init": {"name": "gaussian", "std": 0.01}}, "outputs near zero")
        return "Draw the last layer's weights smaller (output_init: xavier).", (small, smaller)
    return rescale(record, "too large for it")


RULE = Rule(
    id="wrong_init_loss",
    title="Initial loss beyond chance",
    check=check,
    sources=SOURCES,
    stage="initialization",
    causes=("unnormalized_input", "exploding_activations", "symmetric_init"),
)
