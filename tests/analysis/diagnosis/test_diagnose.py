"""The evidence of rules about the runs of a study, and how long it stays in memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.analysis.diagnosis import diagnose as module
from reportgen.analysis.diagnosis.diagnose import diagnose
from reportgen.analysis.results import VariantSummary
from reportgen.analysis.summary import variant_summary
from tests.analysis.studies import plan_of, record


@pytest.fixture
def variants(tmp_path: Path) -> list[VariantSummary]:
    plan = plan_of(tmp_path, seeds=3)
    records = [record(run, activation_std=0.001) for run in plan.runs]
    by_variant = {v.id: [r for r in records if r.key.startswith(f"{v.id}-")] for v in plan.variants}
    return [variant_summary(variant, by_variant[variant.id]) for variant in plan.variants]


def evidence(variants: list[VariantSummary]) -> int:
    return sum(len(record.known) for summary in variants for record in summary.records)


def test_evidence_stays_in_memory_for_another_language_if_runs_are_few(variants: list[VariantSummary]) -> None:
    diagnose(variants)
    assert evidence(variants) > 2 * 3 * 3


def test_evidence_of_many_runs_is_forgotten_and_findings_are_the_same(
    variants: list[VariantSummary], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = diagnose(variants)
    kept = evidence(variants)
    assert expected
    for summary in variants:
        for one in summary.records:
            one.known.clear()
    monkeypatch.setattr(module, "MOST_WITH_EVIDENCE", 3)
    assert diagnose(variants) == expected
    assert evidence(variants) < kept / 3
