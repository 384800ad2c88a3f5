"""Preview sessions: the page follows the edited study."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from reportgen.cli import preview as previewing
from reportgen.cli.main import invoke
from reportgen.cli.options import RunOptions
from reportgen.engine.train import Cancelled
from reportgen.errors import StudyError, UsageError
from reportgen.preview import session as preview
from reportgen.preview.server import PreviewPage
from reportgen.preview.session import Preview
from reportgen.workflow.events import ProgressListener
from reportgen.workflow.run import run_study
from tests.preview.test_server import get

pytestmark = pytest.mark.slow

STUDY = """
title: A first title
question: Which?
data: {name: csv, path: own.csv, target: y}
network: {hidden: [3]}
training: {epochs: 1}
vary: {training.lr: [0.1, 0.5]}
seeds: 3
remedies: {limit: 0}
figures: [loss_curves]
"""


class Counter(ProgressListener):
    """Counts trained runs, and calls `at_progress` at the first progress."""

    def __init__(self) -> None:
        self.trained = 0
        self.at_progress: Any = None

    def training(self, plan: Any, missing: Any, stored: int) -> None:
        self.trained += len(missing)

    def progress(self, job: Any, done: int, total: int) -> None:
        act, self.at_progress = self.at_progress, None
        if act:
            act()


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(preview, "POLL_SECONDS", 0.01)
    rows = "".join(f"{n % 7},{int(n % 7 > 3)}\n" for n in range(60))
    Path("own.csv").write_text("a,y\n" + rows, encoding="utf-8")
    path = Path("rates.yaml")
    path.write_text(STUDY, encoding="utf-8")
    return path


def previewed(study: Path, **options: Any) -> Preview:
    def request(quick: bool) -> Any:
        return RunOptions((str(study),), None, ("html",), None, None, quick).request(str(study))

    return Preview(study, request, PreviewPage(study.name), **options)


def edit(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    os.utime(path, ns=(path.stat().st_mtime_ns, path.stat().st_mtime_ns + 1_000_000))  # a clock may be coarse


def test_a_page_follows_the_study_and_stored_runs_are_used_again(study: Path) -> None:
    found, counter = previewed(study), Counter()
    assert found.refresh(counter) is None
    assert (counter.trained, found.shown.state.version, found.shown.state.state) == (4, 1, "ready")
    assert "A first title" in found.shown.page
    assert "A quick look" in found.shown.page
    assert not found.changed()
    edit(study, "A first title", "Another title")
    assert found.changed()
    found.wait()
    assert found.refresh(counter) is None
    assert (counter.trained, found.shown.state.version) == (4, 2)
    assert "Another title" in found.shown.page
    assert [path.name for path in Path("reports/rates").iterdir()] == ["runs"]


def test_an_error_is_shown_above_the_last_page_until_the_study_is_fixed(study: Path) -> None:
    found = previewed(study)
    edit(study, "title:", "titel:")
    message = str(found.refresh(ProgressListener()))
    assert message.startswith("rates.yaml:2:1: ")
    assert "'title'" in message
    assert (found.shown.state.state, found.shown.state.message, found.shown.page) == ("broken", message, "")
    edit(study, "titel:", "title:")
    assert found.refresh(ProgressListener()) is None
    study.unlink()
    assert str(found.refresh(ProgressListener())).startswith("rates.yaml: ")
    assert found.shown.state.version == 1
    assert "A first title" in found.shown.page


def test_the_full_report_is_shown_as_long_as_its_runs_are_stored(study: Path) -> None:
    run_study(study, formats=["html"])
    before = {path: path.read_bytes() for path in Path("reports/rates").glob("*.*")}
    found, counter = previewed(study), Counter()
    edit(study, "A first title", "Another title")
    found.refresh(counter)
    assert (counter.trained, found.shown.state.message.startswith("The full report of 6 runs")) == (0, True)
    assert {path: path.read_bytes() for path in Path("reports/rates").glob("*.*")} == before
    edit(study, "0.5]", "0.25]")
    found.refresh(counter)
    assert found.shown.state.message.startswith("A quick look of 4 runs")
    always, complete = previewed(study, quick=True), previewed(study, full=True)
    always.refresh(counter)
    assert always.shown.state.message.startswith("A quick look of 4 runs")
    complete.refresh(counter)
    assert complete.shown.state.message.startswith("The full report of 6 runs")


def test_a_study_that_changes_during_training_is_started_again(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found, counter = previewed(study, full=True), Counter()
    monkeypatch.setattr(preview, "POLL_SECONDS", 0.0)
    edit(study, "epochs: 1", "epochs: 100000")
    counter.at_progress = lambda: edit(study, "epochs: 100000", "epochs: 2")
    assert found.refresh(counter) is None
    assert "epochs" in found.shown.page
    assert counter.trained == 12


def test_late_events_of_a_cancelled_run_are_ignored(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step can outlast the cancellation; its thread then sends events while the next page is made."""
    late, counter = [], Counter()

    def train(request: Any, listener: ProgressListener, workers: int | None) -> Any:
        late.append(listener)
        listener.training(request.plan, [None, None], 0)  # type: ignore[list-item]
        raise Cancelled if len(late) == 1 else StudyError("unknown-key", "the second attempt fails")

    monkeypatch.setattr(preview, "train_request", train)
    monkeypatch.setattr(Preview, "wait", lambda self: None)
    found = previewed(study, full=True)
    assert found.refresh(counter) == "the second attempt fails"
    counter.at_progress = lambda: pytest.fail("the event is forwarded")
    for listener in late:
        listener.finished(None, None)  # type: ignore[arg-type]
        with pytest.raises(Cancelled):
            listener.progress(None, 1, 2)  # type: ignore[arg-type]
    assert (found.shown.state.state, found.shown.state.message) == ("broken", "the second attempt fails")


