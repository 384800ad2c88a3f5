"""The time of runs is measured by a few steps of each specification, and nothing is kept."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from reportgen.engine.cost import total_steps
from reportgen.engine.probes.arrays import probe_steps
from reportgen.runs import timing
from reportgen.runs.executors import SharedData
from reportgen.runs.timing import RunTimes
from reportgen.study.loading.loader import load_study
from reportgen.workflow.costs import measured
from reportgen.workflow.costs.estimate import makespan
from reportgen.workflow.request import plan_jobs

NETWORK = """
title: T
question: Q
data: {name: moons, samples: 60}
network: {hidden: [3]}
training: {epochs: 4, batch_size: 12}
"""
STUDY = f"""{NETWORK}probes: {{looks: 3}}
seeds: 3
vary: {{training.epochs: [4, 8], network.activation: [relu, tanh]}}
"""
ONE_KIND = f"{NETWORK}seeds: 1\n"
TIMES = RunTimes(loading=1.0, start=0.5, step=0.01, epoch=0.1, probe=0.2, end=0.3)


@pytest.fixture
def jobs(tmp_path: Path) -> list[measured.Job]:
    (tmp_path / "one.yaml").write_text(STUDY, encoding="utf-8")
    return plan_jobs(load_study(tmp_path / "one.yaml"))


def test_a_run_takes_its_steps_scores_probes_and_ends(jobs: list[measured.Job]) -> None:
    spec = jobs[0].run.spec
    assert total_steps(spec, 48) == 16
    assert TIMES.total(spec, 48) == pytest.approx(0.5 + 16 * 0.01 + 4 * 0.1 + 3 * 0.2 + 0.3)


def test_a_run_that_diverges_in_the_measured_steps_ends_there(jobs: list[measured.Job]) -> None:
    times = RunTimes(1.0, 0.5, 0.01, 0.1, 0.2, 0.3, ended_at=5)
    assert times.total(jobs[0].run.spec, 48) == pytest.approx(0.5 + 5 * 0.01 + 2 * 0.1 + 3 * 0.2 + 0.3)
    assert probe_steps(3, 16) == [0, 1, 16]  # the last probe is replaced by one of the network at the end
    first = dataclasses.replace(times, ended_at=0).total(jobs[0].run.spec, 48)
    assert first == pytest.approx(0.5 + 2 * 0.2 + 0.3)


def test_the_first_measured_rates_are_spread_over_all_rates(tmp_path: Path) -> None:
    rates = [float(rate) for rate in range(1, 21)]
    (tmp_path / "one.yaml").write_text(f"{ONE_KIND}vary: {{training.lr: {rates}}}\n", encoding="utf-8")
    jobs = plan_jobs(load_study(tmp_path / "one.yaml"))
    chosen = [job.run.spec.training.lr for job in measured._representatives(jobs, {job.key: 1.0 for job in jobs})]
    assert sorted(chosen) == rates
    assert max(np.diff(sorted([*chosen[:5], rates[-1]]))) < 7


def test_each_rate_is_measured_to_where_its_training_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for limit in ("BUDGET_SECONDS", "LONGEST_SECONDS"):
        monkeypatch.setattr(measured, limit, 1000.0)
    text = f"{ONE_KIND}vary: {{training.lr: [0.1, 100, 1.0e+30], training.stop_above: [null, 1.01]}}\n"
    (tmp_path / "one.yaml").write_text(text, encoding="utf-8")
    jobs = plan_jobs(load_study(tmp_path / "one.yaml"))
    found = measured._measured(jobs, jobs, tmp_path, 1)
    ends = {(spec.training.lr, spec.training.stop_above): sample.times.ended_at for spec, sample in found.items()}
    assert ends[0.1, None] is ends[0.1, 1.01] is ends[100, None] is None
    assert ends[100, 1.01] == 4  # at the end of the first epoch
    assert ends[1e30, None] < 4
    assert sum(sample.times.loading > 0 for sample in found.values()) <= 2  # of the first one of each kind


def test_each_specification_is_measured_once_and_one_of_each_kind_first(jobs: list[measured.Job]) -> None:
    chosen = measured._representatives(jobs, {job.key: job.run.spec.training.epochs for job in jobs})
    kinds = [(job.run.spec.training.epochs, job.run.variant) for job in chosen]
    assert len(chosen) == 4
    assert [epochs for epochs, _ in kinds] == [8, 8, 4, 4]


def test_a_run_of_a_kind_that_was_measured_has_its_own_number_of_steps(
    jobs: list[measured.Job], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the first measurement succeeds: jobs of its kind take its times, and the others are scaled."""
    counted: list[int] = []

    def first_only(*arguments: object) -> RunTimes:
        counted.append(1)
        if len(counted) > 1:
            raise ValueError
        return TIMES

    monkeypatch.setattr(measured, "measure_run", first_only)
    monkeypatch.setattr(measured, "measure_training", first_only)
    found = measured.measure_jobs(jobs, {job.key: float(job.run.spec.training.epochs) for job in jobs}, tmp_path, 1)
    assert found is not None
    by_kind = {job.run.variant: (found.runs[job.key], TIMES.total(job.run.spec, 48)) for job in jobs}
    assert sum(own == pytest.approx(total) for own, total in by_kind.values()) >= 2
    assert len({own for own, _ in by_kind.values()}) > 2
    assert found.loading >= 1.0
    assert set(found.data) == {job.key for job in jobs}


def test_a_measurement_trains_with_the_engine_and_finds_every_part(jobs: list[measured.Job], tmp_path: Path) -> None:
    found = measured.measure_jobs(jobs[:1], {jobs[0].key: 1.0}, tmp_path, 1)
    assert found is not None
    assert 0 < found.runs[jobs[0].key] < 5
    assert not list(tmp_path.glob("*runs*"))


def test_a_probe_is_measured_on_a_trained_network(
    jobs: list[measured.Job], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the first step, a preconditioned sharpness does not exist, and its probe would cost nothing."""
    steps: list[int] = []
    probe = timing.Run.probe
    monkeypatch.setattr(timing.Run, "probe", lambda run: (steps.append(run.step), probe(run))[1])
    timing.measure_run(jobs[0].run.spec, SharedData(jobs, tmp_path).get(jobs[0]), 0.01)
    assert max(steps) > 0


def test_nothing_is_measured_if_the_training_fails(
    jobs: list[measured.Job], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*arguments: object) -> RunTimes:
        raise MemoryError

    monkeypatch.setattr(measured, "measure_run", failing)
    assert measured.measure_jobs(jobs, {job.key: 1.0 for job in jobs}, tmp_path, 2) is None


def test_workers_take_the_next_job_when_they_are_free() -> None:
    assert makespan([3, 1, 1, 1, 2], 2) == 5
    assert makespan([], 4) == 0


def test_no_more_threads_and_workers_than_runs(jobs: list[measured.Job], monkeypatch: pytest.MonkeyPatch) -> None:
    assert makespan([3, 1], 10**18) == 3
    threads: list[int] = []

    def pool(count: int, **options: str) -> ThreadPoolExecutor:
        threads.append(count)
        return ThreadPoolExecutor(1)

    monkeypatch.setattr(measured, "ThreadPoolExecutor", pool)
    monkeypatch.setattr(measured, "_sample", lambda *values: measured._Sample(TIMES, 48, 0.1))
    measured._measured(jobs[:2], jobs[:2], Path(), 10**4)
    assert threads == [2]
