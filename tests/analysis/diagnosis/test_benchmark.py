"""The benchmark figures that reports quote."""

from __future__ import annotations

import json

from reportgen.analysis.diagnosis.benchmark import FIGURES, published, published_on_logs
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


def test_the_figures_on_logs_are_of_the_own_rules_on_networks_that_were_not_used_for_tuning() -> None:
    scores = published_on_logs()
    assert len({(one.log, one.runs, one.classes) for one in scores}) == len(scores) == 8
    for one in scores:
        for share in (one.recall, one.named, one.false_alarms):
            assert 0 <= share.interval[0] <= share.value <= share.interval[1] <= 1
        assert one.named.of == one.recall.count
        assert one.recall.of >= 40
        assert one.false_alarms.of >= 20
