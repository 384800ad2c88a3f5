"""Consistency of the advice in reports with the runs of the same study.

`python -m benchmarks.advice REPORT...` reads folders of finished reports with their stored runs. It checks every change
of settings that a finding proposes, every remedy in `results.json`, and every learning rate that an advice in
`results.json` contains. A change contradicts the study if a variant with exactly these settings diverged or is not the
best of the variants that differ in the changed settings only, or if a learning rate is at least as high as one that
diverged. The exit code is 1 if there is a contradiction. Nothing is trained or written.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from reportgen.analysis.analyse import analyse
from reportgen.analysis.diagnosis.remedies import scorer
from reportgen.analysis.finding import Finding
from reportgen.analysis.results import Analysis, VariantSummary
from reportgen.paths import RESULTS
from reportgen.runs.record import RunRecord
from reportgen.study.planning.plan import changed
from reportgen.workflow.request import make_request, plan_jobs
from reportgen.workflow.search_stages import by_variant
from reportgen.workflow.stored_runs import stored_stages

RATE = re.compile(r"learning rate[^.;]*? to (\d[\d.e+-]*\d|\d)")
IRRELEVANT = ("search", "probes")
"""Settings that do not affect the result of a run."""


def stored_analysis(report: Path) -> Analysis:
    """Return the analysis of the stored runs of a report by the current rules, without remedies."""
    request, records = stored_stages(make_request(report / "study.yaml", output=report.parent))
    return analyse(request.plan, by_variant(plan_jobs(request.plan), records))


def contradictions(analysis: Analysis) -> list[str]:
    """Return the proposals of an analysis that contradict its runs, one line each."""
    return [
        f"{finding.variant}: {finding.rule} proposes {dict(change)}: {fault}"
        for finding in analysis.findings
        for change in [proposal.change for proposal in finding.proposals]
        if (fault := contradiction(analysis, finding, change)) is not None
    ]


def stated_contradictions(analysis: Analysis, results: Mapping[str, Any]) -> list[str]:
    """Return the remedies and learning rates in results.json that contradict the runs, one line each."""
    known = {(finding.variant, finding.rule): finding for finding in analysis.findings}
    lines = []
    for stated in results["findings"]:
        finding = known.get((stated["variant"], stated["rule"]))
        for change in _stated(stated) if finding is not None else ():
            if finding is not None and (fault := contradiction(analysis, finding, change)) is not None:
                lines.append(f"{finding.variant}: {finding.rule} states {change}: {fault}")
    return lines


def _stated(finding: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if finding["remedy"] is not None:
        yield finding["remedy"]["change"]
    for sentence in finding["advice"].split(". "):
        for rate in (
            RATE.findall(sentence) if " and set " not in sentence else ()
        ):  # only advice on the learning rate alone
            yield {"training.lr": float(rate)}


def contradiction(analysis: Analysis, finding: Finding, change: Mapping[str, Any]) -> str | None:
    """Return how the runs of the study contradict a change, None if they do not."""
    own = next(v for v in analysis.variants if v.variant.id == finding.variant)
    try:
        wanted = {run.spec for run in changed(analysis.plan, finding.variant, change, "")}
    except (ValidationError, KeyError):
        return None
    siblings = [v for v in analysis.variants if v is not own and v.records and _same_but_for(own, v, change)]
    if not siblings or wanted & {record.spec for record in own.records}:
        return None
    rates = [v.variant.settings["training.lr"] for v in siblings if _diverged(v)]
    if list(change) == ["training.lr"] and any(rate <= change["training.lr"] for rate in rates):
        return "a learning rate that is as low or lower diverged"
    same = next((v for v in siblings if {record.spec for record in v.records} <= wanted), None)
    return None if same is None else _measured_fault(finding, own, same, siblings)


def _measured_fault(
    finding: Finding, own: VariantSummary, same: VariantSummary, siblings: Sequence[VariantSummary]
) -> str | None:
    if _diverged(same):
        return f"{same.variant.id} diverged"
    _, _, score = scorer(finding, own.variant, [record for v in (own, *siblings) for record in v.records])
    gains = {v.variant.id: _gain(own, v, score) for v in siblings if not _diverged(v)}
    best = max(gains, key=lambda name: gains[name])
    if gains[same.variant.id] <= 0:
        return f"{same.variant.id} is no better"
    return f"{best} is better" if gains[best] > gains[same.variant.id] + 1e-12 else None


def _gain(own: VariantSummary, other: VariantSummary, score: Callable[[RunRecord], float]) -> float:
    first, second = ({r.spec.seed: score(r) for r in v.records if r.status != "failed"} for v in (own, other))
    seeds = first.keys() & second.keys()
    return sum(second[seed] - first[seed] for seed in seeds) / len(seeds) if seeds else float("-inf")


def _diverged(summary: VariantSummary) -> bool:
    return any(record.status == "diverged" for record in summary.records)


def _same_but_for(own: VariantSummary, other: VariantSummary, change: Mapping[str, Any]) -> bool:
    return _without(own.variant.settings, change) == _without(other.variant.settings, change)


def _without(settings: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Return the relevant settings without the changed ones, which may be parameters of a component."""
    remaining = {path: value for path, value in settings.items() if path.split(".")[0] not in IRRELEVANT}
    for path in change:
        outer, _, inner = path.rpartition(".")
        if path in remaining:
            del remaining[path]
        elif isinstance(remaining.get(outer), dict):
            remaining[outer] = {key: value for key, value in remaining[outer].items() if key != inner}
    return remaining


def main(argv: Sequence[str] | None = None) -> int:
    """Check the reports, print the contradictions, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("reports", nargs="+", type=Path, metavar="REPORT")
    found = False
    for report in parser.parse_args(argv).reports:
        analysis = stored_analysis(report)
        results = json.loads((report / RESULTS).read_text(encoding="utf-8"))
        lines = [*contradictions(analysis), *stated_contradictions(analysis, results)]
        print(f"{report.name}: {len(analysis.findings)} findings, {len(lines)} contradictions")
        print("".join(f"  {line}\n" for line in lines), end="")
        found = found or bool(lines)
    return int(found)


if __name__ == "__main__":
    sys.exit(main())
