"""Output of `reportgen compare`: lines of text, and values for `--json`."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from typing import Any

from reportgen.analysis.words import formatting, scores
from reportgen.analysis.words.names import setting, words
from reportgen.audit.compare import Changes, ClaimChange, ScoreChange
from reportgen.cli.output.reports import STYLES, Line, several
from reportgen.report.site.finished import FinishedClaim
from reportgen.runs.store import plain

PLAIN = str.maketrans({"\N{MINUS SIGN}": "-", formatting.NONE: "-"})
"""Replaces characters that some consoles cannot show."""

NO_VERDICTS = "a quick look has no verdicts"


def change_lines(changes: Changes) -> Iterator[Line]:
    """Yield the changes, verdicts first."""
    before, after = changes.before.study, changes.after.study
    yield "bold", before.title if before.title == after.title else f"{before.title} -> {after.title}"
    yield from _part("claims", list(_claim_lines(changes)), "none")
    disjoint = "the reports have no common variant" if len(changes.gone) == len(changes.before.variants) else ""
    yield from _part("settings", list(_setting_lines(changes)), disjoint or "unchanged in all common variants")
    yield from _part("scores", [("", text) for text in _score_lines(changes)], _runs(changes))
    yield from _part("findings", list(_finding_lines(changes)), disjoint or "unchanged")
    about = [("", f"{name} {old or 'unknown'} -> {new or 'unknown'}") for name, (old, new) in changes.about.items()]
    yield from _part("made with", about, "unchanged versions and platform")


def change_values(changes: Changes) -> dict[str, Any]:
    studies = {side: getattr(changes, side).study.model_dump() for side in ("before", "after")}
    values = {
        **studies,
        "about": changes.about,
        "settings": [dataclasses.asdict(change) for change in changes.settings],
        "variants": {"gone": changes.gone, "new": changes.new},
        "runs": dict(zip(("both", "same"), changes.runs, strict=True)),
        "claims": [
            {"id": change.id, "before": _claim_values(change.before), "after": _claim_values(change.after)}
            for change in changes.claims
        ],
        "lost": changes.lost,
        "ends": [dataclasses.asdict(change) for change in changes.ends],
        "scores": [dataclasses.asdict(change) for change in changes.scores],
        "findings": {name: [f.model_dump() for f in getattr(changes, name)] for name in ("resolved", "appeared")},
    }
    return dict(plain(values))


def _part(name: str, lines: list[Line], otherwise: str) -> Iterator[Line]:
    """Yield the name and the lines of a part, or the name with a remark if there are no lines."""
    yield "", f"  {name}: {otherwise}" if not lines else f"  {name}"
    yield from ((style, f"    {text}") for style, text in lines)


def _claim_lines(changes: Changes) -> Iterator[Line]:
    if not changes.judged:
        yield "", NO_VERDICTS
        return
    for change in sorted(changes.claims, key=lambda change: change.same):
        verdicts = [claim.verdict if claim else "not claimed" for claim in (change.before, change.after)]
        verdict = verdicts[1] if change.same else " -> ".join(verdicts)
        yield _style(change), f"{verdict}: {change.id}: {_measured(change)}"


def _style(change: ClaimChange) -> str:
    return STYLES[change.after.verdict] if change.after is not None and not change.same else ""


def _measured(change: ClaimChange) -> str:
    """Return the measured values before and after, and the expectation."""
    known = [claim for claim in (change.before, change.after) if claim is not None]
    shown = list(dict.fromkeys(f"{_number(claim)}, n = {claim.n}" for claim in known))
    expected = list(dict.fromkeys(claim.expected for claim in known))
    return f"{' -> '.join(shown)}; expected {' -> '.join(expected)}"


def _number(claim: FinishedClaim) -> str:
    ends = tuple(math.nan if end is None else end for end in claim.interval)
    return f"{formatting.number(claim.measured)} ({formatting.interval(ends)})".translate(PLAIN)


def _setting_lines(changes: Changes) -> Iterator[Line]:
    both = len(changes.before.variants) - len(changes.gone)
    for change in changes.settings:
        where = "" if len(change.variants) == both else f" ({'; '.join(change.variants)})"
        yield "", f"{change.path}: {setting(change.before)} -> {setting(change.after)}{where}"
    for labels, kind in ((changes.gone, "removed variants"), (changes.new, "new variants")):
        if labels:
            yield "", f"{kind}: {'; '.join(labels)}"


def _score_lines(changes: Changes) -> Iterator[str]:
    for status in changes.ends:
        yield f"{status.variant}: {status.before} -> {status.after} of {several(status.n, 'run')} diverged or failed"
    for change in changes.scores:
        yield f"{change.variant}: {words(change.score)} {_score(change)}".translate(PLAIN)
    if changes.scores and changes.runs[1]:
        yield _runs(changes)


def _score(change: ScoreChange) -> str:
    before, after = (scores.score(value, change.score) for value in (change.before, change.after))
    shown = scores.difference(change.difference, f"{change.score}_difference", change.interval)
    span = scores.difference_interval(change.interval, f"{change.score}_difference")
    return f"{before} -> {after}, paired difference {shown} ({span}), n = {change.n}"


def _runs(changes: Changes) -> str:
    both, same = changes.runs
    if not both:
        return "the reports have no common run"
    return f"{same} of {several(both, 'common run')} identical"


def _finding_lines(changes: Changes) -> Iterator[Line]:
    labels = {variant.id: variant.label for results in (changes.before, changes.after) for variant in results.variants}
    for findings, kind in ((changes.resolved, "resolved"), (changes.appeared, "new")):
        for finding in findings:
            yield "", f"{kind}: {finding.rule} in {labels.get(finding.variant, finding.variant)}: {finding.message}"


def _claim_values(claim: FinishedClaim | None) -> dict[str, Any] | None:
    names = ("verdict", "measured", "interval", "n", "expected")
    return None if claim is None else {name: getattr(claim, name) for name in names}
