"""The groups of runs of a diagnosis.

Names from logs and records are foreign text: they are made printable here, before anything draws or writes them.
"""

from __future__ import annotations

from dataclasses import replace

from reportgen.analysis.diagnosis.outcome import PartialDiagnosis
from reportgen.analysis.finding import Abstention
from reportgen.analysis.training_groups import TrainingGroup
from reportgen.analysis.words.foreign import printable
from reportgen.languages.translate import mapped
from reportgen.runs.record_log import log_of_record
from reportgen.runs.training_log import TrainingLog
from reportgen.study.planning.variants import slug
from reportgen.workflow.diagnose import DiagnosedTraining


def groups_of(diagnosed: DiagnosedTraining) -> tuple[TrainingGroup, ...]:
    """Return the variants of records and the groups of logs, with printable names that differ."""
    groups: list[TrainingGroup] = []
    taken: set[str] = set()
    for diagnosis in diagnosed.diagnoses:
        name = _unique(printable(diagnosis.variant), taken, " ")
        id_ = _unique(slug(name), taken, "-")
        records = tuple(external for external in diagnosed.records if external.variant == diagnosis.variant)
        runs = [log_of_record(each.record, each.path, f"seed {each.record.spec.seed}") for each in records]
        runs += [] if records else [_printable_log(log) for log in diagnosed.logs[diagnosis.variant]]
        own = _printable_diagnosis(diagnosis, name)
        groups.append(TrainingGroup(name, id_, own, tuple(runs), tuple(each.record for each in records)))
    return tuple(groups)


def _unique(wanted: str, taken: set[str], gap: str) -> str:
    """Return a name that is not taken, and take it; also different in lower case, since file names may be equal."""
    number, name = 1, wanted
    while f"{gap}{name.lower()}" in taken:
        number += 1
        name = f"{wanted}{gap}{number}"
    taken.add(f"{gap}{name.lower()}")
    return name


def _printable_log(log: TrainingLog) -> TrainingLog:
    return replace(
        log,
        name=printable(log.name),
        curves=tuple(replace(curve, column=printable(curve.column)) for curve in log.curves),
        layers={printable(layer): {printable(k): v for k, v in own.items()} for layer, own in log.layers.items()},
        settings={printable(str(name)): printable(str(value)) for name, value in log.settings.items()},
        ignored={printable(name): printable(reason, None) for name, reason in log.ignored.items()},
        notes=tuple(replace(note, text=printable(note.text, None)) for note in log.notes),
    )


def _printable_diagnosis(diagnosis: PartialDiagnosis, name: str) -> PartialDiagnosis:
    """Return a diagnosis whose texts, which may quote names of columns, are printable."""
    findings = tuple(
        replace(f, variant=name, message=_printable(f.message), advice=_printable(f.advice)) for f in diagnosis.findings
    )
    abstained = {
        rule: Abstention(_printable(one.reason), _printable(one.remedy)) for rule, one in diagnosis.abstained.items()
    }
    return replace(diagnosis, variant=name, findings=findings, abstained=abstained)


def _printable(text: str) -> str:
    return mapped(text, lambda form: printable(form, None))
