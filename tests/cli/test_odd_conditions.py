"""Every verb under odd conditions: the right exit code, at most one sentence, and never a traceback."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reportgen.cli import preview
from reportgen.cli.app import app
from reportgen.cli.main import invoke
from tests.teaching.course import write_course

pytestmark = pytest.mark.slow

UNDECODABLE = "caf\udce9"
"""The name of a file in Latin-1, as Python represents it."""


@dataclass(frozen=True)
class Verb:
    """A verb with arguments that succeed.

    Attributes
    ----------
    code : the exit code of the command.
    output : the option or argument that names the output, and what is written there; None if nothing is written.
    undecodable : arguments with a name that is not UTF-8, and the exit code.
    """

    arguments: tuple[str, ...]
    undecodable: tuple[tuple[str, ...], int]
    code: int = 0
    output: tuple[str, ...] | None = None


STUDY, REPORT = "rates.yaml", "reports/rates"
VERBS = {
    "run": Verb((STUDY, "-f", "json"), ((f"{UNDECODABLE}.yaml",), 2), output=("-o",)),
    "render": Verb((STUDY, "-f", "json"), ((STUDY, "--set", f"title={UNDECODABLE}"), 2), output=("-o",)),
    "check": Verb((STUDY,), ((STUDY, "--set", f"title={UNDECODABLE}"), 2)),
    "new": Verb(("other",), ((UNDECODABLE,), 2), output=()),
    "preview": Verb((STUDY, "--port", "0"), ((f"{UNDECODABLE}.yaml", "--port", "0"), 2), code=130),
    "index": Verb(("reports",), (("reports", "--title", UNDECODABLE), 2), output=("-o",)),
    "compare": Verb((REPORT, REPORT), ((REPORT, UNDECODABLE), 2)),
    "verify": Verb((REPORT,), ((UNDECODABLE,), 2)),
    "assignment": Verb(("course/act.yaml",), ((f"{UNDECODABLE}.yaml",), 2), output=("-o",)),
    "grade": Verb(("reports", "--key", "key.yaml"), ((UNDECODABLE, "--key", "key.yaml"), 2), output=("-o",)),
    "merge": Verb(("shards/rates", "-o", "merged"), ((UNDECODABLE, "-o", "merged"), 2), output=("-o",)),
    "diagnose": Verb(("log.csv",), ((UNDECODABLE,), 2), output=("-f", "json", "-o")),
    "list": Verb(("losses",), ((UNDECODABLE,), 2)),
    "describe": Verb(("relu",), ((UNDECODABLE,), 2), output=("-o",)),
    "schema": Verb((), ((UNDECODABLE,), 2)),
    "doctor": Verb((), ((UNDECODABLE,), 2)),
}


@pytest.fixture
def here(finished: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with everything that the verbs read."""
    write_course(Path("course"))
    assert invoke(["assignment", "course/act.yaml", "-o", "hw", "--key", "key.yaml"]) == 0
    assert invoke(["run", STUDY, "--shard", "1/3", "-o", "shards", "-q"]) == 0
    finished.trained.clear()
    Path("log.csv").write_text("epoch,loss\n" + "".join(f"{n},{1 / n}\n" for n in range(1, 9)), encoding="utf-8")

    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(preview, "_follow", interrupted)
    monkeypatch.setattr("reportgen.cli.doctor.examine", lambda: [(True, "a machine")])
    return Path.cwd()


class Stream:
    """A standard output that cannot be written."""

    def __init__(self, number: int, file: Any) -> None:
        self._error, self.fileno = OSError(number, os.strerror(number)), file.fileno

    def write(self, text: str) -> int:
        raise self._error

    def flush(self) -> None:
        raise self._error

    def isatty(self) -> bool:
        return False


def one_sentence(capsys: pytest.CaptureFixture[str], code: int, verb: str) -> None:
    """Assert that stderr has one line for an error, and no traceback in any case."""
    err = capsys.readouterr().err
    assert "Traceback" not in err
    own = [line for line in err.splitlines() if line.startswith(("reportgen: ", "Error: "))]
    assert len(own) == (code not in (0, 130)), (verb, code, err)


def test_the_table_has_every_verb() -> None:
    names = {str(command.name or command.callback.__name__) for command in app.registered_commands if command.callback}
    assert set(VERBS) == names


