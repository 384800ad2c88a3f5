"""Groups of runs from a diagnosis: records and logs, with printable names that differ."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reportgen.analysis.diagnosis.outcome import PartialDiagnosis
from reportgen.analysis.finding import Abstention
from reportgen.external.reader import ExternalRecord
from reportgen.runs.training_log import LogNote
from reportgen.workflow.diagnose import DiagnosedTraining
from reportgen.workflow.training_report.groups import groups_of
from tests.figures.examples import record
from tests.training_examples import curve, finding, log

EVIL = "a\x00\u202eb"


def judged(name: str, **given: Any) -> PartialDiagnosis:
    fields: dict[str, Any] = {"findings": (), "passed": (), "not_judged": {}}
    return PartialDiagnosis(name, **fields | given)


def test_records_of_a_variant_are_one_group_with_their_curves() -> None:
    records = [ExternalRecord(Path(f"{seed}.npz"), "relu", record(seed, 2, 3)) for seed in (0, 1)]
    (group,) = groups_of(DiagnosedTraining(Path("x"), records, [judged("relu")]))
    assert [one.spec.seed for one in group.records] == [0, 1]
    assert [run.name for run in group.runs] == ["seed 0", "seed 1"]
    assert all(run.curve("train_loss") is not None for run in group.runs)


def test_logs_of_a_group_are_its_runs() -> None:
    logs = {"a": [log("a-0"), log("a-1")]}
    (group,) = groups_of(DiagnosedTraining(Path("x"), [], [judged("a")], logs))
    assert [run.name for run in group.runs] == ["a-0", "a-1"]
    assert group.records == ()


def test_names_and_ids_differ_also_in_lower_case() -> None:
    names = ["Run", "run", "r\x00", "r\x01", "=", "+"]
    logs = {name: [log(name)] for name in names}
    groups = groups_of(DiagnosedTraining(Path("x"), [], [judged(name) for name in names], logs))
    assert len({group.name.lower() for group in groups}) == len(names)
    assert len({group.id for group in groups}) == len(names)


def test_every_text_of_a_log_is_printable() -> None:
    run = log(
        EVIL,
        path=Path("x"),
        curves=(curve("val_score", [1, 2], column=EVIL),),
        layers={EVIL: {EVIL: curve("other", [1, 2])}},
        settings={EVIL: EVIL},
        ignored={EVIL: EVIL},
        notes=(LogNote("x", EVIL),),
    )
    own = judged(
        EVIL,
        findings=(finding("overfitting", group=EVIL, message=EVIL, advice=EVIL),),
        abstained={"no_signal": Abstention(EVIL, EVIL)},
    )
    (group,) = groups_of(DiagnosedTraining(Path("x"), [], [own], {EVIL: [run]}))
    assert group.findings[0].variant == group.name
    for shown in (repr(group.diagnosis), repr(group.runs)):
        assert "\\x00" not in shown
        assert "\\u202e" not in shown
