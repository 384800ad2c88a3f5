"""An assignment on a small table of data, and the reports that students hand in, for tests."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from reportgen.study.loading.blanks import BLANK
from reportgen.teaching.assignment import write_assignment
from reportgen.workflow.run import run_study

STUDY = """\
title: Which activation
question: Does the activation matter?
closing: It does not.
data: {name: csv, path: data-of-the-course/own.csv, target: y, seed: 0}
network: {hidden: [4], init: xavier}
training: {epochs: 2, batch_size: 16, lr: 0.3}
vary: {network.activation: [relu, tanh]}
seeds: 3
remedies: false
claims:
  - id: low
    says: The loss is *low*.
    measure: {metric: train_loss}
    expect: {below: 100}
    note: It is 0.6.
  - id: high
    says: The loss is high.
    measure: {metric: train_loss}
    where: {network.activation: relu}
    expect: {above: 100}
"""

OWN = """\
- id: own
  says: It is positive.
  measure: {metric: train_loss}
  expect: {above: 0}
  predict: supported
  why: It is a loss.
"""


def write_course(folder: Path) -> Path:
    """Write the lecturer's study with its data, and return its path."""
    rows = "".join(f"{n % 7},{n % 5},{'ab'[int(n % 7 > 3)]}\n" for n in range(60))
    (folder / "data-of-the-course").mkdir(parents=True)
    (folder / "data-of-the-course" / "own.csv").write_text("u,v,y\n" + rows, encoding="utf-8")
    (folder / "act.yaml").write_text(STUDY, encoding="utf-8")
    return folder / "act.yaml"


def hand_out(folder: Path, gaps: Sequence[str] = ()) -> tuple[Path, Path]:
    """Write the assignment of the course; return its folder and its key."""
    written = write_assignment(write_course(folder / "course"), folder / "hw", folder / "key.yaml", gaps)
    return written.study.parent, written.key


def fill_in(study: Path, student: str, lr: float = 0.3, predict: str = "supported", own: str = "") -> None:
    """Fill in the blanks of a student's study."""
    text = study.read_text(encoding="utf-8")
    for name, value in {"student": student, "lr": lr, "predict": predict, "why": "Because."}.items():
        text = text.replace(f"{name}: {BLANK}", f"{name}: {value}")
    study.write_text(text + own, encoding="utf-8")


def hand_in(assignment: Path, folder: Path, student: str, **answers: Any) -> Path:
    """Run a student's copy of the assignment, and return the report in the folder that the student hands in."""
    work = folder / f"work of {student}"
    shutil.copytree(assignment, work)
    fill_in(work / "act.yaml", student, **answers)
    report = run_study(work / "act.yaml", output=work / "reports", formats=["json"]).folder
    target = folder / "handed-in" / student / "act"
    target.parent.mkdir(parents=True)
    shutil.move(report, target)
    shutil.rmtree(work)
    return target


def edit(path: Path, change: Callable[[Any], None]) -> None:
    """Change the values in a JSON file."""
    values = json.loads(path.read_text(encoding="utf-8"))
    change(values)
    path.write_text(json.dumps(values), encoding="utf-8")


def replace(path: Path, old: str, new: str) -> None:
    """Replace a text in a file, which must contain it."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
