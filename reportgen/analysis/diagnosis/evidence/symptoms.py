"""Helpers for several rules: which seeds and layers show a symptom, and numbers in messages."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.words.formatting import span
from reportgen.analysis.words.nouns import counted_noun
from reportgen.languages.translate import _, ngettext, numeral, percentage
from reportgen.runs.record import RunRecord

Flags = NDArray[np.bool_]
Symptom = TypeVar("Symptom")

FROM_START = ("unnormalized_input", "symmetric_init")
"""Rules of faults that affect all layers from the first step on, and so may cause any later finding."""

UNLIKE_SPLITS = ("absent_class", "split_mismatch")
"""Rules of faults of the split, which may cause any finding about validation scores."""


def enough(seeds: int, of: int) -> bool:
    """Return whether a symptom occurs in enough seeds: more than half of them, or one of two."""
    return seeds * 2 > of or (of <= 2 and seeds >= 1)


def in_most(records: Sequence[RunRecord], symptoms: Sequence[Symptom | None]) -> list[tuple[RunRecord, Symptom]]:
    """Return the records that show a symptom, with the symptom; none if they are too few."""
    shown = [(record, symptom) for record, symptom in zip(records, symptoms, strict=True) if symptom is not None]
    return shown if enough(len(shown), len(symptoms)) else []


def probed(records: Sequence[RunRecord]) -> list[RunRecord]:
    """Return the records with probes."""
    return [record for record in records if "probe_step" in record.arrays and len(record.probe_steps)]


def initial(record: RunRecord, statistic: str) -> NDArray[np.float64]:
    """Return a statistic of the hidden layers before training, shape (layers - 1,)."""
    return np.asarray(record.statistic(statistic)[0][:-1], np.float64)


def layers_in_most(flags: Sequence[Flags]) -> tuple[int, ...]:
    """Return the layers (counted from 1) flagged in at least half of the seeds that flag any."""
    shown = [f for f in flags if f.any()]
    if not shown:
        return ()
    share = np.mean(shown, axis=0)
    return tuple(int(layer) + 1 for layer in np.flatnonzero(share >= 0.5))


def words_for_layers(layers: Sequence[int]) -> str:
    """Return layers in words: "layer 3", "layers 6 to 10", "layers 1, 4 to 5"."""
    if not layers:
        return _("no single layer")
    runs: list[list[int]] = []
    for layer in layers:
        if runs and layer == runs[-1][-1] + 1:
            runs[-1].append(layer)
        else:
            runs.append([layer])
    text = ", ".join(span(str(run[0]), str(run[-1])) for run in runs)
    return ngettext("layer {numbers}", "layers {numbers}", len(layers)).format(numbers=text)


def words_for_seeds(seeds: Sequence[int], of: int) -> str:
    """Return the number of seeds in words: "3 of 5 seeds"."""
    return _("{count} of {total} seeds").format(count=len(seeds), total=of) if of > 1 else counted_noun(1, "seed")


MILLION = 1e6

MANY_TIMES = 10.0
"""From this ratio on, a share is stated as a factor instead of in percent."""


def number(value: float) -> str:
    """Return a number with three significant digits, without an exponent from 1000 to a million.

    Thousands are separated from five digits on, as on the page.
    """
    rounded = float(f"{value:.3g}")
    if 1000 <= abs(rounded) <= MILLION:
        return numeral(f"{rounded:,.0f}") if abs(rounded) >= 10_000 else f"{rounded:.0f}"
    return numeral(f"{value:.3g}")


def whole(value: float) -> str:
    """Return a step or an epoch as a whole number with all its digits."""
    rounded = round(value)
    return numeral(f"{rounded:,}") if abs(rounded) >= 10_000 else f"{rounded}"


def share_of(value: float, whole_: float, words: str) -> str:
    """Return a value relative to a whole in words: "12% of the first loss", and as a factor from ten times on."""
    share = value / whole_
    if share < MANY_TIMES:
        return _("{share} of {words}").format(share=percent(share), words=words)
    if share < MILLION:
        return _("{share} times {words}").format(share=number(share), words=words)
    return _("more than a million times {words}").format(words=words)


def from_to(before: float, after: float) -> str:
    """Return "from 2.303 to 2.299": a change with as many digits (three to five) as distinguish its ends."""
    digits = next((n for n in (3, 4) if f"{before:.{n}g}" != f"{after:.{n}g}"), 5 if before != after else 3)
    ends = [number(end) if digits == 3 else numeral(f"{end:#.{digits}g}") for end in (before, after)]
    return _("from {before} to {after}").format(before=ends[0], after=ends[1])


def fold(value: float) -> str:
    """Return a factor in words: "a factor of 12", or "31 orders of magnitude" from a million on."""
    if value < MILLION or math.isinf(value):
        return _("a factor of {value}").format(value=number(value))
    return _("{count} orders of magnitude").format(count=f"{math.log10(value):.0f}")


def at_most(times: float) -> str:
    """Return an upper bound in words: "up to 12 times", or "more than a million times"."""
    return _("up to {times} times").format(times=number(times)) if times < MILLION else _("more than a million times")


def percent_at_most(value: float) -> str:
    """Return a share in percent as an upper bound: "at most 2.5%", "less than 0.1%"."""
    if value < LITTLE:
        return _less_than_little()
    return _("at most {share}").format(share=percent(value))


def percent_up_to(value: float) -> str:
    """Return the largest of several shares in percent: "up to 85%", or "more than 99.9%"."""
    is_bound = value not in (0.0, 1.0) and (value < LITTLE or value >= MILLION or 1 - LITTLE < value < 1)
    return percent(value) if is_bound else _("up to {share}").format(share=percent(value))


LITTLE = 0.001
"""A share that is stated as a bound, and its distance from all."""


def percent(value: float) -> str:
    """Return a share in percent; 0% and 100% only for exact values, and words from a million times on."""
    if value in (0.0, 1.0):
        return percentage(f"{100 * value:.0f}")
    if value < LITTLE:
        return _less_than_little()
    if value > 1:
        return percentage(numeral(f"{100 * value:,.0f}")) if value < MILLION else _("more than a million times")
    if value > 1 - LITTLE:
        return _("more than {share}").format(share=percentage(numeral("99.9")))
    return percentage(numeral(f"{100 * value:.3g}"))


def _less_than_little() -> str:
    return _("less than {share}").format(share=percentage(numeral("0.1")))
