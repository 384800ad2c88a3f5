"""Plans, runs and records of the cases."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from benchmarks.diagnosis.cases import Case
from reportgen.errors import StudyError
from reportgen.runs.record import RunRecord
from reportgen.study.loading.loader import load_study
from reportgen.study.planning.plan import Plan, PlannedRun, Variant, changed
from reportgen.workflow.events import ProgressListener
from reportgen.workflow.request import RunRequest, plan_jobs, stored_records, unique
from reportgen.workflow.training import train_runs

SEEDS = 3
LIMIT = 6  # largest number of remedies per case, the default of a study


@dataclass(frozen=True)
class Prepared:
    """A case with its plan, the diagnosed variant, and the runs of its twin."""

    case: Case
    plan: Plan
    subject: Variant
    twin: tuple[PlannedRun, ...]


@dataclass(frozen=True)
class Measured:
    """A case with its records by variant and seed, and the records of its twin by ascending seed."""

    prepared: Prepared
    records: Mapping[tuple[str, int], RunRecord]
    twin: tuple[RunRecord, ...]

    @property
    def case(self) -> Case:
        """The case."""
        return self.prepared.case

    @property
    def own(self) -> tuple[RunRecord, ...]:
        """Records of the diagnosed variant, by ascending seed."""
        subject = self.prepared.subject.id
        return tuple(record for (variant, _), record in sorted(self.records.items()) if variant == subject)


def prepare(case: Case, folder: Path, seeds: int | Sequence[int] = SEEDS) -> Prepared:
    """Return the case with its plan; its study file is written to the folder and loaded like any other."""
    given = seeds if isinstance(seeds, int) else list(seeds)
    head = {"title": case.name, "question": case.plants, "seeds": given, "remedies": {"limit": LIMIT}}
    path = folder / f"{case.name}.yaml"
    path.write_text(yaml.safe_dump({**head, **case.study}, sort_keys=False), encoding="utf-8", newline="\n")
    plan = load_study(path)
    subject = _subject(case, plan)
    return Prepared(case, plan, subject, tuple(_twin(case, plan, subject)))


def _subject(case: Case, plan: Plan) -> Variant:
    if case.subject is None and len(plan.variants) == 1:
        return plan.variants[0]
    found = [variant for variant in plan.variants if variant.label == case.subject]
    if not found:
        labels = ", ".join(variant.label for variant in plan.variants)
        raise StudyError("unknown-variant", f"unknown variant {case.subject!r}", case.name, f"one of {labels}")
    return found[0]


def _twin(case: Case, plan: Plan, subject: Variant) -> Sequence[PlannedRun]:
    return changed(plan, subject.id, case.twin, "twin") if case.twin else ()


def request(prepared: Prepared, folder: Path) -> RunRequest:
    """Return the request for the runs of a case; all cases share the store of the folder."""
    return RunRequest(prepared.plan, folder, (), "python -m benchmarks.diagnosis")


def train_all(cases: Sequence[Prepared], folder: Path, workers: int) -> int:
    """Train the runs of all cases and their twins that are not stored; return the number of trained runs."""
    jobs = [job for case in cases for job in plan_jobs(case.plan, [*case.plan.runs, *case.twin])]
    any_order = request(cases[0], folder)
    stored = stored_records(any_order, jobs)
    missing = [job for job in unique(jobs) if job.key not in stored or stored[job.key].status == "failed"]
    train_runs(any_order, missing, workers, None, ProgressListener())
    return len(missing)


def measure(prepared: Prepared, folder: Path) -> Measured:
    """Return the case with its stored records."""
    own, twin = plan_jobs(prepared.plan), plan_jobs(prepared.plan, prepared.twin)
    stored = stored_records(request(prepared, folder), [*own, *twin])
    failed = [f"seed {r.spec.seed}: {r.error}" for r in stored.values() if r.status == "failed"]
    if failed:
        raise RuntimeError(f"{prepared.case.name}: {failed[0]}")
    records = {(job.run.variant, job.run.seed): stored[job.key] for job in own}
    return Measured(prepared, records, tuple(stored[job.key] for job in twin))


def write_files(folder: Path) -> None:
    """Write the data files that some cases read: small data sets of scikit-learn as CSV and NPZ files."""
    from sklearn import datasets  # a late import, since it takes a second

    for name, load in (("wine", datasets.load_wine), ("iris", datasets.load_iris)):
        x, y = load(return_X_y=True)
        rows = [",".join([*(f"{value:.6g}" for value in row), str(label)]) for row, label in zip(x, y, strict=True)]
        head = ",".join([*(f"f{index}" for index in range(x.shape[1])), "class"])
        _write_new(folder / f"{name}.csv", "\n".join([head, *rows]) + "\n")
    x, y = datasets.load_breast_cancer(return_X_y=True)
    _write_splits(folder / "cancer.npz", (x - x.mean(axis=0)) / x.std(axis=0), y)
    _write_splits(folder / "cancer_raw.npz", x, y)
    _write_unlike(folder, "cancer", (x - x.mean(axis=0)) / x.std(axis=0), y, x)
    x, y = datasets.load_digits(return_X_y=True)
    _write_splits(folder / "digits.npz", x / 16, y)
    _write_splits(folder / "digits_sorted.npz", x / 16, y, by_class=True)
    _write_unlike(folder, "digits", x / 16, y, x)


def _write_new(path: Path, text: str) -> None:
    """Write the file unless it already contains the text, since its modification time identifies it in caches."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8", newline="\n")


def _write_unlike(folder: Path, name: str, x: Any, y: Any, raw: Any) -> None:
    """Write splits whose validation examples are unlike the training examples, and a very small validation split."""
    other = np.random.default_rng(1)
    _write_splits(folder / f"{name}_val_raw.npz", x, y, raw)
    _write_splits(folder / f"{name}_val_shuffled.npz", x, y, y_val=other.permutation(y))
    _write_splits(folder / f"{name}_val_renumbered.npz", x, y, y_val=(y + 1) % (y.max() + 1))
    _write_splits(folder / f"{name}_val_reversed.npz", x, y, x[:, ::-1])
    noisy = np.where(other.random(len(y)) < 0.5, other.permutation(y), y)
    _write_splits(folder / f"{name}_val_half_shuffled.npz", x, y, y_val=noisy)
    _write_splits(folder / f"{name}_val_small.npz", x, y, most=24)
    _write_splits(folder / f"{name}_val_noisy.npz", x, y, x + 0.3 * x.std() * other.standard_normal(x.shape))


def _write_splits(
    path: Path, x: Any, y: Any, x_val: Any = None, y_val: Any = None, most: int | None = None, by_class: bool = False
) -> None:
    """Write a training and a validation split.

    x_val, y_val: examples to take the validation rows from; by_class: whether training rows are sorted by class.
    """
    if path.exists():
        return
    rows = np.random.default_rng(0).permutation(len(y))
    train, val = rows[: 3 * len(y) // 4], rows[3 * len(y) // 4 :][:most]
    train = train[np.argsort(y[train], kind="stable")] if by_class else train
    temporary = path.with_name(f"unfinished-{path.name}")
    np.savez(
        temporary,
        x_train=x[train],
        y_train=y[train],
        x_val=(x if x_val is None else x_val)[val],
        y_val=(y if y_val is None else y_val)[val],
    )
    shutil.move(temporary, path)
