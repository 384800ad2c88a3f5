"""Minibatches are sorted by class: most batches have examples of one class only.

**Statistic.** If the record contains it, the largest share of one class in each minibatch, or in those that a recorder
observed. Otherwise, if the settings
keep the order of the examples, the mean number of examples of one class in a row. Otherwise the losses of the
minibatches of the first epoch.

**Reference.** For shuffled examples, the number of examples of each class in a batch has a multinomial distribution.
The rule reports batches whose largest share is more than halfway from its expected value to 1, on average; or rows of
at least a batch. Losses show sorted examples in the first epoch, because the network has not seen the next class at the
border between two classes: the loss is below half of the loss of guessing before the border, and above the loss of
guessing at most two batches later. There must be such jumps at half of the borders or more, and nowhere else. The
borders follow from the number of examples of each class, in ascending or in descending order of the classes. Batches
must have at least four examples, and each class two batches.

**Severity.** Error if training accuracy does not exceed the most common class clearly, a warning if the network does
not fit its training examples, otherwise for information only.

**Advice.** Shuffle the training examples in each epoch (`shuffle=True` in PyTorch and Keras).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.classes import class_counts
from reportgen.analysis.diagnosis.evidence.held_out import training_majority
from reportgen.analysis.diagnosis.evidence.means import mean
from reportgen.analysis.diagnosis.evidence.outcome import CLOSE_FIT, guess_loss, learned_task
from reportgen.analysis.diagnosis.evidence.symptoms import in_most, number, percent, words_for_seeds
from reportgen.analysis.finding import Evidence, Finding, Proposal, Rule, Severity
from reportgen.languages.translate import N_, _
from reportgen.runs.record import RunRecord

HALF = 0.5
DRAWS = 400
LEAST_BATCH = 4
POOR = 0.1
SOURCES = (
    "Bengio 2012, Practical recommendations for gradient-based training of deep architectures, section 3.1",
    "McCloskey and Cohen 1989, Catastrophic interference in connectionist networks",
)


def _sorted(record: RunRecord) -> str | None:
    """Return a clause on batches sorted by class, None if they are not."""
    found, expected = _observed_share(record), _expected_share(record)
    if found is not None:
        clear = found > (1 + expected) / 2 and expected < 1
        share = _("on average {found} of the examples of a batch belong to one class").format(found=percent(found))
        return (
            _("{share} (shuffled batches: {expected})").format(share=share, expected=percent(expected))
            if clear
            else None
        )
    run = _run_length(record)
    if run >= _batch_size(record) > 1:
        return _("the same examples follow in each epoch, on average {run} of a class in a row").format(run=number(run))
    jumps = _jumps(record)
    if not jumps:
        return None
    times = _("once") if jumps == 1 else _("{jumps} times").format(jumps=jumps)
    return _(
        "in the first epoch the loss jumps above the loss of guessing {times}, each time where the next class begins"
    ).format(times=times)


def _observed_share(record: RunRecord) -> float | None:
    """Return the largest share of one class in a batch, averaged over all batches or those observed; None if unknown.

    The loop of a recorder may shuffle in any way, so that without this the rule cannot judge.
    """
    observed = record.facts.get("batches_top_share")
    if observed is not None:
        return float(observed)
    return float(np.mean(record.arrays["step_top_share"])) if "step_top_share" in record.arrays else None


def _run_length(record: RunRecord) -> float:
    """Return the mean number of examples of one class in a row if the settings keep their order, otherwise 0."""
    counts, runs = class_counts(record), int(record.facts.get("class_runs", 0))
    if record.spec.training.shuffle or counts is None or not runs:
        return 0.0
    mixed = 1 + (counts.sum() - 1) * (1 - float(((counts / counts.sum()) ** 2).sum()))
    return float(counts.sum() / runs) if runs < mixed / 2 else 0.0


def _expected_share(record: RunRecord) -> float:
    """Return the expected largest share of one class in a shuffled batch, 1 if it is unknown."""
    counts, size = class_counts(record), _batch_size(record)
    return 1.0 if counts is None or not size else _largest_share(tuple(counts.tolist()), size)


@functools.lru_cache(maxsize=256)
def _largest_share(counts: tuple[float, ...], size: int) -> float:
    """Return the expected largest share of one class; cached, since many runs have the same number of each class."""
    shares = np.array(counts) / sum(counts)
    drawn = np.random.default_rng(0).multinomial(size, shares, DRAWS)
    return float(drawn.max(axis=1).mean() / size)


def _batch_size(record: RunRecord) -> int:
    examples = int(record.facts.get("train_n", 0))
    size = record.spec.training.batch_size
    return min(size, examples) if isinstance(size, int) else examples


def _jumps(record: RunRecord) -> int:
    """Return the number of jumps of the loss at the borders of classes in the first epoch; 0 if they do not fit."""
    counts, size = class_counts(record), _batch_size(record)
    if counts is None or size < LEAST_BATCH or (counts > 0).sum() < 2:
        return 0
    counts = counts[counts > 0]
    losses = np.asarray(record.arrays["step_loss"], np.float64)[: math.ceil(counts.sum() / size)]
    if losses.size < 2 * len(counts) or counts.min() < 2 * size:
        return 0
    places, least = _places(losses, guess_loss(record)), math.ceil((len(counts) - 1) * HALF)
    orders = (counts[:-1].cumsum() / size, counts[:0:-1].cumsum() / size)
    return len(places) if any(least <= len(places) and _fit(places, borders) for borders in orders) else 0


def _places(losses: NDArray[np.float64], guess: float) -> NDArray[np.int64]:
    """Return the batches after which the loss jumps from below half of the loss of guessing to above it."""
    soon = np.maximum(losses[1:], np.append(losses[2:], losses[-1]))  # one batch may have both classes
    jumps = (losses[:-1] < HALF * guess) & (soon > guess)
    return np.flatnonzero(np.diff(jumps, prepend=False) & jumps) + 1


def _fit(places: NDArray[np.int64], borders: NDArray[np.float64]) -> bool:
    """Return whether each jump is at another border: at most one batch after it, or two before it."""
    nearest = np.abs(places[:, None] + HALF - borders).argmin(axis=1)
    after = places - borders[nearest]
    return len(set(nearest.tolist())) == len(places) and bool(((after >= -2) & (after <= 1)).all())


def check(evidence: Evidence) -> Finding | None:
    """Return a finding if the batches of most seeds are sorted by class."""
    shown = in_most(evidence.records, [_sorted(r) if r.steps else None for r in evidence.records])
    if not shown:
        return None
    records, seeds = [r for r, _ in shown], tuple(r.spec.seed for r, _ in shown)
    return RULE.finding(
        evidence,
        severity=_severity(records),
        seeds=seeds,
        step=0,
        evidence={"batch_size": _batch_size(records[0])},
        message=(
            _(
                "The minibatches are sorted by class: {shown} ({seeds}). The network learns one class at a "
                "time and forgets the others."
            ).format(shown=shown[0][1], seeds=words_for_seeds(seeds, len(evidence.records)))
        ),
        advice=_("Shuffle the training examples in each epoch, for example with shuffle=True in the data loader."),
        proposals=_proposals(records[0]),
    )


def _proposals(record: RunRecord) -> tuple[Proposal, ...]:
    if record.spec.training.shuffle:
        return ()
    return (Proposal({"training.shuffle": True}, _("each batch has examples of all classes")),)


def _severity(records: Sequence[RunRecord]) -> Severity:
    """Return the severity from the training accuracy."""
    known = [float(r.final["train_accuracy"]) for r in records if r.final.get("train_accuracy") is not None]
    majority_share = training_majority(records)
    if known and mean(known) < majority_share + POOR * (1 - majority_share):
        return "error"
    return "info" if all(learned_task(r, CLOSE_FIT) for r in records) else "warning"


RULE = Rule(
    id="sorted_batches",
    title=N_("Minibatches sorted by class"),
    check=check,
    sources=SOURCES,
    stage="data",
    one_task=True,
)
