"""The table of what each rule needs of a record, in docs/diagnose.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.analysis.diagnosis.checks import checks
from reportgen.analysis.diagnosis.rules import RULES

EXTENSIONS = Path(__file__).resolve().parents[1] / "docs" / "_ext"


def test_the_table_of_needs_lists_every_rule_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXTENSIONS))
    from needs import PAGE, page, rules_by_part

    found = rules_by_part()
    assert sorted(rule for rules in found.values() for rule in rules) == sorted(checks(RULES))
    first, *_, last, of_loop = found.values()
    assert "nan_divergence" in first
    assert {"vanishing_gradients", "dead_relu", "update_ratio_high"} <= set(last)
    assert "frozen_weights" in of_loop
    assert "train_eval_mismatch" in found["`network.batchnorm` and `network.dropout`"]
    assert "class_imbalance" in found["`val_confusion` and `train_confusion`"]
    text = PAGE.read_text(encoding="utf-8")
    assert page(text) == text, "run python docs/_ext/needs.py"
    for id_, rule in RULES.items():
        needs = rule.on_scores.needs if rule.on_scores else "-"
        assert f"| `{id_}` |" in text
        assert f"| {needs} |" in text
