"""Plug-ins of files and of installed packages: their rows, the studies that see them, and their errors."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reportgen import registry
from reportgen.cli.doctor import examine
from reportgen.cli.main import invoke
from reportgen.errors import PluginError, StudyError
from reportgen.plugins import loading
from reportgen.registry import Plugin
from reportgen.study.loading.loader import load_study
from reportgen.workflow.request import plan_jobs
from tests import plugin_example as example

pytestmark = pytest.mark.slow

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
    """A process that has loaded no plug-in; the rows that a test loads are removed after it."""
    loading.use_files(())
    monkeypatch.setattr(loading, "_INSTALLED", {})
    monkeypatch.setattr(registry, "_ADDED", {})
    yield
    loading.use_files(())
    for kind, name in list(registry._ADDED):
        registry.table_of(kind).remove(name)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_plugins: None) -> Path:
    """An empty working folder with a study and the plug-in that it names."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(SOURCE, tmp_path / "rows.py")
    Path("study.yaml").write_text(STUDY, encoding="utf-8")
    return tmp_path


def edit(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def results(report: Path) -> Any:
    """The contents of results.json, without the durations of the runs."""
    found = json.loads((report / "results.json").read_text(encoding="utf-8"))
    for run in found["runs"]:
        del run["train_seconds"]
    return found


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


def test_code_of_a_study_is_loaded_only_with_allow_code(folder: Path) -> None:
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


def test_a_file_is_executed_again_only_after_an_edit(folder: Path) -> None:
    def row() -> registry.Entry:
        load_study("study.yaml", allow_code=True)
        return registry.table_of("init")["half_fan_in"]

    first = row()
    assert row() is first
    edit(Path("rows.py"), "half the inverse", "a half of the inverse")
    assert row() is not first
    assert [plugin.sha256 for plugin in loading.plugins()] == [sha256(Path("rows.py"))]


def test_a_plan_keeps_the_version_of_the_file_that_it_was_made_with(folder: Path) -> None:
    before = load_study("study.yaml", allow_code=True)
    keys = [job.key for job in plan_jobs(before)]
    edit(Path("rows.py"), "0.5 / draw.fan_in", "0.25 / draw.fan_in")
    after = load_study("study.yaml", allow_code=True)
    assert not {job.key for job in plan_jobs(after)} & set(keys)
    assert [job.key for job in plan_jobs(before)] == keys


def test_a_study_sees_no_rows_of_another_studys_file(folder: Path) -> None:
    Path("other.yaml").write_text(STUDY.replace("plugins: [rows.py]\n", ""), encoding="utf-8")
    plan = load_study("study.yaml", allow_code=True)
    with pytest.raises(StudyError) as error:
        load_study("other.yaml", allow_code=True)
    assert error.value.code == "unknown-name"
    assert loading.plugins() == ()
    assert registry.table_of("activation").find("scaled_tanh") is None
    plan_jobs(plan)
    assert registry.table_of("activation").find("scaled_tanh") is not None


def test_studies_of_one_command_each_use_their_own_row_of_a_name(folder: Path) -> None:
    rows = SOURCE.read_text(encoding="utf-8").partition("ROWS = [")[0] + "ROWS = [HALF]\n"
    Path("narrow.py").write_text(rows, encoding="utf-8")
    Path("wide.py").write_text(rows.replace("0.5 / draw.fan_in", "3.0 / draw.fan_in"), encoding="utf-8")
    names = ("narrow", "wide")
    for name in names:
        text = f"title: T\nquestion: Q\nplugins: [{name}.py]\nnetwork: {{hidden: [6], init: half_fan_in}}\n"
        text += "data: {name: gaussian, samples: 100}\ntraining: {epochs: 1}\nseeds: 2\nfigures: [loss_curves]\n"
        Path(f"{name}.yaml").write_text(text, encoding="utf-8")
    files = [f"{name}.yaml" for name in names]
    assert invoke(["run", *files, "--allow-code", "-f", "json", "-q", "-o", "together"]) == 0
    for name in names:
        assert invoke(["run", f"{name}.yaml", "--allow-code", "-f", "json", "-q", "-o", "alone"]) == 0
    together, alone = ({name: results(Path(output, name)) for name in names} for output in ("together", "alone"))
    assert {name: together[name]["runs"] for name in names} == {name: alone[name]["runs"] for name in names}
    assert together["narrow"]["runs"] != together["wide"]["runs"]
    for name in names:
        assert [plugin["name"] for plugin in together[name]["provenance"]["plugins"]] == [f"{name}.py"]
        assert invoke(["verify", f"together/{name}", "--allow-code", "-q"]) == 0


def test_a_worker_without_the_plugin_raises_an_error(no_plugins: None) -> None:
    plugin = Plugin("rows.py", "", "a" * 64)
    loading.require(())
    with pytest.raises(PluginError) as error:
        loading.require([plugin])
    assert error.value.code == "plugin-not-on-worker"


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