def test_a_study_is_not_previewed_in_the_folder_of_another_studys_report(study: Path, capsys, monkeypatch) -> None:
    monkeypatch.setattr(previewing, "_follow", lambda *_: pytest.fail("the preview starts"))
    Path("mine").mkdir()
    Path("mine/rates.yaml").write_text(STUDY.replace("path: own", "path: ../own"), encoding="utf-8")
    run_study(study, formats=["json"])
    before = sorted(Path("reports").rglob("*"))
    assert invoke(["preview", str(Path("mine/rates.yaml")), "--port", "0"]) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith(f"reportgen: {Path('reports/rates')}: ")
    assert printed.out == "", "no address is printed"
    found = previewed(Path("mine/rates.yaml"))
    with pytest.raises(UsageError) as caught:
        found.refuse_other()
    assert caught.value.code == "report-of-another-study"
    assert found.refresh(ProgressListener()) == str(caught.value)
    assert sorted(Path("reports").rglob("*")) == before


def test_data_files_and_templates_are_watched(study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    templates = tmp_path / "templates"
    templates.mkdir()
    (templates / "a.j2").write_text("a", encoding="utf-8")
    found = previewed(study)
    found.refresh(ProgressListener())
    edit(Path("own.csv"), "6,1", "5,1")
    assert found.changed()
    found.refresh(ProgressListener())
    monkeypatch.setattr(preview, "templates_folder", lambda: templates)
    found.refresh(ProgressListener())
    assert not found.changed()
    edit(templates / "a.j2", "a", "b")
    assert found.changed()


def test_all_errors_of_a_study_are_shown(study: Path) -> None:
    found = previewed(study)
    edit(study, "title:", "titel:")
    edit(study, "seeds:", "seed:")
    message = str(found.refresh(ProgressListener()))
    assert ("'titel'" in message, "'seed'" in message) == (True, True)
    assert found.shown.state.message == message


def test_an_edited_plugin_is_loaded_again(study: Path) -> None:
    Path("rows.py").write_text("ROWS = []\n", encoding="utf-8")
    edit(study, "question:", "plugins: [rows.py]\nquestion:")
    options = RunOptions((str(study),), None, ("html",), None, None, True, allow_code=True)
    found = Preview(study, lambda quick: options.request(str(study)), PreviewPage(study.name))
    assert found.refresh(ProgressListener()) is None
    assert not found.changed()
    edit(Path("rows.py"), "ROWS = []", "ROWS = ['relu']")
    assert found.changed()
    found.wait()
    assert "rows.py" in str(found.refresh(ProgressListener()))
    assert found.shown.state.state == "broken"
    edit(Path("rows.py"), "['relu']", "[]")
    assert found.changed()
    assert found.refresh(ProgressListener()) is None


def test_an_error_in_a_template_names_the_template(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from jinja2 import TemplateSyntaxError, UndefinedError

    found = previewed(study)
    for error, message in (
        (TemplateSyntaxError("unexpected '}'", 3, "answer.html.j2"), "answer.html.j2:3: unexpected '}'"),
        (UndefinedError("'x' is undefined"), "templates: 'x' is undefined"),
    ):

        def broken(analysis: Any, error: Exception = error) -> str:
            raise error

        monkeypatch.setattr(preview, "page", broken)
        assert found.refresh(ProgressListener()) == message


@pytest.mark.parametrize(
    ("arguments", "code", "named"),
    [
        (["nowhere.yaml"], 3, "nowhere.yaml: "),
        (["nowhere"], 3, "'nowhere'"),
        (["rates.yaml", "--quick", "--full"], 2, "--quick and --full"),
        (["rates.yaml", "-q", "-v"], 2, "-q and -v"),
        (["rates.yaml", "--set", "x"], 2, "--set"),
        (["rates.yaml", "--port", "70000"], 2, "--port"),
        (["."], 3, "2 studies"),
    ],
)
def test_an_invalid_preview_ends_at_once(study: Path, capsys, arguments: list[str], code: int, named: str) -> None:
    Path("other.yaml").write_text(STUDY, encoding="utf-8")
    assert invoke(["preview", *arguments]) == code
    assert named in capsys.readouterr().err


def test_an_internal_error_does_not_end_the_preview_but_an_interruption_does(study: Path, capsys, monkeypatch) -> None:
    ends = iter([None, KeyboardInterrupt()])

    def wait(self: Preview) -> None:
        if end := next(ends):
            raise end

    monkeypatch.setattr(Preview, "wait", wait)
    monkeypatch.setattr(Preview, "refresh", lambda self, listener: 1 / 0)
    threads = threading.active_count()
    assert invoke(["preview", "rates.yaml", "--port", "0"]) == 130
    printed = capsys.readouterr()
    assert printed.out.startswith("http://127.0.0.1:")
    assert printed.err.count("ZeroDivisionError") == 2
    assert threading.active_count() <= threads


@pytest.mark.skipif(os.name == "nt", reason="sends SIGINT as a POSIX terminal does")
def test_ctrl_c_ends_the_command_at_once(study: Path, interruptible: None) -> None:
    command = [sys.executable, "-m", "reportgen", "preview", str(study), "--port", "0", "-q"]
    here = {**os.environ, "PYTHONPATH": str(Path(preview.__file__).parents[2])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=here) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert get(address, "/")[0] == 200
        process.send_signal(signal.SIGINT)
        try:
            assert process.wait(60) == 130
        finally:
            process.kill()
