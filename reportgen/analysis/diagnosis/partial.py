"""Rules on records that may lack something: what was found, what was looked for, and what could not be judged.

A record that a user brings holds what their training measured. A rule that asked for something it lacks, and found
nothing, has not passed: it was not judged. What a rule asks for is noted while it looks, so no rule needs to say it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from reportgen.analysis.diagnosis.advice import consistent
from reportgen.analysis.diagnosis.causes import in_order, with_causes
from reportgen.analysis.diagnosis.diagnose import usable
from reportgen.analysis.diagnosis.rules import RULES
from reportgen.analysis.finding import Evidence, Finding, Rule
from reportgen.runs.record import RunRecord
from reportgen.study.planning.plan import Variant

OPTIONAL = (
    *("facts.val_loss_sd", "probe_bias_gradient_norm", "probe_curvature"),
    *("facts.baseline_kernel", "facts.baseline_kernel_left_out"),
)
"""What rules do without where it is missing, with less certainty or by what is known otherwise."""

WITH_DROPOUT = ("facts.train_mode_scale",)
WITH_BATCHNORM = ("facts.batch_dependent_fraction", "facts.bn_identity_gap")
"""What full records hold of networks that have these layers alone."""


OF_KINDS = {
    "train_eval_mismatch": ("network.batchnorm", "network.dropout"),
    "bn_tiny_batch": ("network.batchnorm",),
    "over_regularization": ("network.dropout",),
}
"""Layers of a kind that rules look for faults of: where nobody told whether there are any, nothing can be judged."""

FINITE_END = "a run that ends in finite numbers"
"""What rules lack that looked at nothing but the losses of runs which all diverged."""


@dataclass(frozen=True)
class PartialDiagnosis:
    """One variant: its findings, root causes first; rules that found nothing; those that lack something, with what."""

    variant: str
    findings: tuple[Finding, ...]
    passed: tuple[str, ...]
    not_judged: Mapping[str, tuple[str, ...]]


def diagnose_partial(
    variants: Mapping[str, Sequence[RunRecord]],
    rules: Mapping[str, Rule] = RULES,
    untold: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> tuple[PartialDiagnosis, ...]:
    """Return what the rules say of each variant's records, all variants being one another's siblings.

    untold: settings by variant that stand at their defaults because nobody said anything of them.
    """
    found = {name: usable(records) for name, records in variants.items()}
    judged = {
        name: _of_variant(name, records, found, rules, untold.get(name, ()))
        for name, records in found.items()
        if records
    }
    return tuple(_consistent(one, found, judged) for one in judged.values())


def _consistent(
    one: PartialDiagnosis, records: Mapping[str, Sequence[RunRecord]], judged: Mapping[str, PartialDiagnosis]
) -> PartialDiagnosis:
    """Return a judgement with advice that agrees with the records of the other variants."""
    siblings = {name: theirs for name, theirs in records.items() if name != one.variant}
    evidence = Evidence(Variant(one.variant, one.variant, {}, {}), records[one.variant], siblings)

    def alarms(name: str) -> set[str]:
        return {finding.rule for finding in judged[name].findings if finding.severity != "info"}

    return replace(one, findings=tuple(consistent(finding, evidence, alarms) for finding in one.findings))


def _of_variant(
    name: str,
    records: Sequence[RunRecord],
    all_: Mapping[str, Sequence[RunRecord]],
    rules: Mapping[str, Rule],
    untold: Collection[str],
) -> PartialDiagnosis:
    found: list[Finding] = []
    passed: list[str] = []
    not_judged: dict[str, tuple[str, ...]] = {}
    needless = _needless(records[0])
    for id_, rule in rules.items():
        missing: dict[str, None] = {}
        read: dict[str, None] = {}
        siblings = {other: [_watched(r, {}, {}) for r in theirs] for other, theirs in all_.items() if other != name}
        evidence = Evidence(Variant(name, name, {}, {}), [_watched(r, missing, read) for r in records], siblings)
        finding = _checked(rule, evidence, missing)
        lacking = tuple(what for what in missing if what not in needless)
        lacking = (*(what for what in OF_KINDS.get(id_, ()) if what in untold), *lacking)
        if finding is not None:
            found.append(finding)
        elif lacking:
            not_judged[id_] = lacking
        elif not read.keys() - {"step_loss"} and all(record.status == "diverged" for record in records):
            not_judged[id_] = (FINITE_END,)
        else:
            passed.append(id_)
    findings = in_order(with_causes(found, rules))
    dropped = {f.rule for f in found} - {f.rule for f in findings}
    return PartialDiagnosis(name, findings, tuple(sorted((*passed, *dropped))), not_judged)


def _needless(record: RunRecord) -> tuple[str, ...]:
    """Return the names of what a record need not hold, since its network has no layers that it speaks of."""
    layers = record.spec.network.layers
    without_dropout = () if any(layer.dropout for layer in layers) else WITH_DROPOUT
    without_batchnorm = () if any(layer.batchnorm for layer in layers) else WITH_BATCHNORM
    return (*OPTIONAL, *without_dropout, *without_batchnorm)


def _checked(rule: Rule, evidence: Evidence, missing: Mapping[str, None]) -> Finding | None:
    """Return what a rule finds; one that cannot go on without what is missing finds nothing."""
    try:
        return rule.check(evidence)
    except (LookupError, TypeError, ValueError):
        if missing:
            return None
        raise


class _Watched(Mapping[str, Any]):
    """A mapping that notes which of the names that were asked for it lacks, and which it has."""

    def __init__(
        self, values: Mapping[str, Any], missing: dict[str, None], read: dict[str, None], prefix: str = ""
    ) -> None:
        self._values, self._missing, self._read, self._prefix = values, missing, read, prefix

    def __getitem__(self, name: str) -> Any:
        self._note(name)
        return self._values[name]

    def __contains__(self, name: object) -> bool:
        self._note(name)
        return name in self._values

    def _note(self, name: object) -> None:
        noted = self._read if name in self._values else self._missing
        noted[f"{self._prefix}{name}"] = None

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def _watched(record: RunRecord, missing: dict[str, None], read: dict[str, None]) -> RunRecord:
    return replace(
        record,
        arrays=_Watched(record.arrays, missing, read),
        facts=_Watched(record.facts, missing, read, "facts."),
        final=_Watched(record.final, missing, read, "final."),
    )
