"""Rows from outside of the package work everywhere that rows of the package do."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reportgen import registry
from reportgen.cli.reference.catalogue import find_entries
from reportgen.cli.reference.descriptions import describe
from reportgen.engine.cost import count_parameters
from reportgen.engine.inspect.gradcheck import check_gradients
from reportgen.engine.layout import lay_out
from reportgen.engine.network import NO_STEP, TRAIN
from reportgen.engine.setup import set_up
from reportgen.engine.spec import RunSpec
from reportgen.engine.step import gather, gradient
from reportgen.engine.train import train
from reportgen.errors import ReportgenError, StudyError
from reportgen.registry import Component, Plugin, registered
from reportgen.study.reference.schema import study_schema
from tests import plugin_example as example
from tests.engine.networks import data, spec


def defaults(row: registry.Row) -> Component:
    return Component.of(row.name, **{one.name: one.default for one in row.parameters})


def run_of(row: registry.Row, **changes: object) -> RunSpec:
    """A small run with an activation, or an optimizer, of the example."""
    given = {"act": defaults(row)} if row.kind == "activation" else {"optimizer": defaults(row)}
    return spec(**given, **changes)


@pytest.mark.parametrize("row", [example.SCALED_TANH, example.TWO_SLOPES], ids=lambda row: row.name)
def test_gradients_of_a_new_activation_are_right(row: registry.Row) -> None:
    with registered(row):
        checks = check_gradients(run_of(row), data())
    assert {check.parameter for check in checks} == {"weights", "bias", *row.learned}
    assert max(check.relative_error for check in checks) < 1e-6


def test_two_constants_reach_the_kernels() -> None:
    a, parameters = np.linspace(-3, 3, 50), {"height": 1.5, "steepness": 0.5}
    z, delta = a.copy(), np.ones(50)
    p = np.array(example.SCALED_TANH.constants(parameters))
    example.SCALED_TANH.activate(p, a)
    example.SCALED_TANH.differentiate(p, a, z, delta)
    np.testing.assert_allclose(a, example.SCALED_TANH.function(z, **parameters))
    np.testing.assert_allclose(delta, example.SCALED_TANH.derivative(z, **parameters))


def test_histograms_have_the_bounds_of_the_row_that_is_registered() -> None:
    edges = []
    for bounds in ((-1.8, 1.8), (-2.0, 3.0)):
        with registered(replace(example.SCALED_TANH, bounds=bounds)):
            edges.append(train(run_of(example.SCALED_TANH, epochs=0), data()).arrays["activation_edges"][0, [0, -1]])
    np.testing.assert_array_equal(edges, [(-1.8, 1.8), (-2.0, 3.0)])


def test_every_unit_learns_both_slopes() -> None:
    run = run_of(example.TWO_SLOPES)
    with registered(example.TWO_SLOPES):
        without = count_parameters(lay_out(spec().network, 5, None))
        assert count_parameters(lay_out(run.network, 5, None)) == without + 2 * (7 + 6)
        outcome = train(run, data())
    assert outcome.status == "ok"
    assert outcome.arrays["epoch_batch_loss"][-1] < outcome.arrays["epoch_batch_loss"][1]


def test_an_optimizer_keeps_three_arrays_for_each_parameter() -> None:
    """The losses agree with a NumPy implementation whose state is three vectors of all parameters."""
    run = run_of(example.AMSGRAD, batch_size=0, shuffle=False, lr=0.01, looks=0)
    with registered(example.AMSGRAD):
        losses = train(run, data()).arrays["step_loss"]
        setup = set_up(run, data(), np.float64)
    examples = data()
    x = np.ascontiguousarray(examples.x_train, np.float64).reshape(-1)
    w, (m, v, top) = setup.state.params, np.zeros((3, setup.state.params.size))
    expected = []
    for _ in losses:
        gather(x, examples.y_train, examples.features, np.arange(len(examples.y_train)), setup.work)
        expected.append(
            gradient(setup.net, setup.state, setup.work, setup.recipe, len(examples.y_train), TRAIN, NO_STEP)
        )
        g = setup.state.grads
        m[:], v[:] = 0.9 * m + 0.1 * g, 0.99 * v + 0.01 * g**2
        top[:] = np.maximum(top, v)
        w -= 0.01 * m / (np.sqrt(top) + 1e-8)
    assert len(losses) == 3
    np.testing.assert_allclose(losses, expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (example.SCALED_TANH, "activations"),
        (example.HALF, "inits"),
        (example.AMSGRAD, "optimizers"),
        (example.ABSOLUTE, "losses"),
        (example.HALVING, "schedules"),
        (example.MIRROR, "preprocess"),
        (example.BANDS, "datasets"),
        (example.NOTICED, "rules"),
        (example.STEPS_TAKEN, "figures"),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_new_row_is_listed_and_described_while_it_is_registered(row: registry.Entry, kind: str) -> None:
    with registered(row):
        [entry] = find_entries(row.name)
        assert entry[0] == kind
        lines = describe(*entry)
        assert kind in {"rules", "figures"} or any(row.formula in line for line in lines)
    assert find_entries(row.name) == []


def test_the_schema_knows_new_rows() -> None:
    with registered(*example.ROWS):
        text = json.dumps(study_schema())
    assert all(json.dumps(row.name) in text for row in example.ROWS if row.kind != "rule")
    assert '"scaled_tanh"' not in json.dumps(study_schema())


def test_a_refused_row_leaves_no_other_of_its_plugin() -> None:
    with pytest.raises(ReportgenError) as error, registered(example.HALF, example.HALF):
        pass
    assert error.value.code == "name-taken"
    assert registry.table_of("init").find("halved") is None


def test_keys_depend_on_the_source_of_the_plugins_that_a_run_uses() -> None:
    own, foreign = spec(), run_of(example.SCALED_TANH)
    before = own.key("f")
    keys = set()
    for sha in ("a" * 64, "b" * 64):
        with registered(example.SCALED_TANH, plugin=Plugin("rows.py", "", sha)):
            keys.add(foreign.key("f"))
            assert own.key("f") == before
    assert len(keys) == 2


def test_keys_of_rows_without_a_plugin_depend_on_the_files_of_their_functions(tmp_path: Path) -> None:
    keys = set()
    for text in ("a = 1", "a = 1  # edited"):
        path = tmp_path / "mine.py"
        path.write_text(f"{text}\nsample = lambda draw: draw.normal\n", encoding="utf-8")
        names: dict[str, Any] = {}
        exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), names)
        row = replace(example.HALF, sample=names["sample"], variance=None)
        with registered(row):
            keys.add(spec(weights=defaults(row)).key("f"))
    assert len(keys) == 2


def test_errors_travel_between_processes() -> None:
    error = StudyError("unknown-name", "m", "w", "h", setting="s")
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.code, copy.setting, type(copy)) == (str(error), "unknown-name", "s", StudyError)
