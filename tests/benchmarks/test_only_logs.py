"""Logs of trainings that the benchmark interferes with: what is written, read back, and has an effect."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.diagnosis.build import prepare
from benchmarks.diagnosis.cases import Case
from benchmarks.diagnosis.logs import interfere
from benchmarks.diagnosis.logs.courses import Course
from benchmarks.diagnosis.logs.interfere import Make, Resume, Spoil
from benchmarks.diagnosis.logs.only_logs import HALVES, has_effect
from benchmarks.diagnosis.logs.planted import CLIPPED, RESUMED, SPIKES
from benchmarks.diagnosis.logs.writers import NORMS, WRITERS
from reportgen import data
from reportgen.analysis.diagnosis.rules import RULES
from reportgen.external.logs.collect import read_logs

MOONS: Mapping[str, Any] = {
    "data": {"name": "moons", "samples": 200},
    "preprocess": ["standardize"],
    "network": {"hidden": [16]},
    "training": {"lr": 0.05, "optimizer": {"name": "sgd", "momentum": 0.9}, "batch_size": 8, "epochs": 6},
}


def courses(tmp_path: Path, make: Make, training: Mapping[str, Any] | None = None) -> list[Course]:
    study = copy.deepcopy(dict(MOONS))
    study["training"] |= training or {}
    case = Case(name="made", family="logs", plants="a small network", because="made", study=study, shows=())
    run = prepare(case, tmp_path, [0]).plan.runs[0]
    return make(run.spec, data.load(run.spec.data, run.spec.preprocess, run.seed, tmp_path))


def test_every_planted_log_has_its_own_name_and_a_rule() -> None:
    planted = [one for half in HALVES.values() for one in half]
    assert len({one.name for one in planted}) == len(planted)
    assert {one.rule for one in planted} <= set(RULES)
    for half in HALVES.values():
        assert {(one.rule, one.faulty) for one in half} == {
            (one.rule, faulty) for one in half for faulty in (True, False)
        }


def test_a_complete_checkpoint_continues_the_course(tmp_path: Path) -> None:
    before, after = courses(tmp_path, Resume(0.5, further=1, is_complete=True))
    assert (before.epoch, after.epoch, before.steps.size, after.steps.size) == (0, 3, 4, 3)
    assert not has_effect(RESUMED, [before, after])


def test_new_weights_begin_at_the_loss_of_the_start(tmp_path: Path) -> None:
    before, after = courses(tmp_path, Resume(0.5, older=None, counts_on=True))
    assert after.steps[0] == before.steps[-1] + after.steps[0] // (after.epoch + 1)
    assert after.batch_loss[0] > before.batch_loss[-1]
    assert has_effect(RESUMED, [before, after])


@pytest.mark.parametrize("writer", WRITERS, ids=lambda writer: writer.name)
def test_a_resumed_log_is_read_as_resumed(tmp_path: Path, writer) -> None:  # type: ignore[no-untyped-def]
    found = courses(tmp_path, Resume(0.5, further=2, rate=5), {"epochs": 12})
    [[log]] = read_logs(writer.write(found, tmp_path / "log")).values()
    steps = 1 if log.unit == "epoch" else int(found[0].steps[0])
    assert log.resumed_at == (6 * steps,)


def test_norms_are_those_of_the_gradient_at_each_step(tmp_path: Path) -> None:
    [course] = courses(tmp_path, Spoil((0.6,), 1000), CLIPPED)
    assert course.norms is not None
    assert course.norms.shape == course.losses.shape
    assert np.isfinite(course.norms).all()
    assert has_effect(SPIKES, [course])
    [[log]] = read_logs(NORMS.write([course], tmp_path / "log")).values()
    norms = log.curve("gradient_norm")
    assert norms is not None
    np.testing.assert_allclose(norms.values, course.norms[4::5])


def test_wrong_metrics_leave_the_training_as_it_is(tmp_path: Path) -> None:
    [right] = courses(tmp_path, interfere.right_metrics)
    [swapped] = courses(tmp_path, interfere.renumbered_labels)
    [twice] = courses(tmp_path, interfere.softmax_twice)
    np.testing.assert_array_equal(swapped.losses, right.losses)
    np.testing.assert_allclose(swapped.val_accuracy, 1 - right.val_accuracy)
    np.testing.assert_array_equal(twice.val_accuracy, right.val_accuracy)
    assert (twice.val_loss > np.log1p(1 / np.e) - 1e-6).all()
