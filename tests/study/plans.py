"""Plans of the shipped studies, loaded once for all tests of a process."""

from __future__ import annotations

from functools import cache

from reportgen.shipped import shipped_studies
from reportgen.study.loading.loader import load_study
from reportgen.study.planning.plan import Plan

NAMES = sorted(shipped_studies())


@cache
def planned(name: str) -> Plan:
    """Return the plan of a shipped study."""
    return load_study(shipped_studies()[name])
