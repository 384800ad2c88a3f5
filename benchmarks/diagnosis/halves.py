"""Halves of the cases: rules are tuned on one half and scored on the other.

A bit of the hash of its name assigns a case to a half, so that new cases do not move others. If all cases of a rule
would be in one half, the case with the largest hash moves to the other. Inspected cases are always in the tuning half,
and do not count for this.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

from benchmarks.diagnosis.cases import Case

TUNING, SCORING = "tuning", "scoring"
_CONTROLS = ""


def halves(cases: Sequence[Case]) -> dict[str, str]:
    """Return the half of each case by the name of the case."""
    split = {case.name: TUNING if case.seen or _hash(case.name) % 2 else SCORING for case in cases}
    unseen = [case for case in cases if not case.seen]
    counts = Counter(rule for case in unseen for rule in case.must)
    strata: dict[str, list[Case]] = {}
    for case in unseen:
        strata.setdefault(_stratum(case, counts), []).append(case)
    for stratum in strata.values():
        sides = {split[case.name] for case in stratum}
        if len(stratum) > 1 and len(sides) == 1:
            last = max(stratum, key=lambda case: _hash(case.name))
            split[last.name] = SCORING if sides == {TUNING} else TUNING
    return split


def _stratum(case: Case, counts: Counter[str]) -> str:
    """Return the rarest of the rules that must fire; all controls are one stratum."""
    return min(sorted(case.must), key=lambda rule: counts[rule], default=_CONTROLS)


def _hash(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
