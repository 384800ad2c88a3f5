"""The specification in a stored run must be the one of its key."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from reportgen.engine.spec import RunSpec
from reportgen.registry import Component
from reportgen.runs.store import plain
from reportgen.runs.stored_spec import refuse_other_spec, typed_spec
from reportgen.workflow.request import make_request
from tests.runs.records import FINGERPRINT, spec

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
