"""Computes everything that a report shows from the records of its runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reportgen.analysis import theory
from reportgen.analysis.claims.claim_data import ExtraMeasurements
from reportgen.analysis.claims.evaluate import evaluate_claims
from reportgen.analysis.compare import compare
from reportgen.analysis.diagnosis.bilingual import in_both_languages
from reportgen.analysis.diagnosis.diagnose import diagnose
from reportgen.analysis.diagnosis.tested import effective
from reportgen.analysis.ensembles import score_ensembles
from reportgen.analysis.finding import Finding
from reportgen.analysis.results import Analysis, VariantSummary
from reportgen.analysis.search import search_results
from reportgen.analysis.summary import variant_summary
from reportgen.languages.translate import in_language
from reportgen.runs.record import RunRecord
from reportgen.study.checks.ensembles import ensemble_sizes
from reportgen.study.planning.plan import Plan


def analyse(
    plan: Plan,
    records: Mapping[tuple[str, int], RunRecord],
    provenance: Mapping[str, Any] | None = None,
    extras: ExtraMeasurements | None = None,
) -> Analysis:
    """Return the analysis of a plan's records.

    Parameters
    ----------
    plan: the plan of the study.
    records: records by (variant id, seed); missing runs are counted as missing.
    provenance: origin of the results, included unchanged.
    extras: additional measurements that claims need.
    """
    variants = tuple(
        variant_summary(
            variant, [records[variant.id, seed] for seed in plan.study.seeds if (variant.id, seed) in records]
        )
        for variant in plan.variants
    )
    with in_language(plan.study.lang):  # a combined variant has a label, which stays as the study writes labels
        searches = search_results(variants)
    best = {trial for search in searches if not search.asked.repeat for trial in search.best}
    # Trials of a search may fail, so only the best trial is diagnosed, compared and shown layer by layer.
    settled = [v for v in variants if v.variant.trial is None]
    chosen = [v for v in variants if v.variant.trial is None or v.variant.id in best]
    return Analysis(
        plan=plan,
        variants=variants,
        claims=evaluate_claims(plan, records, extras),
        findings=in_both_languages(plan.study.lang, lambda: _findings(plan, variants, chosen)),
        comparisons=compare(settled),
        theory={v.variant.id: expected for v in chosen if (expected := _theory(v))},
        provenance=dict(provenance or {}),
        ensembles=score_ensembles(chosen, ensemble_sizes(plan.study)),
        searches=searches,
    )


def _findings(plan: Plan, variants: Sequence[VariantSummary], chosen: Sequence[VariantSummary]) -> list[Finding]:
    return [effective(finding, plan) for finding in diagnose(variants, subjects={v.variant.id for v in chosen})]


def _theory(variant: VariantSummary) -> dict[str, list[float]]:
    """Return the predictions of theory for the first probed run of a variant."""
    record = next((r for r in variant.records if "probe_step" in r.arrays), None)
    return (theory.of_record(record) if record is not None else None) or {}
