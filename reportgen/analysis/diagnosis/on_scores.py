"""Diagnosis of logs, which hold scores alone: every rule that has a form on scores judges each group of runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from reportgen.analysis.diagnosis.causes import in_order, with_causes
from reportgen.analysis.diagnosis.outcome import PartialDiagnosis
from reportgen.analysis.diagnosis.rules import RULES
from reportgen.analysis.finding import Abstention, Finding, Rule, ScoreEvidence
from reportgen.engine.tables.losses import LOSSES
from reportgen.languages.translate import N_
from reportgen.runs.record import RunRecord
from reportgen.runs.record_log import log_of_record
from reportgen.runs.training_log import Curve, Task, TrainingLog


def diagnose_logs(
    groups: Mapping[str, Sequence[TrainingLog]], rules: Mapping[str, Rule] = RULES
) -> tuple[PartialDiagnosis, ...]:
    """Return the diagnosis of each group of runs of one setting; the other groups are its siblings."""
    return tuple(_of_group(name, groups, rules) for name in groups)


def _of_group(name: str, groups: Mapping[str, Sequence[TrainingLog]], rules: Mapping[str, Rule]) -> PartialDiagnosis:
    evidence = ScoreEvidence(name, groups[name], {other: logs for other, logs in groups.items() if other != name})
    outcomes = {id_: rule.on_scores.check(evidence) for id_, rule in rules.items() if rule.on_scores is not None}
    found = [outcome for outcome in outcomes.values() if isinstance(outcome, Finding)]
    findings = in_order(with_causes(found, rules))
    dropped = {finding.rule for finding in found} - {finding.rule for finding in findings}
    passed = {id_ for id_, outcome in outcomes.items() if outcome is None} | dropped
    abstained = {id_: outcome for id_, outcome in outcomes.items() if isinstance(outcome, Abstention)}
    return PartialDiagnosis(name, findings, tuple(sorted(passed)), {}, abstained)


def log_of_scores(record: RunRecord) -> TrainingLog:
    """Return the scores of a record as a log, for the forms on scores.

    The scores of the network before training are left out, which logs of other tools do not have either.
    """
    log = log_of_record(record, Path(record.key), record.key)
    is_cross_entropy = LOSSES[record.spec.training.loss.name].is_likelihood
    classes = int(record.facts["classes"]) if is_cross_entropy else None
    task = Task("classification", classes, N_("the record states it"))
    return replace(log, curves=tuple(map(_in_training, log.curves)), task=task)


def _in_training(curve: Curve) -> Curve:
    """Return a curve without the row of the network before training."""
    kept = curve.positions > 0 if curve.resolution == "epoch" else slice(None)
    return replace(curve, positions=curve.positions[kept], values=curve.values[kept])
