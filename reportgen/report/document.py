"""From an analysis and its drawings to what a report says, in order: values without rounding, words without markup."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reportgen.analysis.finding import Finding
from reportgen.analysis.model import Analysis, ClaimResult, Comparison, EnsembleScore, SanityResult, VariantSummary
from reportgen.engine.spec import SCORES
from reportgen.figures.figure import Drawing
from reportgen.report.sources import references

STORY = ("claims_overview",)
"""Figures that tell about the report rather than about the networks: never the one that opens it."""


@dataclass(frozen=True)
class PrintedTable:
    """A lecture's printed numbers beside ours: rows (layer, lecture, measured, difference as a fraction)."""

    claim: ClaimResult
    rows: tuple[tuple[int, float, float, float | None], ...]


@dataclass(frozen=True)
class Diagnosis:
    """A finding with its variant's label and rule's title, and what follows from it."""

    finding: Finding
    variant: str
    title: str
    consequences: tuple[Diagnosis, ...] = ()


@dataclass(frozen=True)
class Document:
    """A report before it is written in a medium."""

    id: str
    title: str
    question: str
    introduction: str
    closing: str
    watermark: str | None
    claims: tuple[ClaimResult, ...]
    counts: Mapping[str, int]
    story: Drawing | None
    drawings: tuple[Drawing, ...]
    diagnoses: tuple[Diagnosis, ...]
    printed: tuple[PrintedTable, ...]
    variants: tuple[VariantSummary, ...]
    scores: tuple[str, ...]
    statuses: Mapping[str, int]
    comparisons: tuple[Comparison, ...]
    ensembles: tuple[EnsembleScore, ...]
    sanity: tuple[SanityResult, ...]
    labels: Mapping[str, str]
    common: Mapping[str, Any]
    varied: tuple[str, ...]
    seeds: tuple[int, ...]
    references: tuple[tuple[str, str], ...]
    provenance: Mapping[str, Any]
    trained: bool
    sha256: str


def make_document(analysis: Analysis, drawings: Sequence[Drawing]) -> Document:
    """Return the document of an analysis."""
    study, variants = analysis.plan.study, analysis.variants
    story = next((drawing for drawing in drawings if drawing.id not in STORY), None)
    diagnoses = _diagnoses(analysis)
    return Document(
        id=study.id,
        title=study.title,
        question=study.question,
        introduction=study.introduction,
        closing=study.closing,
        watermark=study.watermark,
        claims=analysis.claims,
        counts=_count(claim.verdict for claim in analysis.claims),
        story=story,
        drawings=tuple(drawing for drawing in drawings if drawing is not story),
        diagnoses=diagnoses,
        printed=tuple(table for claim in analysis.claims if (table := _printed(claim)) is not None),
        variants=variants,
        scores=_scores(variants),
        statuses=_count(record.status for v in variants for record in v.records),
        comparisons=analysis.comparisons,
        ensembles=analysis.ensembles,
        sanity=analysis.sanity,
        labels={v.variant.id: v.variant.label for v in variants},
        common=_common(variants),
        varied=tuple(dict.fromkeys(path for v in variants for path in v.variant.varied)),
        seeds=tuple(study.seeds),
        references=tuple(references(_keys(analysis))),
        provenance=analysis.provenance,
        trained=any(record.steps > 0 for v in variants for record in v.records),
        sha256=study.sha256,
    )


def _scores(variants: Sequence[VariantSummary]) -> tuple[str, ...]:
    """Return the names of the scores that some variant has: those of every run first, then what was asked for."""
    asked = (name for v in variants for name in v.scores if not name.endswith("_difference"))
    names = dict.fromkeys((*SCORES, *asked))
    return tuple(name for name in names if any(name in v.scores and v.scores[name].n for v in variants))


def _count(words: Any) -> dict[str, int]:
    counts: dict[str, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    return counts


def _diagnoses(analysis: Analysis) -> tuple[Diagnosis, ...]:
    """Return the findings that are no consequence, each with those of its variant that follow from it."""
    from reportgen.analysis.rules import RULES

    labels = {v.variant.id: v.variant.label for v in analysis.variants}

    def made(finding: Finding, below: tuple[Diagnosis, ...]) -> Diagnosis:
        title = RULES[finding.rule].title if finding.rule in RULES else finding.rule
        return Diagnosis(finding, labels.get(finding.variant, finding.variant), title, below)

    roots = [finding for finding in analysis.findings if finding.consequence_of is None]
    return tuple(
        made(
            root,
            tuple(
                made(f, ()) for f in analysis.findings if f.consequence_of == root.rule and f.variant == root.variant
            ),
        )
        for root in roots
    )


def _printed(claim: ClaimResult) -> PrintedTable | None:
    rows = tuple(
        (layer, printed, measured, (measured - printed) / printed if printed else None)
        for layer, measured, printed in claim.by_layer
        if printed is not None
    )
    return PrintedTable(claim, rows) if rows else None


def _common(variants: Sequence[VariantSummary]) -> dict[str, Any]:
    """Return the settings that all variants share."""
    if not variants:
        return {}
    first = variants[0].variant.settings
    return {
        path: value for path, value in first.items() if all(v.variant.settings.get(path) == value for v in variants)
    }


def _keys(analysis: Analysis) -> list[str]:
    claims = [source for claim in analysis.claims for source in claim.sources]
    return claims + [source for finding in analysis.findings for source in finding.sources]
