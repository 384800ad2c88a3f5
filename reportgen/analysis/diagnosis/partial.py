"""Diagnosis of records that may be incomplete: findings, passed rules, and rules that lack measurements.

An external record contains only the measurements of the user's training. A rule that needed a missing measurement and
returned no finding has not passed: it was not tested. The measurements that a rule reads are recorded while it runs, so
rules need not declare them. A rule whose form on complete records lacks measurements judges by its form on scores, if
it has one; the diagnosis names these rules, since that form has another accuracy.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from reportgen.analysis.diagnosis.advice import consistent
from reportgen.analysis.diagnosis.causes import in_order, with_causes
from reportgen.analysis.diagnosis.checks import Check, checks
from reportgen.analysis.diagnosis.diagnose import usable
from reportgen.analysis.diagnosis.layers import dropouts, normalizations
from reportgen.analysis.diagnosis.on_scores import log_of_scores
from reportgen.analysis.diagnosis.outcome import PartialDiagnosis
from reportgen.analysis.diagnosis.rules import RULES
from reportgen.analysis.diagnosis.training_code import is_of_loop
from reportgen.analysis.finding import Abstention, Evidence, Finding, Rule, ScoreEvidence
from reportgen.analysis.words.frameworks import in_words_of
from reportgen.languages.translate import N_
from reportgen.runs.record import RunRecord
from reportgen.study.planning.plan import Variant

OPTIONAL = (
    *("facts.val_loss_sd", "probe_bias_gradient_norm", "probe_curvature", "epoch_penalty"),
    *("facts.baseline_kernel", "facts.baseline_kernel_left_out"),
    *(
        "facts.batches_top_share",
        "facts.class_labels",
        "facts.class_runs",
        "facts.val_input_offset",
        "facts.val_input_scale",
    ),
)
"""Measurements that rules can do without, with less certainty or by other means."""

OF_LOOPS = ("step_top_share",)
"""Measurements that only a training loop needs, since it may order its examples in any way."""

WITH_DROPOUT = ("facts.train_mode_scale",)
WITH_BATCHNORM = ("facts.batch_dependent_fraction", "facts.bn_identity_gap")
"""Facts that complete records contain only for networks with these layers."""

EVERY_LAYER = tuple(
    f"probe_{name}"
    for name in ("activation_std", "activation_min", "preactivation_std", "gradient_std", "gradient_norm")
)
"""Statistics that are defined for every layer. A rule that reads them for a layer without them has not passed."""

ENDED = (N_("a run that ends in finite numbers"),)
"""The missing measurement of rules that read only losses if all runs diverged."""


def diagnose_partial(
    variants: Mapping[str, Sequence[RunRecord]],
    rules: Mapping[str, Rule] = RULES,
    unspecified: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> tuple[PartialDiagnosis, ...]:
    """Return the diagnosis of each variant, with all other variants as its siblings.

    unspecified: settings by variant that the record does not state and that have their defaults.
    """
    found = {name: usable(records) for name, records in variants.items()}
    judged = {
        name: _of_variant(name, records, found, rules, unspecified.get(name, ()))
        for name, records in found.items()
        if records
    }
    return tuple(_consistent(diagnosis, found, judged) for diagnosis in judged.values())


def _consistent(
    diagnosis: PartialDiagnosis, records: Mapping[str, Sequence[RunRecord]], judged: Mapping[str, PartialDiagnosis]
) -> PartialDiagnosis:
    """Return a diagnosis with advice that agrees with the records of the other variants."""
    siblings = {name: theirs for name, theirs in records.items() if name != diagnosis.variant}
    evidence = Evidence(Variant(diagnosis.variant, diagnosis.variant, {}, {}), records[diagnosis.variant], siblings)

    def alarms(name: str) -> set[str]:
        return {finding.rule for finding in judged[name].findings if finding.severity != "info"}

    framework = evidence.records[0].facts.get("framework")
    found = (consistent(finding, evidence, alarms) for finding in diagnosis.findings)
    return replace(diagnosis, findings=tuple(replace(f, advice=in_words_of(framework, f.advice)) for f in found))


def _of_variant(
    name: str,
    records: Sequence[RunRecord],
    by_variant: Mapping[str, Sequence[RunRecord]],
    rules: Mapping[str, Rule],
    unspecified: Collection[str],
) -> PartialDiagnosis:
    found: list[Finding] = []
    passed: list[str] = []
    not_judged: dict[str, tuple[str, ...]] = {}
    not_required = _not_required(records[0])
    for id_, check in checks(rules).items():
        missing: dict[str, None] = {}
        read: dict[str, None] = {}
        siblings = {
            other: [_traced(r, {}, {}) for r in theirs] for other, theirs in by_variant.items() if other != name
        }
        evidence = Evidence(Variant(name, name, {}, {}), [_traced(r, missing, read) for r in records], siblings)
        finding = _checked(check, evidence, missing)
        if finding is None and rules[id_].stage == "code" and not is_of_loop(records[0]):
            continue  # no training loop was observed
        required = tuple(key for key in missing if key not in not_required)
        required = (*(path for path in rules[id_].kinds if path in unspecified), *required)
        if finding is not None:
            found.append(finding)
        elif required := (*required, *_unmeasured(records, read)):
            not_judged[id_] = required
        elif not read.keys() - {"step_loss"} and all(record.status == "diverged" for record in records):
            not_judged[id_] = ENDED
        else:
            passed.append(id_)
    outcomes = _by_scores(name, by_variant, {id_: rules[id_] for id_, names in not_judged.items() if names != ENDED})
    found += [outcome for outcome in outcomes.values() if outcome is not None]
    passed += [id_ for id_, outcome in outcomes.items() if outcome is None]
    by_scores = {id_: not_judged.pop(id_) for id_ in outcomes}
    findings = in_order(with_causes(found, rules))
    dropped = {f.rule for f in found} - {f.rule for f in findings}
    return PartialDiagnosis(name, findings, tuple(sorted((*passed, *dropped))), not_judged, by_scores=by_scores)


def _by_scores(
    name: str, by_variant: Mapping[str, Sequence[RunRecord]], rules: Mapping[str, Rule]
) -> dict[str, Finding | None]:
    """Return the outcomes of those rules that can judge a variant by their form on scores."""
    forms = {id_: rule.on_scores for id_, rule in rules.items() if rule.on_scores is not None}
    if not forms:
        return {}
    logs = {variant: [log_of_scores(record) for record in records] for variant, records in by_variant.items()}
    evidence = ScoreEvidence(name, logs.pop(name), logs)
    outcomes = {id_: form.check(evidence) for id_, form in forms.items()}
    return {id_: outcome for id_, outcome in outcomes.items() if not isinstance(outcome, Abstention)}


def _unmeasured(records: Sequence[RunRecord], read: Collection[str]) -> tuple[str, ...]:
    """Return the statistics among those read that no probe measured for a hidden layer, such as a recurrent one."""
    return tuple(
        name
        for name in EVERY_LAYER
        if name in read and any(np.isnan(record.arrays[name][:, :-1]).all(axis=0).any() for record in records)
    )


def _not_required(record: RunRecord) -> tuple[str, ...]:
    """Return the measurements that a record need not contain, for lack of the layers concerned."""
    without_dropout = () if dropouts(record.spec.network) else WITH_DROPOUT
    without_batchnorm = () if normalizations(record.spec.network) else WITH_BATCHNORM
    optional = OPTIONAL if is_of_loop(record) else (*OPTIONAL, *OF_LOOPS)
    return (*optional, *without_dropout, *without_batchnorm)


def _checked(check: Check, evidence: Evidence, missing: Mapping[str, None]) -> Finding | None:
    """Return the finding of a rule, None if it fails for lack of a measurement."""
    try:
        return check(evidence)
    except (LookupError, TypeError, ValueError):
        if missing:
            return None
        raise


class _TracedMapping(Mapping[str, Any]):
    """A mapping that records the names read from it, both present and missing."""

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


def _traced(record: RunRecord, missing: dict[str, None], read: dict[str, None]) -> RunRecord:
    return replace(
        record,
        arrays=_TracedMapping(record.arrays, missing, read),
        facts=_TracedMapping(record.facts, missing, read, "facts."),
        final=_TracedMapping(record.final, missing, read, "final."),
    )
