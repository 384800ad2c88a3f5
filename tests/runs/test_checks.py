"""Stored runs whose arrays do not belong together, or whose specification does not have their key, are refused."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest

from reportgen.engine.spec import RunSpec
from reportgen.registry import Component
from reportgen.runs.checks import check_record, refuse_other_spec, typed_spec
from reportgen.runs.store import plain
from reportgen.workflow.request import make_request
from tests.runs.records import FINGERPRINT, planned, record, spec


@pytest.mark.parametrize("steps", [None, np.empty(0)])
def test_probes_without_their_steps_are_refused(steps: np.ndarray | None) -> None:
    whole = record(planned())
    check_record(whole)
    arrays = {name: np.asarray(values) for name, values in whole.arrays.items() if name != "probe_step"}
    arrays["probe_weight_std"] = np.ones((3, whole.layers))
    forged = dataclasses.replace(whole, arrays=arrays if steps is None else arrays | {"probe_step": steps})
    with pytest.raises(ValueError, match="steps of the probes"):
        check_record(forged)


@pytest.mark.parametrize("value", [7, None, [16, None], "16"])
def test_facts_of_classes_are_lists(value: Any) -> None:
    whole = record(planned())
    with pytest.raises(ValueError, match="class_counts"):
        check_record(dataclasses.replace(whole, facts={**whole.facts, "class_counts": value}))


UNREADABLE = (ValueError, TypeError, KeyError, AttributeError)


def stored(one: RunSpec) -> dict[str, Any]:
    """Return a specification as run.json has it."""
    values: dict[str, Any] = json.loads(json.dumps(plain(dataclasses.asdict(one))))
    return values


@pytest.mark.parametrize("study", ["dropout", "fixup", "lottery_ticket", "rotational_equilibrium"])
def test_the_specifications_of_studies_are_read_back(study: str) -> None:
    runs = [one for one in make_request(study).plan.runs if one.seed == 0]
    for run in runs:
        assert typed_spec(stored(run.spec)) == run.spec
        refuse_other_spec(stored(run.spec), run.spec.key(FINGERPRINT), FINGERPRINT)


@pytest.mark.parametrize("source", [10**30, 5, -2])
def test_a_node_that_follows_no_earlier_node_is_refused(source: int) -> None:
    forged = stored(spec())
    forged["network"]["nodes"][0]["source"] = source
    with pytest.raises(ValueError, match="earlier node"):
        typed_spec(forged)


@pytest.mark.parametrize(
    "change",
    [{"seed": 1}, {"seed": True}, {"seed": "0"}, {"training": {}}, {"training": None}, {"preprocess": []}, {"data": 1}],
)
def test_another_specification_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(UNREADABLE):
        refuse_other_spec(stored(spec()) | change, spec().key(FINGERPRINT), FINGERPRINT)


def test_the_path_of_the_data_and_absent_later_settings_do_not_matter() -> None:
    one = spec()
    moved = dataclasses.replace(one, data=dataclasses.replace(one.data, source=Component.of("csv", path="b.csv")))
    here = dataclasses.replace(one, data=dataclasses.replace(one.data, source=Component.of("csv", path="a.csv")))
    refuse_other_spec(stored(moved), here.key(FINGERPRINT), FINGERPRINT)
    earlier = stored(one)
    del earlier["evaluation"]
    refuse_other_spec(earlier, one.key(FINGERPRINT), FINGERPRINT)
