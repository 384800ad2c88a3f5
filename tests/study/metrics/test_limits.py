"""The learning rate at probes, and the limits of theory that follow from it."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.errors import StudyError
from reportgen.runs.record import RunRecord
from reportgen.study.metrics.limits import equilibrium_angles, limit_of_curvature, probe_rates
from tests.figures.pictures.trained import trained
from tests.study.metrics.test_classes import measured

STUDY = """\
data: {{name: blobs, samples: 60, features: 4, classes: 3, validation: 0, test: 0}}
network: {{hidden: [6], activation: tanh, {network}}}
training: {{epochs: 2, batch_size: 10, lr: {lr}, schedule: {schedule}, l2: 0.01}}
probes: {{curvature: true, looks: 4}}
seeds: [1]
{more}
"""
CLAIM = "claims: [{id: below, says: It is stable, measure: {metric: curvature_over_limit}, expect: {below: 1}}]"


def run_of(network: str = "", lr: float = 0.1, schedule: str = "constant", more: str = "") -> RunRecord:
    (row,) = trained(STUDY.format(network=network, lr=lr, schedule=schedule, more=more)).variants
    return row.records[0]


def test_the_rate_at_a_probe_is_that_of_the_step_before_it() -> None:
    """With a warm-up of one epoch of six steps, step k has the rate k / 6 of the final one."""
    run = run_of(schedule="{name: warmup, epochs: 1}")
    steps = run.probe_steps
    assert ((steps > 1) & (steps < 6)).any()
    assert probe_rates(run) == pytest.approx(0.1 * np.clip(steps, 1, 6) / 6)


def test_a_common_factor_of_all_layers_counts_as_a_part_of_the_rate() -> None:
    plain = run_of()
    scaled = run_of("lr_factor: 0.1, output_lr_factor: 0.1", lr=1.0)
    assert limit_of_curvature(scaled) == pytest.approx(limit_of_curvature(plain))
    found = [measured(run, "curvature_over_limit", step="last") for run in (plain, scaled)]
    assert found[0] == pytest.approx(found[1], rel=1e-3)


@pytest.mark.parametrize("network", ["lr_factor: 0.1", "init: {name: mup, base_width: 2}", "lr_factor: 0"])
def test_without_a_common_rate_there_is_no_limit(network: str) -> None:
    assert np.isnan(limit_of_curvature(run_of(network))).all()
    with pytest.raises(StudyError) as caught:
        run_of(network, more=CLAIM)
    assert caught.value.code == "not-measured"


def test_widths_in_rates_leave_the_angle_of_equilibrium_unknown() -> None:
    runs = [run_of(f"norm: layer_norm, init: {init}") for init in ("he", "{name: mup, base_width: 2}")]
    assert [bool(np.isfinite(equilibrium_angles(run)).all()) for run in runs] == [True, False]
