"""What records count."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from reportgen.engine.spec import PruningSpec
from reportgen.engine.train import train
from reportgen.runs.record import RunRecord
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
