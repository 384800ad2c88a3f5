"""What records count, and what their rows share."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import pytest

from reportgen.engine.spec import PruningSpec
from reportgen.engine.train import train
from reportgen.runs.record import Row, RunRecord
from tests.engine.networks import data, spec


@pytest.mark.parametrize("settings", [None, {}, {"rewind": 1}, {"weights": "random"}], ids=str)
def test_all_steps_are_those_of_all_trainings(settings: dict[str, Any] | None) -> None:
    run = spec()
    pruning = None if settings is None else PruningSpec(0.5, 3, **settings)
    run = dataclasses.replace(run, training=dataclasses.replace(run.training, pruning=pruning))
    seen: list[int] = []
    o = train(run, data(), progress=lambda done, total: seen.append(done))
    record = RunRecord("a", run, o.status, o.stopped_at_step, o.steps, 0.1, o.final, o.facts, o.arrays)
    assert record.all_steps == seen[-1]
    assert (record.all_steps > record.steps) == (pruning is not None)


def facts(zero: float) -> dict[str, Any]:
    """Return facts with their own objects; equal constants of a file would be one object."""
    return {"n": 1, "mean": float("0.5"), "zero": zero, "name": "".join(["moo", "ns"]), "counts": [1, 2]}


def test_facts_of_runs_share_names_and_equal_values_and_keep_the_sign_of_zero() -> None:
    first, second = facts(0.0), facts(-0.0)
    assert (second["mean"] is first["mean"], second["name"] is first["name"]) == (False, False)
    one, other = Row(first), Row(second)
    assert one == first
    assert other == second
    assert math.copysign(1, other["zero"]) == -1
    assert (other["mean"] is first["mean"], other["name"] is first["name"]) == (True, True)
    assert (one.get("n"), one.get("no", 3), "n" in one, "no" in one) == (1, 3, True, False)
    assert {**one, "n": 2} == first | {"n": 2}
    with pytest.raises(KeyError):
        one["no"]
    third = Row({**second, "counts": [1, 2]})
    assert third["counts"] is other["counts"]
    assert Row({**second, "counts": [1.0, 2]})["counts"][0].__class__ is float
    assert Row({"n": 1, "mean": 0.5}, 7)["mean"] == 0.5
    assert type(Row({"n": True})["n"]) is bool
    assert type(Row({"n": 1.0})["n"]) is float
