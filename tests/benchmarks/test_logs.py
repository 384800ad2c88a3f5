"""The benchmark on logs: records written as logs are read back, and its section of the docs is up to date."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.diagnosis.__main__ import PAGE
from benchmarks.diagnosis.alarms import Alarm
from benchmarks.diagnosis.cases import RULE_IDS, load_cases
from benchmarks.diagnosis.logs import page
from benchmarks.diagnosis.logs.courses import course_of
from benchmarks.diagnosis.logs.judge import INVISIBLE, is_visible
from benchmarks.diagnosis.logs.peers import OF_LOGS, RUNMEDIC_SAYS, runmedic_alarms
from benchmarks.diagnosis.logs.result import RESULT, names_cause
from benchmarks.diagnosis.logs.writers import EVERY, WRITERS
from benchmarks.diagnosis.published import PUBLISHED
from reportgen.analysis.diagnosis.rules import RULES
from reportgen.external.logs.collect import read_logs
from reportgen.external.logs.options import LogOptions
from reportgen.runs.record import RunRecord
from tests.analysis.studies import plan_of, record


def made(tmp_path: Path) -> RunRecord:
    """A record of two epochs of sixty steps each, in which the loss is the number of the step."""
    one = record(plan_of(tmp_path).runs[-1], val_loss=[1.4, 0.9, 0.7], val_accuracy=[0.3, 0.6, 0.7],
                 batch_loss=[np.nan, 30.0, 90.0], lr=[0.1, 0.1, 0.01], train_accuracy=[0.2, 0.6, 0.8])  # fmt: skip
    arrays = {**one.arrays, "step_loss": np.arange(120.0), "epoch_step": np.array([0, 60, 120])}
    return dataclasses.replace(one, arrays=arrays)


@pytest.mark.parametrize("writer", WRITERS, ids=lambda writer: writer.name)
def test_a_log_is_read_back_as_the_record_has_it(tmp_path: Path, writer) -> None:  # type: ignore[no-untyped-def]
    path = writer.write([course_of(made(tmp_path))], tmp_path / "run")
    [[log]] = read_logs(path, LogOptions(classes=4)).values()
    val = log.curve("val_loss")
    assert val is not None
    assert val.values.tolist() == [0.9, 0.7]
    assert val.positions.tolist() == ([1, 2] if log.unit == "epoch" else [60, 120])
    train = log.curve("train_loss")
    assert train is not None
    assert train.values.tolist() == ([30.0, 90.0] if log.unit == "epoch" else [49.0, 99.0])
    assert log.unit == "epoch" or train.positions.tolist() == [EVERY, 2 * EVERY]
    accuracy = log.curve("train_accuracy")
    assert accuracy is not None
    np.testing.assert_allclose(accuracy.values, [0.4, 0.7])


def test_a_cause_is_named_by_the_rule_or_by_the_causes_of_an_alarm() -> None:
    case = next(case for case in load_cases() if case.must == {"dead_relu"} and "lr_too_low" in case.must_not)
    assert names_cause(case, [Alarm("no_learning", frozenset({"no_learning", "dead_relu"}))])
    assert not names_cause(case, [Alarm("no_learning", frozenset({"no_learning"}))])
    wrong = Alarm("lr_too_low", frozenset({"lr_too_low"}))
    assert not names_cause(case, [Alarm("x", frozenset({"dead_relu"})), wrong])


def test_faults_without_a_sign_in_scores_are_left_out_of_the_visible_ones() -> None:
    invisible = [case for case in load_cases() if not is_visible(case)]
    assert invisible
    assert all(case.must <= INVISIBLE.keys() for case in invisible)
    assert set(INVISIBLE) <= set(RULE_IDS)


def test_the_rules_of_peers_are_known() -> None:
    for rule_set in PUBLISHED:
        assert set(OF_LOGS[rule_set.name]) <= set(rule_set.says)
    assert {rule for says in RUNMEDIC_SAYS.values() for rule in says} <= set(RULES)


def test_a_check_of_runmedic_counts_if_most_runs_warn() -> None:
    assert [alarm.rule for alarm in runmedic_alarms([("overfitting",), ("overfitting",), ()])] == ["overfitting"]
    assert runmedic_alarms([("overfitting",), (), ()]) == ()


def test_the_docs_page_holds_the_published_scores() -> None:
    found = json.loads(RESULT.read_text(encoding="utf-8"))
    text = PAGE.read_text(encoding="utf-8")
    assert page.updated(text, found) == text
    assert page.section(found) in text
