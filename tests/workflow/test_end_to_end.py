"""A small study from file to report: equal bytes, no lost runs, no partial files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reportgen.cli.main import invoke
from reportgen.runs import executors

pytestmark = pytest.mark.slow

STUDY = """
title: Learning rate on three blobs
question: Does a larger rate learn faster?
data: {name: blobs, samples: 150, features: 2, classes: 3}
network:
  hidden: [8]
  activation: tanh
  init: xavier
training:
  optimizer: {name: sgd, momentum: 0.9}
  lr: 0.01
  batch_size: 20
  epochs: 3
vary:
  training.lr: [0.001, 0.1]
seeds: 3
claims:
  - id: larger-is-faster
    says: After three epochs the larger rate has the lower training loss.
    measure: {metric: train_loss, epoch: last}
    where: {training.lr: 0.1}
    expect: {less_than: {training.lr: 0.001}}
figures: [loss_curves, claims_overview]
remedies: false
"""

LONG = STUDY.replace("epochs: 3", "epochs: 1000").replace("seeds: 3", "seeds: 6")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty working folder with the study rates.yaml."""
    monkeypatch.chdir(tmp_path)
    Path("rates.yaml").write_text(STUDY, encoding="utf-8")
    return tmp_path


def arrays(folder):
    """Return the bytes of all arrays.npz by key, without unfinished folders of a killed writer."""
    return {path.parent.name: path.read_bytes() for path in Path(folder).glob("*/runs/[!.]*/arrays.npz")}


def results(folder="reports"):
    """Return results.json without times."""
    found = json.loads((Path(folder) / "rates" / "results.json").read_text("utf-8"))
    del found["provenance"]
    for run in found["runs"]:
        del run["train_seconds"]
    return found


def test_one_worker_and_two_give_the_same_bytes(folder):
    assert invoke(["run", "rates.yaml", "-j", "1", "-o", "one", "-f", "json", "-q"]) == 0
    assert invoke(["run", "rates.yaml", "-j", "2", "-o", "two", "-f", "json", "-q"]) == 0
    assert len(arrays("one")) == 6
    assert arrays("one") == arrays("two")
    assert results("one") == results("two")


def test_a_second_run_trains_nothing_and_writes_the_same_report(folder, monkeypatch, capsys):
    assert invoke(["run", "rates.yaml", "-f", "html,kit"]) == 0
    report = Path("reports/rates")

    def contents():  # only the manifest of `run` says what the report was made from
        return {
            path: path.read_bytes() for path in report.rglob("*") if path.is_file() and path.name != "manifest.json"
        }

    first = contents()

    def train(*arguments):
        raise AssertionError("trains a stored run")

    monkeypatch.setattr(executors, "train", train)
    for verb in ("run", "render"):
        assert invoke([verb, "rates.yaml", "-f", "html,kit"]) == 0
        assert contents() == first
    assert "(0 trained, 6 stored)" in capsys.readouterr().out
    assert "http://" not in first[report / "index.html"].decode().replace("http://www.w3.org", "")


def test_the_written_study_is_the_same_study(folder):
    assert invoke(["run", "rates.yaml", "-f", "json", "-q", "--set", "training.batch_size=25"]) == 0
    Path("again").mkdir()
    Path("again/rates.yaml").write_bytes(Path("reports/rates/study.yaml").read_bytes())
    assert invoke(["run", "again/rates.yaml", "-o", "other", "-f", "json", "-q"]) == 0
    assert arrays("reports") == arrays("other")


def test_a_report_is_rendered_and_run_again_from_its_own_folder(folder, monkeypatch):
    lines = ["x,y,kind", *(f"{k % 7},{k % 5},{'even' if k % 2 else 'odd'}" for k in range(80))]
    Path("examples.csv").write_text("\n".join(lines), encoding="utf-8")
    changes = ["--set", "data={name: csv, path: examples.csv, target: kind}", "--set", "title=Odd and even"]
    assert invoke(["run", "rates.yaml", "-f", "html", "-q", *changes]) == 0
    before = arrays("reports")
    first = results()
    Path("elsewhere").mkdir()
    Path("elsewhere/examples.csv").write_bytes(Path("examples.csv").read_bytes())
    Path("reports").rename("elsewhere/reports")
    monkeypatch.setattr(executors, "train", None)
    for source in ("elsewhere/reports/rates", "elsewhere/reports/rates/study.yaml"):
        assert invoke(["render", source, "-f", "html", "-q"]) == 0
    monkeypatch.chdir("elsewhere/reports/rates")
    assert invoke(["run", "study.yaml", "-f", "html", "-q"]) == 0
    monkeypatch.chdir(folder / "elsewhere")
    assert not Path("reports/study").exists()
    assert arrays("reports") == before
    assert results()["claims"] == first["claims"]


