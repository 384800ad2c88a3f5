"""The exit codes of the command line are those that the documentation lists, each for what it says."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reportgen import errors
from reportgen.cli import app
from reportgen.cli.main import invoke
from reportgen.errors import MissingError
from tests.rates import CONTRADICTED, Training, write_study

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
STUDY, REPORT = "rates.yaml", "reports/rates"
MNIST = "title: t\nquestion: q\ndata: {name: mnist, path: nowhere}\nnetwork: {hidden: [4]}\n"


@dataclass(frozen=True)
class Way:
    """A command line that ends with an exit code, after a preparation with a patch and the training that is counted."""

    code: int
    arguments: str
    prepare: Callable[[pytest.MonkeyPatch, Training], object] = lambda patch, training: None


def raising(name: str, error: BaseException) -> Callable[[pytest.MonkeyPatch, Training], object]:
    """Return a preparation that lets a function raise an error."""

    def fail(*arguments: object, **options: object) -> Any:
        raise error

    return lambda patch, training: patch.setattr(name, fail)


def failing(patch: pytest.MonkeyPatch, training: Training) -> None:
    training.failing = {1}


def diverging(patch: pytest.MonkeyPatch, training: Training) -> None:
    Path("far.yaml").write_text(Path(STUDY).read_text("utf-8").replace("lr: 0.5", "lr: 1.0e+30"), encoding="utf-8")


def alarming(patch: pytest.MonkeyPatch, training: Training) -> None:
    rows = "".join(f"{epoch},{2**epoch},{4**epoch}\n" for epoch in range(12))
    Path("log.csv").write_text(f"epoch,loss,val_loss\n{rows}", encoding="utf-8")


def little_memory(patch: pytest.MonkeyPatch, training: Training) -> None:
    patch.setattr("reportgen.workflow.costs.estimate.machine_bytes", lambda: 1000)


def no_key(patch: pytest.MonkeyPatch, training: Training) -> None:
    assert invoke(["assignment", STUDY, "-o", "hw", "--key", "key.yaml"]) == 0
    Path("handed-in").mkdir()


def edited(patch: pytest.MonkeyPatch, training: Training) -> None:
    shutil.copytree(REPORT, "edited")
    table = Path("edited/tables/claims.csv")
    table.write_text(table.read_text("utf-8").replace("supported", "contradicted"), encoding="utf-8")
    shutil.copytree(REPORT, "damaged")
    Path("damaged/results.json").write_text("{", encoding="utf-8")


def bad_files(patch: pytest.MonkeyPatch, training: Training) -> None:
    Path("bad.yaml").write_text("title: 1\n", encoding="utf-8")
    Path("plugged.yaml").write_text(Path(STUDY).read_text("utf-8") + "plugins: [own.py]\n", encoding="utf-8")
    Path("bad.npz").write_bytes(b"PK")
    Path("mnist.yaml").write_text(MNIST, encoding="utf-8")
    Path("file").write_text("mine", encoding="utf-8")


def contradicted(patch: pytest.MonkeyPatch, training: Training) -> None:
    shutil.move("reports", "before")
    write_study(STUDY, ("low", CONTRADICTED, True))
    shutil.copytree("before", "reports")
    assert invoke(["render", STUDY, "-f", "json", "-q"]) == 0


NO_PANGO = raising("reportgen.report.media.pdf.write_pdf", MissingError("missing-library", "no Pango"))
NO_ROOM = raising("reportgen.disk.replace_file", OSError(28, "No space left on device"))
WAYS = (
    Way(0, "list losses"),
    Way(0, f"verify {REPORT}"),
    Way(0, "run far.yaml -f json -q", diverging),
    Way(1, f"verify {REPORT}", raising("reportgen.audit.verify.verify_report", ZeroDivisionError())),
    Way(2, "unknown"),
    Way(2, "list --unknown"),
    Way(2, "verify nowhere"),
    Way(2, f"compare nowhere {REPORT}"),
    Way(2, "diagnose nowhere.csv"),
    Way(2, "new rates"),
    Way(2, "merge reports -o merged"),
    Way(2, f"render {STUDY} -o other"),
    Way(2, f"run {STUDY} -o file", bad_files),
    Way(3, "check nowhere.yaml"),
    Way(3, "run bad.yaml", bad_files),
    Way(3, "check plugged.yaml", bad_files),
    Way(3, "diagnose bad.npz", bad_files),
    Way(3, "verify edited", edited),
    Way(3, "verify damaged", edited),
    Way(3, "index damaged", edited),
    Way(3, f"compare damaged {REPORT}", edited),
    Way(3, "grade handed-in --key key.yaml", no_key),
    Way(3, f"grade {REPORT} --key nowhere.yaml"),
    Way(4, f"render {STUDY} -f pdf -q", NO_PANGO),
    Way(4, f"render {STUDY} -f quiz -q", lambda patch, training: patch.setitem(sys.modules, "text2qti.qti", None)),
    Way(4, f"run {STUDY} --fresh", little_memory),
    Way(4, "check mnist.yaml", bad_files),
    Way(4, "doctor", lambda patch, training: patch.setattr("reportgen.cli.doctor.examine", lambda: [(False, "none")])),
    Way(5, f"run {STUDY} --fresh -f json -q", failing),
    Way(5, f"render {STUDY} -f json -q", NO_ROOM),
    Way(6, f"run {STUDY} -f json -q --strict", contradicted),
    Way(6, f"compare before {REPORT} --strict", contradicted),
    Way(6, "diagnose log.csv --strict", alarming),
    Way(130, f"run {STUDY} --fresh", raising("reportgen.workflow.training.run_all", KeyboardInterrupt())),
)
"""At least one command line for each exit code that a process returns by itself; signals have tests of their own."""


def documented() -> set[int]:
    """Return the exit codes in the table of the documentation."""
    text = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8").partition("## Exit codes")[2]
    return {int(code) for code in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)}


def kinds(kind: type[errors.ReportgenError]) -> set[int]:
    """Return the exit codes of a class of errors and of its subclasses."""
    return {kind.exit_code}.union(*map(kinds, kind.__subclasses__()))


def test_the_documented_codes_are_those_of_the_package() -> None:
    own = {app.BUG, app.FAILED, app.MISSING, app.NOT_SUPPORTED, app.INTERRUPTED, app.HUNG_UP, app.TERMINATED}
    assert kinds(errors.ReportgenError) | own | {0} == documented()
    assert {way.code for way in WAYS} | {app.HUNG_UP, app.TERMINATED} == documented()


@pytest.mark.parametrize("way", WAYS, ids=lambda way: f"{way.code}: {way.arguments}")
def test_a_command_ends_with_the_documented_code(
    finished: Training, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], way: Way
) -> None:
    way.prepare(monkeypatch, finished)
    capsys.readouterr()
    assert invoke(way.arguments.split()) == way.code
    assert ("Traceback" in capsys.readouterr().err) == (way.code == app.BUG)


def test_errors_in_json_have_the_exit_code_of_the_command(
    finished: Training, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments in (["verify", "nowhere", "--json"], ["check", "nowhere.yaml", "--json"]):
        code = invoke(arguments)
        assert json.loads(capsys.readouterr().out)["error"]["exit_code"] == code
