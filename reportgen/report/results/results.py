"""Write results.json, the machine-readable report: keys in fixed order, floats with all digits, NaN as null."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import chain, islice
from pathlib import Path
from typing import Any

from reportgen.analysis.diagnosis.outcome import PartialDiagnosis
from reportgen.analysis.finding import Finding, Remedy
from reportgen.analysis.results import Analysis, ClaimResult, Estimate, SearchResult, StageResult, VariantSummary
from reportgen.disk import replace_file
from reportgen.engine.spec import SCORES
from reportgen.figures.drawing.figure import Drawing
from reportgen.languages.translate import ENGLISH, in_language
from reportgen.report.document.answer import answer_of
from reportgen.report.document.opening import opening_figure
from reportgen.runs.record import RunRecord
from reportgen.runs.store import plain
from reportgen.study.model.claims import Claim
from reportgen.study.model.study import Study

FORMAT = "reportgen-results"
VERSION = 1

PARTS_AT_ONCE = 50_000
"""Parts of the text in memory at a time, each a number, a word or a bracket."""

PROVENANCE = (
    "reportgen",
    "python",
    "numpy",
    "numba",
    "platform",
    "command",
    "started",
    "finished",
    "workers",
    "train_seconds",
)


def results_dict(analysis: Analysis, drawings: Sequence[Drawing] = ()) -> dict[str, Any]:
    """Return the content of results.json as plain values; drawings: the figures of the report in its order."""
    predictions = {claim.id: _prediction(claim) for claim in analysis.plan.study.claims}
    labels = {summary.variant.id: _class_labels(summary) for summary in analysis.variants}
    results = {
        "format": FORMAT,
        "version": VERSION,
        "study": _study(analysis.plan.study),
        "provenance": _provenance(analysis.provenance),
        "variants": [
            {"id": variant.id, "label": variant.label, "settings": variant.settings, **labels.get(variant.id, {})}
            for variant in analysis.plan.variants
        ],
        "runs": [_run(variant, record) for variant, record in planned_records(analysis)],
        "claims": [_claim(claim) | predictions.get(claim.id, {}) for claim in analysis.claims],
        "findings": [finding_values(finding) for finding in analysis.findings],
        "answer": _answer(analysis),
    }
    if analysis.ensembles:
        results["ensembles"] = [asdict(ensemble) for ensemble in analysis.ensembles]
    if analysis.sanity:
        results["sanity"] = [asdict(result) for result in analysis.sanity]
    if drawings:
        opening = opening_figure(analysis, drawings)
        results["figures"] = [_figure(drawing, drawing is opening) for drawing in drawings]
    if analysis.searches:
        results["searches"] = [_search(search) for search in analysis.searches]
    return dict(plain(results))


def write_results(analysis: Analysis, path: Path, drawings: Sequence[Drawing] = ()) -> Path:
    """Write results.json in one step and return its path."""
    parts = json.JSONEncoder(indent=1, ensure_ascii=False, allow_nan=False).iterencode(results_dict(analysis, drawings))
    replace_file(path, ("".join(some).encode() for some in _batches(chain(parts, "\n"))))
    return path


def _batches(parts: Iterable[str]) -> Iterator[list[str]]:
    """Yield the parts of a text, many at a time: the text of thousands of runs takes several megabytes."""
    rest = iter(parts)
    while some := list(islice(rest, PARTS_AT_ONCE)):
        yield some


def planned_records(analysis: Analysis) -> Iterator[tuple[str, RunRecord]]:
    """Yield the variant id and the record of each run, in the order of the plan."""
    records = {
        (summary.variant.id, record.spec.seed): record for summary in analysis.variants for record in summary.records
    }
    for run in analysis.plan.runs:
        if (run.variant, run.seed) in records:
            yield run.variant, records[run.variant, run.seed]


def one_or_many(items: tuple[str, ...]) -> str | list[str] | None:
    """Return the sources of a claim as in a study file: None, one key or a list of keys."""
    return None if not items else items[0] if len(items) == 1 else list(items)


def _class_labels(summary: VariantSummary) -> dict[str, Any]:
    """Return the labels of the classes, nothing for classes that are only numbered."""
    known = [r.facts["class_labels"] for r in summary.records if "class_labels" in r.facts]
    return {"class_labels": list(known[0])} if known else {}


def _study(study: Study) -> dict[str, Any]:
    named = {name: getattr(study, name) for name in ("id", "title", "question", "sha256")}
    named |= {} if study.lang == ENGLISH else {"lang": study.lang}
    return named | {
        name: value for name in ("watermark", "student", "predict_first") if (value := getattr(study, name))
    }


def _answer(analysis: Analysis) -> dict[str, Any]:
    """Return the answer in English, and its text in the language of the study, as `shown`, if that is another one."""
    values, language = asdict(answer_of(analysis)), analysis.plan.study.lang
    if language == ENGLISH:
        return values
    with in_language(language):
        return values | {"shown": answer_of(analysis).says}


def _provenance(known: Mapping[str, Any]) -> dict[str, Any]:
    named = {name: known.get(name) for name in PROVENANCE}
    return named | {name: known[name] for name in ("source", "plugins") if known.get(name)}


def _run(variant: str, record: RunRecord) -> dict[str, Any]:
    return {
        "key": record.key,
        "variant": variant,
        "seed": record.spec.seed,
        "status": record.status,
        "stopped_at_step": record.stopped_at_step,
        "steps": record.steps,
        "train_seconds": record.train_seconds,
        "final": {name: record.final.get(name) for name in (*SCORES, *record.spec.evaluation.scores)},
    }


def _claim(claim: ClaimResult) -> dict[str, Any]:
    return {
        "id": claim.id,
        "says": claim.says,
        "source": one_or_many(claim.sources),
        "lecture": claim.lecture,
        "verdict": claim.verdict,
        "measured": claim.measured,
        "interval": claim.interval,
        "n": claim.n,
        "expected": claim.expected,
        "metric": claim.metric,
        "quantity": claim.quantity,
        "at_layer": claim.at_layer,
        "by_layer": claim.by_layer,
        "sides": claim.sides,
    }


def _prediction(claim: Claim) -> dict[str, str]:
    """Return the prediction of a student and its reason, as far as the study has them."""
    return {name: value for name in ("predict", "why") if (value := getattr(claim, name)) is not None}


def _figure(drawing: Drawing, opens: bool) -> dict[str, Any]:
    return {name: getattr(drawing, name) for name in ("id", "title", "caption", "alt")} | {"opens": opens}


def _search(search: SearchResult) -> dict[str, Any]:
    """Return the result of a search; its trials are among the variants."""
    values = {trial.variant: dict(trial.trial.values) for trial in search.trials}
    return {
        "search": search.label,
        "method": search.asked.method,
        "metric": search.asked.metric,
        "goal": "max" if search.asked.maximize else "min",
        "repeat": search.asked.repeat,
        "trials": [trial.variant for trial in search.trials],
        "stages": [_stage(stage) for stage in search.stages],
        "best": [{"variant": best, "settings": values[best]} for best in search.best],
        **_estimate(search.score),
        "unchosen": _estimate(search.unchosen) if search.unchosen.n else None,
        "test": {"metric": search.test_metric, **_estimate(search.test)} if search.test.n else None,
        "edges": search.edges,
    }


def _stage(stage: StageResult) -> dict[str, Any]:
    names = ("stage", "trials", "runs", "diverged", "epochs", "best", "windows")
    return {name: getattr(stage, name) for name in names} | _estimate(stage.score)


def _estimate(estimate: Estimate) -> dict[str, Any]:
    return {"score": estimate.value, "interval": (estimate.lo, estimate.hi), "n": estimate.n}


def finding_values(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "variant": finding.variant,
        "seeds": finding.seeds,
        "layers": finding.layers,
        "step": finding.step,
        "evidence": finding.evidence,
        "message": finding.message,
        "advice": finding.advice,
        "sources": finding.sources,
        "remedy": None if finding.remedy is None else _remedy(finding.remedy),
        "remedies": [_remedy(remedy) for remedy in finding.remedies],
        "consequence_of": finding.consequence_of,
    }


def verdict_values(diagnosis: PartialDiagnosis) -> dict[str, Any]:
    """Return the verdict of a diagnosis, and how many of the rules could judge."""
    return {
        "verdict": diagnosis.verdict,
        "rules_judged": diagnosis.judged,
        "rules": diagnosis.judged + diagnosis.unjudged,
    }


def _remedy(remedy: Remedy) -> dict[str, Any]:
    return {
        "change": remedy.change,
        "metric": remedy.metric,
        "before": remedy.before,
        "after": remedy.after,
        "difference": remedy.difference,
        "interval": remedy.interval,
        "verdict": remedy.verdict,
        **({"guessing": vars(remedy.guessing)} if remedy.guessing else {}),
    }