def test_a_damaged_run_is_trained_again_to_the_same_bytes(folder):
    assert invoke(["run", "rates.yaml", "-f", "json", "-q"]) == 0
    before = arrays("reports")
    for number, path in enumerate(sorted(Path("reports").glob("*/runs/*/arrays.npz"))):
        content = path.read_bytes()
        path.write_bytes(content[:-40] if number % 2 else content[:200] + b"!" + content[201:])
    assert invoke(["run", "rates.yaml", "-f", "json", "-q"]) == 0
    assert arrays("reports") == before


def test_failed_runs_are_reported_together_with_the_others(folder, monkeypatch, capsys):
    original = executors.train

    def train(spec, dataset, cancel, progress):
        if spec.seed == 1 or spec.training.lr == 0.1:
            raise MemoryError("too wide")
        return original(spec, dataset, cancel, progress)

    monkeypatch.setattr(executors, "train", train)
    assert invoke(["run", "rates.yaml", "-f", "html"]) == 5
    assert "failed: " in capsys.readouterr().out
    assert Path("reports/rates/index.html").exists()
    assert [run["status"] for run in results()["runs"]] == ["ok", "failed", "ok", "failed", "failed", "failed"]


def test_a_run_that_diverges_is_a_result(folder):
    changes = ["--set", "vary={training.lr: [0.01, 1e30]}", "--set", "claims=[]", "--set", "network.activation=relu"]
    changes += ["--set", "figures=[]"]  # all figures with data
    assert invoke(["run", "rates.yaml", "-f", "html", "-q", *changes]) == 0
    assert {run["status"] for run in results()["runs"]} == {"ok", "diverged"}


def test_fresh_trains_the_runs_of_remedies_again(folder, monkeypatch):
    original, trained = executors.train, []

    def train(spec, *rest):
        trained.append(spec)
        return original(spec, *rest)

    monkeypatch.setattr(executors, "train", train)
    changes = ["--set", "vary={training.lr: [0.01, 1e30]}", "--set", "claims=[]", "--set", "remedies={limit: 1}"]
    command = ["run", "rates.yaml", "-f", "json", "-q", "--set", "network.activation=relu", *changes]
    counts = []
    for more in ([], [], ["--fresh"]):
        assert invoke([*command, *more]) == 0
        counts.append(len(trained))
    assert counts == [9, 9, 18]


def test_quick_gives_no_verdict(folder):
    assert invoke(["run", "rates.yaml", "-f", "html", "-q", "--quick"]) == 0
    assert [claim["verdict"] for claim in results()["claims"]] == ["inconclusive"]
    assert "quick look" in Path("reports/rates/index.html").read_text("utf-8").lower()


def start(*arguments):
    """Start the command in a process and wait until its first run is stored."""
    command = [sys.executable, "-m", "reportgen", "run", "rates.yaml", "-f", "json", "-j", "2", *arguments]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, encoding="utf-8")
    for line in process.stderr:
        if line.startswith("[1/"):
            return process
    raise AssertionError(f"ended with {process.wait()} before its first run")


@pytest.mark.skipif(os.name == "nt", reason="sends signals the POSIX way")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
@pytest.mark.usefixtures("interruptible")
def test_an_interrupted_study_is_resumed(folder, number, code):
    Path("rates.yaml").write_text(LONG, encoding="utf-8")
    process = start()
    begin = time.monotonic()
    process.send_signal(number)
    printed = process.communicate(timeout=30)[1]
    assert process.returncode == code
    assert time.monotonic() - begin < 3
    assert "Traceback" not in printed
    assert ("Interrupted." in printed) == (number == signal.SIGINT)
    kept = arrays("reports")
    assert 1 <= len(kept) < 12
    assert not Path("reports/rates/results.json").exists()
    assert invoke(["run", "rates.yaml", "-f", "json", "-q"]) == 0
    after = arrays("reports")
    assert len(after) == 12
    assert {key: after[key] for key in kept} == kept
    assert not list(Path("reports").rglob(".unfinished-*"))
