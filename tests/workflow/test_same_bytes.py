"""The same bytes for any number of workers, after an interruption and in a second run; only clock times differ."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reportgen.runs.store import ARRAYS
from reportgen.workflow.events import ProgressListener
from reportgen.workflow.run import run_study
from tests.clocks import stop_clocks
from tests.disk_faults import tree
from tests.rates import write_study

pytestmark = pytest.mark.slow

WORKERS = re.compile(rb"[Ww]orkers(\W|</?\w+[^>]*>){0,12}?\d+|\d+ runs at a time")
"""The number of runs at a time in results.json and in a page."""

FORMATS = ["html", "pdf", "json", "kit"]


class StoppedError(Exception):
    """An interruption after some runs."""


class StopsAfter(ProgressListener):
    """Ends the training after a number of runs."""

    def __init__(self, runs: int) -> None:
        self.left = runs

    def finished(self, job: Any, record: Any) -> None:
        self.left -= 1
        if self.left == 0:
            raise StoppedError


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The report of one study, made in four ways."""
    root = tmp_path_factory.mktemp("bytes")
    write_study(root / "rates.yaml")
    with pytest.MonkeyPatch.context() as patch:
        stop_clocks(patch)
        for name in ("one", "two", "resumed"):
            listener = StopsAfter(2) if name == "resumed" else None
            options: dict[str, Any] = {"output": root / name, "formats": FORMATS, "workers": 2 if name == "two" else 1}
            if listener is not None:
                with pytest.raises(StoppedError):
                    run_study(root / "rates.yaml", listener=listener, **options)
                assert 0 < len(list((root / name / "rates" / "runs").iterdir())) < 6
            run_study(root / "rates.yaml", **options)
    return {name: root / name / "rates" for name in ("one", "two", "resumed")}


def different(one: Path, other: Path) -> list[str]:
    """Return the names of the files with different bytes."""
    files = [tree(folder) for folder in (one, other)]
    return sorted(name for name in files[0] | files[1] if files[0].get(name) != files[1].get(name))


def test_an_interruption_changes_no_byte(reports: dict[str, Path]) -> None:
    names = set(tree(reports["one"]))
    assert {"index.html", "rates.pdf", "results.json", "figures/loss_curves.svg", "tables/claims.csv"} <= names
    assert sum(name.endswith(ARRAYS) for name in names) == 6
    assert different(reports["one"], reports["resumed"]) == []


def test_workers_change_nothing_but_their_number(reports: dict[str, Path]) -> None:
    found = different(reports["one"], reports["two"])
    records = [name for name in found if name.startswith("runs/")]
    assert set(found) <= {"index.html", "manifest.json", "results.json", "rates.pdf", *records}
    assert not [name for name in records if name.endswith(ARRAYS)]
    for name in records:
        one, two = (json.loads((reports[which] / name).read_bytes()) for which in ("one", "two"))
        assert [key for key in one if one[key] != two[key]] == ["provenance", "checksum"]
    for name in ("index.html", "results.json"):
        one, two = (WORKERS.sub(b"", (reports[which] / name).read_bytes()) for which in ("one", "two"))
        assert one == two


def test_a_second_run_changes_no_byte(reports: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    stop_clocks(monkeypatch)
    before, source = tree(reports["one"]), reports["one"].parents[1] / "rates.yaml"
    options: dict[str, Any] = {"output": reports["one"].parent, "formats": FORMATS, "workers": 1}
    assert run_study(source, **options).unchanged
    assert tree(reports["one"]) == before
    (reports["one"] / "manifest.json").unlink()
    assert not run_study(source, **options).unchanged
    assert tree(reports["one"]) == before


def test_the_order_of_sets_and_the_time_change_no_byte(reports: dict[str, Path], tmp_path: Path) -> None:
    """The order in which Python iterates over a set of texts differs from process to process, as does the clock."""
    study = (reports["one"].parents[1] / "rates.yaml").read_bytes()
    for seed in ("1", "2"):
        shutil.copytree(reports["one"] / "runs", tmp_path / seed / "reports" / "rates" / "runs")
        (tmp_path / seed / "rates.yaml").write_bytes(study)
        env = {**os.environ, "PYTHONHASHSEED": seed, "SOURCE_DATE_EPOCH": "1700000000"}
        command = [sys.executable, "-m", "reportgen", "render", "rates.yaml", "-f", "html,pdf,json,kit,slides,quiz"]
        subprocess.run(command, check=True, capture_output=True, cwd=tmp_path / seed, env=env)
    assert {"index.html", "slides/slides.pdf"} <= set(tree(tmp_path / "1" / "reports" / "rates"))
    assert different(tmp_path / "1" / "reports", tmp_path / "2" / "reports") == []


def test_a_clock_that_runs_is_noticed(reports: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: the comparison finds other times."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    source, folder = reports["one"].parents[1] / "rates.yaml", reports["one"].parents[1] / "running"
    run_study(source, output=folder, formats=["json"], workers=1)
    assert "results.json" in different(reports["one"], folder / "rates")
