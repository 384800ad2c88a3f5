"""Clocks that stand still, for comparisons of bytes."""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace

import pytest


def stop_clocks(patch: pytest.MonkeyPatch) -> None:
    """Let all clocks stand still that are written into records and reports."""
    patch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    for module in ("reportgen.engine.train", "reportgen.engine.run"):
        patch.setattr(f"{module}.time", SimpleNamespace(perf_counter=lambda: 0.0))
    still = SimpleNamespace(now=lambda zone: datetime(2026, 1, 1, tzinfo=zone))
    for module in ("reportgen.runs.executors", "reportgen.runs.provenance"):
        patch.setattr(f"{module}.datetime", still)
