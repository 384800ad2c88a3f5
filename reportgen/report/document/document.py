"""The content of a report, independent of the medium: unrounded values and text without markup."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from reportgen.analysis.diagnosis.benchmark import Benchmark, published
from reportgen.analysis.results import Analysis, ClaimResult, EnsembleScore, SanityResult, VariantSummary
from reportgen.engine.spec import ENGINE_VERSION, SCORES
from reportgen.figures import find
from reportgen.figures.drawing.figure import Drawing
from reportgen.languages.translate import _, translated
from reportgen.report.document.answer import AnswerView, answer_of
from reportgen.report.document.citations import cited
from reportgen.report.document.claim_view import ClaimView, claim_views, counted
from reportgen.report.document.comparisons import Comparisons, comparisons_of
from reportgen.report.document.content import Content
from reportgen.report.document.diagnoses import Diagnosis, diagnoses
from reportgen.report.document.explorer.data import explorer
from reportgen.report.document.explorer.lines import explorer_lines
from reportgen.report.document.networks import Network, networks
from reportgen.report.document.opening import opening_figure
from reportgen.report.document.searches import SearchPart, search_parts
from reportgen.report.document.sources import Reference, references
from reportgen.report.document.variants import VariantPart, data_facts, left_out, levels, variant_parts
from reportgen.report.quiz.questions import Quiz, make_quiz
from reportgen.study.metrics.table import metric_of
from reportgen.study.model.claims import BY_INTEREST
from reportgen.study.model.study import Study


@dataclass(frozen=True)
class PrintedTable:
    """Numbers by layer that a lecture prints or theory predicts, compared with the measured ones.

    rows: (layer, given, measured, relative difference); None for a layer without a given number or with a given 0.
    """

    claim: ClaimResult
    giver: Literal["lecture", "theory"]
    rows: tuple[tuple[int, float | None, float, float | None], ...]


@dataclass(frozen=True)
class Document(Content):
    """The content of the report of a study.

    Attributes
    ----------
    claims : the contradicted ones first, then the inconclusive ones, each in the order of the study
    tried : whether any proposed change was tested
    undrawn : the titles of the figures that the study names and that have no data
    compared : the numbers of variants and trials in words
    rows : the variants that are shown one by one; a search is represented by its best trial
    common : the settings that all variants share
    networks : the different architectures, at most MOST_NETWORKS
    quiz : the questions of the page, None without verdicts
    predict_first : whether the page hides the answer and the measurements behind the quiz
    """

    template: ClassVar[str] = "report.html.j2"
    answer: AnswerView
    introduction: str
    closing: str
    claims: tuple[ClaimView, ...]
    counts: Mapping[str, int]
    diagnoses: tuple[Diagnosis, ...]
    tried: bool
    printed: tuple[PrintedTable, ...]
    undrawn: tuple[str, ...]
    compared: str
    variants: tuple[VariantSummary, ...]
    rows: tuple[VariantSummary, ...]
    searches: tuple[SearchPart, ...]
    parts: tuple[VariantPart, ...]
    scores: tuple[str, ...]
    statuses: Mapping[str, int]
    comparisons: Comparisons | None
    ensembles: tuple[EnsembleScore, ...]
    sanity: tuple[SanityResult, ...]
    labels: Mapping[str, str]
    common: Mapping[str, Any]
    levels: Mapping[str, tuple[tuple[str, Any], ...]]
    data: Mapping[str, tuple[int, ...]]
    parameters: tuple[int, ...]
    networks: tuple[Network, ...]
    steps: int
    theory: bool
    seeds: tuple[int, ...]
    references: tuple[Reference, ...]
    sha256: str
    quiz: Quiz | None
    predict_first: bool
    benchmark: Benchmark = field(default_factory=published)
    engine_version: int = ENGINE_VERSION

    @property
    def left_out(self) -> tuple[int, int]:
        """The number of diverged runs without layers after training, and the number of all runs with layers."""
        return left_out(self.parts)

    @property
    def trained(self) -> bool:
        """Whether any run has training steps."""
        return self.steps > 0


def make_document(analysis: Analysis, drawings: Sequence[Drawing]) -> Document:
    study, variants = analysis.plan.study, analysis.variants
    story = opening_figure(analysis, drawings)
    return Document(
        id=study.id,
        title=study.title,
        question=study.question,
        introduction=study.introduction,
        closing=study.closing,
        watermark=translated(study.watermark) if study.watermark else None,
        answer=answer_of(analysis),
        claims=sorted_by_verdict(claim_views(analysis)),
        counts=_verdicts(analysis),
        story=story,
        drawings=tuple(drawing for drawing in drawings if drawing is not story),
        diagnoses=diagnoses(analysis),
        tried=any(finding.remedy is not None for finding in analysis.findings),
        printed=tuple(table for claim in claim_views(analysis) if (table := _printed(claim)) is not None),
        undrawn=_undrawn(study, drawings),
        compared=counted(analysis.plan.variants),
        variants=variants,
        rows=analysis.outcomes,
        searches=search_parts(analysis.searches),
        parts=variant_parts(analysis.outcomes),
        scores=_scores(variants),
        statuses=_count(record.status for v in variants for record in v.records),
        comparisons=comparisons_of(analysis.comparisons),
        ensembles=analysis.ensembles,
        sanity=analysis.sanity,
        **_facts(analysis),
        networks=networks(analysis.outcomes),
        steps=sum(record.all_steps for v in variants for record in v.records),
        theory=bool(analysis.theory),
        seeds=tuple(study.seeds),
        references=tuple(references(cited(analysis))),
        provenance=analysis.provenance,
        sha256=study.sha256,
        quiz=(quiz := make_quiz(analysis)),
        predict_first=study.predict_first and quiz is not None,
        explorer=explorer(analysis.outcomes, explorer_lines(analysis)),
    )


def _undrawn(study: Study, drawings: Sequence[Drawing]) -> tuple[str, ...]:
    """Return the titles of the figures that the study names and that have no data."""
    drawn = {drawing.id for drawing in drawings}
    return tuple(_(find(name).title) for name in study.figures if name not in drawn)


def _facts(analysis: Analysis) -> dict[str, Any]:
    """Return what the variants have in common, and the values of what differs."""
    variants = analysis.variants
    return {
        "labels": {v.variant.id: v.variant.label for v in (*variants, *analysis.outcomes)},
        "common": _common(variants),
        "levels": levels(analysis.outcomes),
        "data": data_facts(variants),
        "parameters": tuple(sorted({v.parameters for v in variants})),
    }


def _scores(variants: Sequence[VariantSummary]) -> tuple[str, ...]:
    """Return the names of the scores that some variant has, the scores of every run first."""
    requested = (name for v in variants for name in v.scores if not metric_of(name).comparison)
    names = dict.fromkeys((*SCORES, *requested))
    return tuple(name for name in names if any(name in v.scores and v.scores[name].n for v in variants))


def sorted_by_verdict(claims: Sequence[ClaimView]) -> tuple[ClaimView, ...]:
    """Return the claims with the contradicted ones first, then the inconclusive ones, each in their order."""
    return tuple(sorted(claims, key=lambda claim: BY_INTEREST.index(claim.result.verdict)))


def _verdicts(analysis: Analysis) -> dict[str, int]:
    """Return the number of claims with each verdict that occurs."""
    counts = _count(claim.verdict for claim in analysis.claims)
    return {verdict: counts[verdict] for verdict in BY_INTEREST if verdict in counts}


def _count(words: Any) -> dict[str, int]:
    counts: dict[str, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    return counts


def _printed(claim: ClaimView) -> PrintedTable | None:
    """Return the table of a claim, None if the claim has no expected numbers by layer."""
    by_layer = claim.result.by_layer
    if all(given is None for _, _, given in by_layer):
        return None
    theory = claim.claim is not None and claim.claim.expect.row.theory(claim.claim.expect)
    rows = tuple(
        (layer, given, measured, (measured - given) / given if given else None) for layer, measured, given in by_layer
    )
    return PrintedTable(claim.result, "theory" if theory else "lecture", rows)


def _common(variants: Sequence[VariantSummary]) -> dict[str, Any]:
    """Return the settings that all variants share."""
    if not variants:
        return {}
    first = variants[0].variant.settings
    return {
        path: value for path, value in first.items() if all(v.variant.settings.get(path) == value for v in variants)
    }
