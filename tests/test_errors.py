"""Codes of errors: every code that the package uses is declared, every declared one is used, and the page lists all."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from reportgen import errors
from reportgen.errors import CODES
from tests.sources import nodes

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "reportgen"


@pytest.fixture
def scan(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module that scans a package for codes."""
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "_ext"))
    import error_codes

    return error_codes


def literals(package: Path) -> set[str]:
    """All strings in the modules of a package, without the table itself."""
    paths = (path for path in package.rglob("*.py") if path.name != "errors.py")
    constants = (node for path in paths for node in nodes(path) if isinstance(node, ast.Constant))
    return {node.value for node in constants if isinstance(node.value, str)}


def test_every_code_of_an_error_is_declared(scan: Any) -> None:
    assert set(scan.exit_codes(PACKAGE)) - set(CODES) == set()


def test_every_declared_code_is_used() -> None:
    assert set(CODES) - literals(PACKAGE) == set()


def test_codes_are_kebab_case_with_a_meaning_of_one_sentence() -> None:
    wrong = [code for code in CODES if not re.fullmatch(r"[a-z]+(-[a-z]+)+", code)]
    assert wrong == []
    assert [code for code, text in CODES.items() if not re.fullmatch(r"[A-Z`].*[^.]\.", text)] == []


def test_the_page_lists_every_code_with_its_exit_codes(scan: Any) -> None:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in list(scan.code_lines())[2:]]
    assert [row[0].strip("`") for row in rows] == sorted(CODES)
    assert [row[0] for row in rows if not re.fullmatch(r"\d(, \d)*( or \d)?", row[2])] == []
    found = {row[0].strip("`"): row[2] for row in rows}
    assert (found["runs-missing"], found["no-study"], found["out-of-memory"]) == ("2", "3", "4")
    assert "\n".join(scan.code_lines()) in (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")


def test_only_functions_of_the_study_return_codes(scan: Any) -> None:
    others = [folder for folder in PACKAGE.iterdir() if folder.is_dir() and folder.name != "study"]
    elsewhere = set[str]().union(*map(literals, others))
    assert (set(CODES) - set(scan.exit_codes(PACKAGE))) & elsewhere == set()


def test_codes_are_followed_through_variables_and_functions(scan: Any, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        "def f(x):\n    code = 'a-b' if x else 'c-d'\n    raise StudyError(code, 'x')\n"
        "def _make(where, code='e-f'):\n    return StoreError(code, 'x')\n"
        "def g():\n    raise _make('x', 'g-h')\n"
        "def h():\n    raise problem('?', 'x')\n",
        encoding="utf-8",
    )
    (tmp_path / "b.py").write_text("def g():\n    raise _make('x', 'not-a-code')\n", encoding="utf-8")
    assert scan.exit_codes(tmp_path) == {"a-b": {3}, "c-d": {3}, "e-f": {5}, "g-h": {5}, "?": {3}}


def test_values_are_those_that_json_prints() -> None:
    error = errors.StudyError("unknown-name", "unknown activation 'rleu'", "init.yaml:14:9", "did you mean 'relu'?")
    assert error.values == {
        "code": "unknown-name",
        "message": "unknown activation 'rleu'",
        "where": "init.yaml:14:9",
        "hint": "did you mean 'relu'?",
        "exit_code": 3,
    }
