"""The benchmark figures that reports quote."""

from __future__ import annotations

import json

from reportgen.analysis.diagnosis.benchmark import FIGURES, published
from reportgen.engine.spec import ENGINE_VERSION


def test_the_shipped_figures_are_read() -> None:
    found, written = published(), json.loads(FIGURES.read_text(encoding="utf-8"))
    for name in ("recall", "false_alarms", "right_cause"):
        share = getattr(found, name)
        assert share.value == written["scoring"][name]["count"] / written["scoring"][name]["of"]
        assert share.interval[0] <= share.value <= share.interval[1]
    assert found.remedies_helped.of == found.recall.of


def test_the_figures_are_based_on_enough_networks_and_this_engine_or_older() -> None:
    written = json.loads(FIGURES.read_text(encoding="utf-8"))
    assert written["faults"] >= 40
    assert written["controls"] >= 30
    assert 1 <= published().engine_version <= ENGINE_VERSION
