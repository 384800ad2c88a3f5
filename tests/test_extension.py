"""New rows from outside the package work wherever those of the package do."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reportgen import registry
from reportgen.cli.doctor import examine
from reportgen.cli.main import invoke
from reportgen.cli.reference.catalogue import find_entries
from reportgen.cli.reference.descriptions import describe
from reportgen.engine.cost import count_parameters
from reportgen.engine.inspect.gradcheck import check_gradients
from reportgen.engine.network import NO_STEP, TRAIN
from reportgen.engine.setup import set_up
from reportgen.engine.spec import RunSpec
from reportgen.engine.step import gather, gradient
from reportgen.engine.train import train
from reportgen.errors import PluginError, ReportgenError, StudyError
from reportgen.plugins import loading
from reportgen.registry import Component, Plugin, registered
from reportgen.study.loading.loader import load_study
from reportgen.study.reference.schema import study_schema
from tests import plugin_example as example
from tests.engine.networks import data, spec

SOURCE = Path(example.__file__)
STUDY = """
title: Rows of a plug-in
question: Do they work?
plugins: [rows.py]
data: bands
preprocess: mirror
network: {hidden: [6, 5], activation: {name: scaled_tanh, height: 1.5}, init: half_fan_in}
training: {optimizer: amsgrad, schedule: halving, epochs: 2, batch_size: 10}
vary: {network.activation: [scaled_tanh, two_slopes]}
variants: {plain: {}, absolute: {training.loss: absolute}}
figures: [steps_taken]
seeds: 2
"""


@pytest.fixture
def no_plugins(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process that has loaded no plug-in, and that forgets the rows of those that a test loads."""
    monkeypatch.setattr(loading, "_PLUGINS", {})
    monkeypatch.setattr(registry, "_ADDED", {})
    yield
    for kind, name in list(registry._ADDED):
        registry.table_of(kind).remove(name)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_plugins: None) -> Path:
    """An empty working folder with a study and the plug-in that it names."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(SOURCE, tmp_path / "rows.py")
    Path("study.yaml").write_text(STUDY, encoding="utf-8")
    return tmp_path


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


def test_every_unit_learns_both_slopes() -> None:
    run = run_of(example.TWO_SLOPES)
    with registered(example.TWO_SLOPES):
        without = count_parameters(spec().network, 5)
        assert count_parameters(run.network, 5) == without + 2 * (7 + 6)
        outcome = train(run, data())
    assert outcome.status == "ok"
    assert outcome.arrays["epoch_batch_loss"][-1] < outcome.arrays["epoch_batch_loss"][1]


def test_an_optimizer_keeps_three_arrays_for_each_parameter() -> None:
    """Beside a NumPy twin, whose state is three vectors of all parameters."""
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


def test_a_study_with_rows_of_its_own_becomes_a_report(folder: Path) -> None:
    assert invoke(["run", "study.yaml", "--allow-code", "-f", "html", "-q"]) == 0
    report = folder / "reports" / "study"
    results = json.loads((report / "results.json").read_text(encoding="utf-8"))
    assert {finding["rule"] for finding in results["findings"]} >= {"noticed"}
    assert [figure["id"] for figure in results["figures"]] == ["steps_taken"]
    assert {run["status"] for run in results["runs"]} == {"ok"}
    [plugin] = results["provenance"]["plugins"]
    assert plugin["name"] == "rows.py"
    assert plugin["sha256"] in (report / "index.html").read_text(encoding="utf-8")
    assert "--allow-code" in results["provenance"]["command"]
    assert invoke(["verify", str(report), "--allow-code", "-q"]) == 0
    assert invoke(["verify", str(report), "-q"]) == 3


def test_code_of_a_study_is_loaded_only_where_it_is_allowed(folder: Path) -> None:
    (folder / "rows.py").write_text("raise SystemExit('this code must not run')", encoding="utf-8")
    with pytest.raises(StudyError) as error:
        load_study("study.yaml")
    assert error.value.code == "code-not-allowed"
    assert error.value.where == "study.yaml:4:11: plugins[0]"


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("1 / 0", "plugin-failed"),
        ("import sys; sys.exit()", "plugin-failed"),
        ("def f(:", "plugin-failed"),
        ("ROWS = 3", "plugin-failed"),
        ("x = 1", "plugin-failed"),
        ("ROWS = ['relu']", "wrong-row"),
        ("from reportgen.engine.tables.activations import ACTIVATIONS\nROWS = [ACTIVATIONS['relu']]", "name-taken"),
        (None, "plugin-failed"),
    ],
)
def test_a_broken_plugin_is_one_error_at_the_place_that_names_it(folder: Path, source: str | None, code: str) -> None:
    (folder / "rows.py").unlink()
    if source is not None:
        (folder / "rows.py").write_text(source, encoding="utf-8")
    with pytest.raises(PluginError) as error:
        load_study("study.yaml", allow_code=True)
    assert error.value.code == code
    assert str(error.value.where).startswith("study.yaml:4:11")
    assert loading.plugins() == ()


def test_a_refused_row_leaves_no_other_of_its_plugin(no_plugins: None) -> None:
    with pytest.raises(ReportgenError) as error, registered(example.HALF, example.HALF):
        pass
    assert error.value.code == "name-taken"
    assert registry.table_of("init").find("halved") is None


def test_a_plugin_that_has_changed_is_not_loaded_a_second_time(folder: Path) -> None:
    load_study("study.yaml", allow_code=True)
    load_study("study.yaml", allow_code=True)
    with (folder / "rows.py").open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    with pytest.raises(PluginError) as error:
        load_study("study.yaml", allow_code=True)
    assert error.value.code == "plugin-changed"


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


def test_a_worker_without_the_plugin_says_so(no_plugins: None) -> None:
    plugin = Plugin("rows.py", "", "a" * 64)
    loading.require(())
    with pytest.raises(PluginError) as error:
        loading.require([plugin])
    assert error.value.code == "plugin-not-on-worker"


def test_errors_travel_between_processes() -> None:
    error = StudyError("unknown-name", "m", "w", "h", setting="s")
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.code, copy.setting, type(copy)) == (str(error), "unknown-name", "s", StudyError)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_plugins: None) -> str:
    """The name of an installed package with a plug-in of a rule, a figure and a data set."""
    name = f"package_{tmp_path.name.replace('-', '_')}"
    site = tmp_path / "site"
    (site / f"{name}-1.2.dist-info").mkdir(parents=True)
    (site / name).mkdir()
    (site / name / "__init__.py").write_text("", encoding="utf-8")
    source = SOURCE.read_text(encoding="utf-8").partition("ROWS = [")[0]
    (site / name / "rows.py").write_text(f"{source}ROWS = [BANDS, NOTICED, STEPS_TAKEN]\n", encoding="utf-8")
    dist = site / f"{name}-1.2.dist-info"
    (dist / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n", encoding="utf-8")
    (dist / "entry_points.txt").write_text(f"[reportgen.plugins]\nsmall = {name}.rows\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(site))
    return name


def test_an_installed_package_adds_a_rule_a_figure_and_a_data_set(
    package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = "title: T\nquestion: Q\ndata: bands\nnetwork: {hidden: [3]}\nfigures: [steps_taken]\nseeds: 1\n"
    Path("study.yaml").write_text(text, encoding="utf-8")
    assert invoke(["run", "study.yaml", "-f", "html", "-q"]) == 0
    results = json.loads(Path("reports/study/results.json").read_text(encoding="utf-8"))
    assert [figure["id"] for figure in results["figures"]] == ["steps_taken"]
    assert "noticed" in {finding["rule"] for finding in results["findings"]}
    [plugin] = results["provenance"]["plugins"]
    assert (plugin["name"], plugin["version"]) == ("small", f"{package} 1.2")
    assert any(good and f"small ({package} 1.2)" in line for good, line in examine())


def test_the_doctor_names_a_plugin_that_fails(package: str, tmp_path: Path) -> None:
    (tmp_path / "site" / package / "rows.py").write_text("1 / 0", encoding="utf-8")
    assert any(not good and "small" in line for good, line in examine())
