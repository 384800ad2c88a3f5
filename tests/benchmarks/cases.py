"""Small cases for the benchmark's tests."""

from __future__ import annotations

from typing import Any

from benchmarks.diagnosis.alarms import Alarm
from benchmarks.diagnosis.cases import Case

STUDY = {
    "data": {"name": "blobs", "samples": 90, "features": 3, "classes": 3, "std": 0.5},
    "preprocess": ["standardize"],
    "network": {"hidden": [8], "activation": "tanh", "init": "xavier"},
    "training": {"lr": 0.2, "batch_size": 10, "epochs": 4},
}


def case(name: str, must: str = "", may: str = "", must_not: str = "", **given: Any) -> Case:
    """Return a case; rules are given as words in one text."""
    values: dict[str, Any] = {"family": "small", "plants": "this", "because": "of that", "study": STUDY, "shows": ()}
    rules = {"must": must, "may": may, "must_not": must_not}
    return Case(name=name, **(values | given), **{key: frozenset(text.split()) for key, text in rules.items()})


def alarms(text: str) -> tuple[Alarm, ...]:
    """Return alarms of our own rules, given as words."""
    return tuple(Alarm(rule, frozenset({rule})) for rule in text.split())
