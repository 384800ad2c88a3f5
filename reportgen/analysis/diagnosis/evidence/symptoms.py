"""Helpers for several rules: which seeds and layers show a symptom, and numbers in messages."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

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
        return "no single layer"
    runs: list[list[int]] = []
    for layer in layers:
        if runs and layer == runs[-1][-1] + 1:
            runs[-1].append(layer)
        else:
            runs.append([layer])
    text = ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs)
    return f"layer {text}" if len(layers) == 1 else f"layers {text}"


def words_for_seeds(seeds: Sequence[int], of: int) -> str:
    """Return the number of seeds in words: "3 of 5 seeds"."""
    return f"{len(seeds)} of {of} seeds" if of > 1 else "1 seed"


MILLION = 1e6

MANY_TIMES = 10.0
"""From this ratio on, a share is stated as a factor instead of in percent."""


def number(value: float) -> str:
    """Return a number with three significant digits, without an exponent from 1000 to a million.

    Thousands are separated from five digits on, as on the page.
    """
    rounded = float(f"{value:.3g}")
    if 1000 <= abs(rounded) <= MILLION:
        return f"{rounded:,.0f}" if abs(rounded) >= 10_000 else f"{rounded:.0f}"
    return f"{value:.3g}"


def whole(value: float) -> str:
    """Return a step or an epoch as a whole number with all its digits."""
    rounded = round(value)
    return f"{rounded:,}" if abs(rounded) >= 10_000 else f"{rounded}"


def share_of(value: float, whole_: float, words: str) -> str:
    """Return a value relative to a whole in words: "12% of the first loss", and as a factor from ten times on."""
    share = value / whole_
    if share < MANY_TIMES:
        return f"{percent(share)} of {words}"
    return f"{number(share)} times {words}" if share < MILLION else f"more than a million times {words}"


def from_to(before: float, after: float) -> str:
    """Return "from 2.303 to 2.299": a change with as many digits (three to five) as distinguish its ends."""
    digits = next((n for n in (3, 4) if f"{before:.{n}g}" != f"{after:.{n}g}"), 5 if before != after else 3)
    if digits == 3:
        return f"from {number(before)} to {number(after)}"
    return f"from {before:#.{digits}g} to {after:#.{digits}g}"


def fold(value: float) -> str:
    """Return a factor in words: "a factor of 12", or "31 orders of magnitude" from a million on."""
    if value < MILLION or math.isinf(value):
        return f"a factor of {number(value)}"
    return f"{math.log10(value):.0f} orders of magnitude"


def at_most(times: float) -> str:
    """Return an upper bound in words: "up to 12 times", or "more than a million times"."""
    return f"up to {number(times)} times" if times < MILLION else "more than a million times"


def percent_at_most(value: float) -> str:
    """Return a share in percent as an upper bound: "at most 2.5%", "less than 0.1%"."""
    return "less than 0.1%" if value < 0.001 else f"at most {percent(value)}"


def percent_up_to(value: float) -> str:
    """Return the largest of several shares in percent: "up to 85%", or "more than 99.9%"."""
    text = percent(value)
    return text if text.startswith(("less", "more")) else f"up to {text}"


def percent(value: float) -> str:
    """Return a share in percent; 0% and 100% only for exact values, and words from a million times on."""
    if value in (0.0, 1.0):
        return f"{100 * value:.0f}%"
    if value < 0.001:
        return "less than 0.1%"
    if value > 1:
        return f"{100 * value:,.0f}%" if value < MILLION else "more than a million times"
    return "more than 99.9%" if value > 0.999 else f"{100 * value:.3g}%"
