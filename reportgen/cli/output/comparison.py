"""Output of `reportgen compare`: lines of text, and values for `--json`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from reportgen.analysis.words import formatting
from reportgen.analysis.words.names import setting, words
from reportgen.audit.compare import Changes, ClaimChange, ScoreChange
from reportgen.cli.output.reports import STYLES, Line, several
from reportgen.report import scores
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
    """Return the changes as JSON values."""
    studies = {side: getattr(changes, side).study.model_dump() for side in ("before", "after")}
    values = {
        **studies,
        "about": changes.about,
        "settings": [dataclasses.asdict(one) for one in changes.settings],
        "variants": {"gone": changes.gone, "new": changes.new},
        "runs": dict(zip(("both", "same"), changes.runs, strict=True)),
        "claims": [
            {"id": one.id, "before": _claim_values(one.before), "after": _claim_values(one.after)}
            for one in changes.claims
        ],
        "lost": changes.lost,
        "ends": [dataclasses.asdict(one) for one in changes.ends],
        "scores": [dataclasses.asdict(one) for one in changes.scores],
        "findings": {name: [f.model_dump() for f in getattr(changes, name)] for name in ("resolved", "appeared")},
    }
    converted: dict[str, Any] = plain(values)
    return converted


def _part(name: str, lines: list[Line], otherwise: str) -> Iterator[Line]:
    """Yield the name and the lines of a part, or the name with a remark if there are no lines."""
    yield "", f"  {name}: {otherwise}" if not lines else f"  {name}"
    yield from ((style, f"    {text}") for style, text in lines)


def _claim_lines(changes: Changes) -> Iterator[Line]:
    if not changes.judged:
        yield "", NO_VERDICTS
        return
    for one in sorted(changes.claims, key=lambda one: one.same):
        verdicts = [claim.verdict if claim else "not claimed" for claim in (one.before, one.after)]
        verdict = verdicts[1] if one.same else " -> ".join(verdicts)
        yield _style(one), f"{verdict}: {one.id}: {_measured(one)}"


def _style(one: ClaimChange) -> str:
    return STYLES[one.after.verdict] if one.after is not None and not one.same else ""


def _measured(one: ClaimChange) -> str:
    """Return the measured values before and after, and the expectation."""
    known = [claim for claim in (one.before, one.after) if claim is not None]
    shown = list(dict.fromkeys(f"{_number(claim)}, n = {claim.n}" for claim in known))
    expected = list(dict.fromkeys(claim.expected for claim in known))
    return f"{' -> '.join(shown)}; expected {' -> '.join(expected)}"


def _number(claim: FinishedClaim) -> str:
    ends = tuple(_float(end) for end in claim.interval)
    return f"{formatting.number(claim.measured)} ({formatting.interval(ends)})".translate(PLAIN)


def _float(value: float | None) -> float:
    return float("nan") if value is None else value


def _setting_lines(changes: Changes) -> Iterator[Line]:
    both = len(changes.before.variants) - len(changes.gone)
    for one in changes.settings:
        where = "" if len(one.variants) == both else f" ({'; '.join(one.variants)})"
        yield "", f"{one.path}: {setting(one.before)} -> {setting(one.after)}{where}"
    for labels, what in ((changes.gone, "removed variants"), (changes.new, "new variants")):
        if labels:
            yield "", f"{what}: {'; '.join(labels)}"


def _score_lines(changes: Changes) -> Iterator[str]:
    for end in changes.ends:
        yield f"{end.variant}: {end.before} -> {end.after} of {several(end.n, 'run')} diverged or failed"
    for one in changes.scores:
        yield f"{one.variant}: {words(one.score)} {_score(one)}".translate(PLAIN)
    if changes.scores and changes.runs[1]:
        yield _runs(changes)


def _score(one: ScoreChange) -> str:
    before, after = (scores.score(value, one.score) for value in (one.before, one.after))
    change = scores.difference(one.difference, f"{one.score}_difference", one.interval)
    span = scores.difference_interval(one.interval, f"{one.score}_difference")
    return f"{before} -> {after}, paired difference {change} ({span}), n = {one.n}"


def _runs(changes: Changes) -> str:
    both, same = changes.runs
    if not both:
        return "the reports have no common run"
    return f"{same} of {several(both, 'common run')} identical"


def _finding_lines(changes: Changes) -> Iterator[Line]:
    labels = {variant.id: variant.label for results in (changes.before, changes.after) for variant in results.variants}
    for found, what in ((changes.resolved, "resolved"), (changes.appeared, "new")):
        for one in found:
            yield "", f"{what}: {one.rule} in {labels.get(one.variant, one.variant)}: {one.message}"


def _claim_values(claim: FinishedClaim | None) -> dict[str, Any] | None:
    names = ("verdict", "measured", "interval", "n", "expected")
    return None if claim is None else {name: getattr(claim, name) for name in names}
