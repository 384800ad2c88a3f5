"""Other Python processes execute no file of the current folder, and find the packages of this process."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from reportgen.engine.jit.python_process import ROOT, safe_children, start_module
from tests.sources import nodes

STARTING = {"sys.executable", "subprocess.Popen", "subprocess.run", "subprocess.check_output", "os.system", "os.execv"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a module that replaces one of Python."""
    (tmp_path / "this.py").write_text("print('executed')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    return tmp_path


def test_a_module_of_the_current_folder_is_not_executed(folder: Path) -> None:
    with start_module("this", stdout=subprocess.PIPE) as process:
        assert b"executed" not in process.communicate(timeout=60)[0]


def test_the_folders_that_the_user_names_are_searched(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "named").mkdir()
    (folder / "named" / "chosen.py").write_text("import sys; print(sys.path[:2])", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(folder / "named"))
    with start_module("chosen", stdout=subprocess.PIPE) as process:
        assert ast.literal_eval(process.communicate(timeout=60)[0].decode()) == [str(ROOT), str(folder / "named")]


def test_processes_that_a_library_starts_leave_out_the_current_folder(folder: Path) -> None:
    command = [sys.executable, "-c", "import this"]
    with safe_children():
        assert b"executed" not in subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=60).stdout
    assert "PYTHONSAFEPATH" not in os.environ
    assert subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=60).stdout.strip() == b"executed"


def test_no_other_module_starts_a_process() -> None:
    own = ROOT / "reportgen" / "engine" / "jit" / "python_process.py"
    found = {
        (str(path.relative_to(ROOT)), node.lineno)
        for path in sorted((ROOT / "reportgen").rglob("*.py"))
        for node in nodes(path)
        if path != own and isinstance(node, ast.Call) and _starts(node)
    }
    assert found == set()


def _starts(call: ast.Call) -> bool:
    """Return whether a call starts a process, or passes the path of Python to a function that may."""
    parts = [call.func, *(part for one in call.args for part in ast.walk(one))]
    return any(ast.unparse(part) in STARTING and not _asks(call) for part in parts if isinstance(part, ast.Attribute))


def _asks(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id == "bool"