def test_every_verb_succeeds_without_home_and_cache(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("HOME", "USERPROFILE", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    capsys.readouterr()
    for name, verb in VERBS.items():
        assert invoke([name, *verb.arguments]) == verb.code, name
        one_sentence(capsys, verb.code, name)


@pytest.mark.parametrize(("number", "failure"), [(errno.ENOSPC, 5), (errno.EIO, 5), (errno.EPIPE, None)])
def test_an_output_that_is_full_broken_or_closed_is_a_sentence(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: int, failure: int | None
) -> None:
    capsys.readouterr()
    for name, verb in VERBS.items():
        with open("spare", "wb") as spare, monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", Stream(number, spare))
            code = invoke([name, *verb.arguments])
        expected = verb.code if failure is None else failure
        assert code == expected, name
        one_sentence(capsys, expected, name)


def test_a_name_that_is_not_unicode_is_refused_before_training(
    here: Path, finished: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("named.yaml").write_bytes(Path(STUDY).read_bytes())
    if os.name != "nt":
        os.rename("named.yaml", f"{UNDECODABLE}.yaml")
    capsys.readouterr()
    for name, verb in VERBS.items():
        arguments, code = verb.undecodable
        assert invoke([name, *arguments]) == code, name
        one_sentence(capsys, code, name)
    assert finished.trained == []


def make_file(path: Path) -> None:
    path.write_text("mine", encoding="utf-8")


def make_link_to_nothing(path: Path) -> None:
    path.symlink_to(path.with_name("nowhere") / "deeper")


@pytest.mark.parametrize("make", [make_file, make_link_to_nothing])
def test_an_output_that_is_a_file_or_a_broken_link_is_a_sentence(
    here: Path, capsys: pytest.CaptureFixture[str], make: Callable[[Path], None]
) -> None:
    capsys.readouterr()
    for name, verb in VERBS.items():
        if verb.output is None:
            continue
        if name == "new":
            make(here / "occupied.yaml")
            code = invoke([name, "occupied"])
        elif name == "describe":
            (here / "occupied.svg").mkdir(exist_ok=True)
            code = invoke([name, *verb.arguments, "-o", "occupied.svg"])
        else:
            target = here / f"occupied-{name}"
            make(target)
            code = invoke([name, *verb.arguments, *verb.output, str(target)])
        assert code == 2, name
        one_sentence(capsys, code, name)


def test_every_verb_works_in_a_folder_with_a_long_name_of_spaces_and_emoji(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = here.with_name(("🎲 an odd folder " * 13)[:199] + "!")
    assert len(folder.name) == 200
    here.rename(folder)
    monkeypatch.chdir(folder)
    capsys.readouterr()
    for name, verb in VERBS.items():
        more = [] if verb.output is None or name in ("new", "describe") else [*verb.output, "ein Ordner 🎲/for it"]
        assert invoke([name, *verb.arguments, *more]) == verb.code, name
        one_sentence(capsys, verb.code, name)


def command(*arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """Run the command line in a process."""
    return subprocess.run(
        [sys.executable, "-m", "reportgen", *arguments], stderr=subprocess.PIPE, timeout=120, check=False, **options
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("arguments", [("list", "losses"), ("--help",), ("new", "--help"), ("--version",)])
def test_a_full_device_is_one_sentence_from_the_command(arguments: tuple[str, ...]) -> None:
    with open("/dev/full", "wb") as full:
        ended = command(*arguments, stdout=full)
    assert (ended.returncode, ended.stderr.count(b"\n")) == (5, 1)


@pytest.mark.skipif(os.name == "nt", reason="closes standard streams the POSIX way")
def test_standard_streams_that_are_closed_at_the_start_are_no_error() -> None:
    shell = f"exec {sys.executable} -m reportgen list losses"
    for closed in ("<&- >&-", ">&- 2>&-", "<&- >&- 2>&-"):
        assert subprocess.run(["/bin/sh", "-c", f"{shell} {closed}"], timeout=120, check=False).returncode == 0


@pytest.mark.skipif(os.name == "nt", reason="Windows has no locale C")
def test_a_locale_without_unicode_is_a_sentence(tmp_path: Path) -> None:
    plain = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    ended = command("new", "Größe", env=plain, cwd=tmp_path)
    assert (ended.returncode, ended.stderr.count(b"\n")) == (2, 1)
    assert list(tmp_path.iterdir()) == []
    assert command("new", "plain", env=plain, cwd=tmp_path).returncode == 0


EVERY_VERB = """
import json, sys
from reportgen.cli import doctor, main as cli, preview

def interrupted(*arguments):
    raise KeyboardInterrupt

preview._follow = interrupted
doctor.examine = lambda: [(True, "a machine")]
codes = {name: cli.invoke([name, *arguments]) for name, arguments in json.load(sys.stdin).items()}
cli.flush_output()
sys.exit(json.dumps(codes))
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no locale C")
def test_every_verb_works_in_the_locale_c_without_home_and_with_a_cache_that_cannot_be_written(here: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in ("HOME", "NUMBA_CACHE_DIR")}
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "XDG_CACHE_HOME": "/dev/null/cache"}
    environment |= {**plain, "NUMBA_DISABLE_JIT": "1", "TMPDIR": str(here)}
    verbs = json.dumps({name: verb.arguments for name, verb in VERBS.items()})
    call = [sys.executable, "-c", EVERY_VERB]
    ended = subprocess.run(call, env=environment, input=verbs, capture_output=True, text=True, timeout=300, check=False)
    assert "Traceback" not in ended.stderr
    assert json.loads(ended.stderr.splitlines()[-1]) == {name: verb.code for name, verb in VERBS.items()}
    assert list(here.glob(".unfinished-*")) == []
