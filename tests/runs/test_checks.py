"""Stored runs whose arrays do not belong together are refused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from reportgen.runs.checks import check_record
from tests.runs.records import planned, record


@pytest.mark.parametrize("steps", [None, np.empty(0)])
def test_probes_without_their_steps_are_refused(steps: np.ndarray | None) -> None:
    whole = record(planned())
    check_record(whole)
    arrays = {name: np.asarray(values) for name, values in whole.arrays.items() if name != "probe_step"}
    arrays["probe_weight_std"] = np.ones((3, whole.layers))
    forged = dataclasses.replace(whole, arrays=arrays if steps is None else arrays | {"probe_step": steps})
    with pytest.raises(ValueError, match="steps of the probes"):
        check_record(forged)
