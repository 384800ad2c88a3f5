"""Comparison of two reports: settings, verdicts, scores by paired seeds, findings and versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reportgen.analysis.statistics import mean_interval
from reportgen.engine.spec import SCORES
from reportgen.errors import UsageError
from reportgen.report.site.finished import (
    FinishedClaim,
    FinishedFinding,
    FinishedRun,
    Results,
    read_results,
)
from reportgen.report.site.folders import find_reports

HELD_OUT = ("val_accuracy", "val_loss")
SCORED = ("ok", "stopped")
"""Statuses of runs with final scores."""

ABOUT = ("reportgen", "python", "numpy", "numba", "platform")

Pair = tuple[FinishedRun, FinishedRun]
"""A run before and after."""


@dataclass(frozen=True)
class SettingChange:
    """A setting that differs in some of the common variants; None if a report lacks it."""

    path: str
    before: Any
    after: Any
    variants: tuple[str, ...]


@dataclass(frozen=True)
class ScoreChange:
    """A score of a variant in both reports.

    Attributes
    ----------
    variant : label of the variant.
    score : name of the score.
    before, after : means over the seeds with the score in both reports; diverged and failed runs have none.
    difference : mean of after minus before, paired by seed.
    interval : 95% confidence interval of the difference by Student's t, NaN for fewer than two seeds. It is not
        corrected for the number of compared scores.
    n : number of seeds.
    """

    variant: str
    score: str
    before: float
    after: float
    difference: float
    interval: tuple[float, float]
    n: int


@dataclass(frozen=True)
class StatusChange:
    """How many of the `n` common runs of a variant diverged or failed before and after."""

    variant: str
    before: int
    after: int
    n: int


@dataclass(frozen=True)
class ClaimChange:
    """A claim in both reports; None in the report that does not have it."""

    id: str
    before: FinishedClaim | None
    after: FinishedClaim | None

    @property
    def lost(self) -> bool:
        """Whether the claim was supported and no longer is."""
        return self.before is not None and self.before.verdict == "supported" and not _supported(self.after)

    @property
    def same(self) -> bool:
        """Whether the verdict is unchanged."""
        return self.before is not None and self.after is not None and self.before.verdict == self.after.verdict


@dataclass(frozen=True)
class Changes:
    """The changes from the report `before` to the report `after`.

    Attributes
    ----------
    about : versions and platform that differ.
    settings : settings that differ.
    gone, new : labels of the variants that only `before`, or only `after`, has.
    runs : number of common runs by variant and seed, and how many of them are identical.
    claims : the claims of both reports.
    ends : common variants with changed runs, some of which diverged or failed.
    scores : scores of common variants with changed runs.
    resolved, appeared : findings in common variants that only `before`, or only `after`, has.
    """

    before: Results
    after: Results
    about: Mapping[str, tuple[str | None, str | None]]
    settings: tuple[SettingChange, ...]
    gone: tuple[str, ...]
    new: tuple[str, ...]
    runs: tuple[int, int]
    claims: tuple[ClaimChange, ...]
    ends: tuple[StatusChange, ...]
    scores: tuple[ScoreChange, ...]
    resolved: tuple[FinishedFinding, ...]
    appeared: tuple[FinishedFinding, ...]

    @property
    def judged(self) -> bool:
        """Whether both reports have verdicts; a quick look has none."""
        return not (self.before.study.watermark or self.after.study.watermark)

    @property
    def lost(self) -> tuple[str, ...]:
        """Ids of the claims that were supported and no longer are."""
        return tuple(claim.id for claim in self.claims if claim.lost) if self.judged else ()


def compare_reports(before: str | Path, after: str | Path) -> Changes:
    """Return the changes from one report to another; each argument is a report folder or its results.json.

    Raises UsageError if an argument is not a single report, and ResultsError if results cannot be read.
    """
    return changes(*(read_results(_single(source)) for source in (before, after)))


def changes(before: Results, after: Results) -> Changes:
    """Return the changes; variants, claims and findings are matched by id."""
    old, new = ({variant.id: variant for variant in results.variants} for results in (before, after))
    a, b = _runs(before), _runs(after)
    both = [place for place in a if place in b]
    pairs = _pairs(a, b, {name: new[name].label for name in old if name in new})
    versions = {name: (getattr(before.provenance, name), getattr(after.provenance, name)) for name in ABOUT}
    return Changes(
        before=before,
        after=after,
        about={name: pair for name, pair in versions.items() if pair[0] != pair[1]},
        settings=_settings(before, after),
        gone=tuple(old[name].label for name in old if name not in new),
        new=tuple(new[name].label for name in new if name not in old),
        runs=(len(both), sum(a[place].key == b[place].key != "" for place in both)),
        claims=_claims(before, after),
        ends=tuple(end for end in (_end(*each) for each in pairs) if end.before or end.after),
        scores=tuple(score for each in pairs for score in _scores(*each)),
        resolved=_only_in(before, after),
        appeared=_only_in(after, before),
    )


def _single(source: str | Path) -> Path:
    reports = find_reports([source])
    if len(reports) > 1:
        message = f"the folder contains {len(reports)} reports"
        raise UsageError("ambiguous-argument", message, where=str(source), hint="name one of them")
    return reports[0]


def _runs(results: Results) -> dict[tuple[str, int], FinishedRun]:
    return {(run.variant, run.seed): run for run in results.runs}


def _settings(before: Results, after: Results) -> tuple[SettingChange, ...]:
    """Return the settings that differ, each with all variants that have the same difference."""
    new = {variant.id: variant.settings for variant in after.variants}
    changes: list[SettingChange] = []
    for variant in before.variants:
        now = new.get(variant.id, variant.settings)
        for path in dict.fromkeys((*variant.settings, *now)):
            pair = (variant.settings.get(path), now.get(path))
            if pair[0] != pair[1]:
                changes.append(SettingChange(path, *pair, (variant.label,)))
    return _merged(changes)


def _merged(changes: Sequence[SettingChange]) -> tuple[SettingChange, ...]:
    alike: dict[str, SettingChange] = {}
    for change in changes:
        key = repr((change.path, change.before, change.after))
        labels = (*alike[key].variants, *change.variants) if key in alike else change.variants
        alike[key] = SettingChange(change.path, change.before, change.after, labels)
    return tuple(alike.values())


def _claims(before: Results, after: Results) -> tuple[ClaimChange, ...]:
    old, new = ({claim.id: claim for claim in results.claims} for results in (before, after))
    return tuple(ClaimChange(name, old.get(name), new.get(name)) for name in dict.fromkeys((*old, *new)))


def _pairs(
    a: Mapping[tuple[str, int], FinishedRun], b: Mapping[tuple[str, int], FinishedRun], labels: Mapping[str, str]
) -> list[tuple[str, Sequence[Pair]]]:
    """Return the label and the common runs of each variant whose runs are not all identical."""
    changed: list[tuple[str, Sequence[Pair]]] = []
    for variant, label in labels.items():
        pairs = [(a[place], b[place]) for place in a if place[0] == variant and place in b]
        if not all(earlier.key == later.key != "" for earlier, later in pairs):
            changed.append((label, pairs))
    return changed


def _end(label: str, pairs: Sequence[Pair]) -> StatusChange:
    before, after = (sum(pair[side].status not in SCORED for pair in pairs) for side in (0, 1))
    return StatusChange(label, before, after, len(pairs))


def _scores(label: str, pairs: Sequence[Pair]) -> list[ScoreChange]:
    """Return the scores of a variant on held-out examples, or all scores if it has none there."""
    known = [change for score in HELD_OUT if (change := _score(label, score, pairs)).n]
    return known or [change for score in SCORES if (change := _score(label, score, pairs)).n]


def _score(label: str, score: str, pairs: Sequence[Pair]) -> ScoreChange:
    ended = [pair for pair in pairs if all(run.status in SCORED for run in pair)]
    values = [(earlier.final.get(score), later.final.get(score)) for earlier, later in ended]
    known = [(x, y) for x, y in values if x is not None and y is not None]
    before, after = (mean_interval([pair[side] for pair in known])[0] for side in (0, 1))
    difference, lo, hi = mean_interval([y - x for x, y in known])
    return ScoreChange(label, score, before, after, difference, (lo, hi), len(known))


def _only_in(results: Results, other: Results) -> tuple[FinishedFinding, ...]:
    """Return the findings that the other report does not have, in common variants."""
    known = {(finding.rule, finding.variant) for finding in other.findings}
    variants = {variant.id for variant in other.variants}
    candidates = (finding for finding in results.findings if finding.variant in variants)
    return tuple(finding for finding in candidates if (finding.rule, finding.variant) not in known)


def _supported(claim: FinishedClaim | None) -> bool:
    return claim is not None and claim.verdict == "supported"
