"""The shape of the code: short files, short functions, and no trace of the machine it was written on."""

from __future__ import annotations

import ast
import re
import shutil
import statistics
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sources import docstring, nodes

ROOT = Path(__file__).resolve().parents[1]
FILE_LINES = 300
FOLDER_MODULES, TOP_MODULES = 16, 7
BODY_LINES, BODY_MEDIAN = 40, 11
KERNEL_LINES = 80  # a kernel's branches stay together, since every call out of it costs

MACHINE_PATH = re.compile(r"(?<![\w.~])(/(?:home|root|Users|work|mnt)/[\w.-]+|[A-Z]:\\\\?Users)")
TEXT = {".py", ".toml", ".md", ".yaml", ".yml", ".j2", ".html", ".css", ".json", ".tex", ".csv", ".txt", ".svg", ""}
SKIPPED = {".git", ".hypothesis", "__pycache__", "reports", "build", "dist", "_build", ".venv"}


def project_files(*folders: str, endings: set[str]) -> list[Path]:
    """Files of the folders, or of the whole project, that are part of it."""
    starts = [ROOT / folder for folder in folders] or [ROOT]
    found = (path for start in starts for path in sorted(start.rglob("*")) if path.suffix in endings)
    return [path for path in found if path.is_file() and not _skipped(path.relative_to(ROOT))]


def _skipped(path: Path) -> bool:
    return any(part in SKIPPED or part.endswith(("_cache", ".egg-info")) for part in path.parts)


SOURCES = project_files("reportgen", "tests", "benchmarks", "docs", endings={".py"})
PACKAGE = [path for path in SOURCES if path.is_relative_to(ROOT / "reportgen")]


def bodies(path: Path) -> Iterator[tuple[str, int, bool]]:
    """Name, lines of the body without its docstring, and whether it is a kernel, of every function."""
    for node in nodes(path):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
            yield node.name, lines, any("kernel" in ast.unparse(mark) for mark in node.decorator_list)


def test_no_file_is_long() -> None:
    texts = project_files(endings={".py", ".j2", ".css", ".html"})
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in texts}
    assert {name: lines for name, lines in lengths.items() if lines > FILE_LINES} == {}


def test_no_function_is_long() -> None:
    long = [
        (str(path.relative_to(ROOT)), name, lines)
        for path in PACKAGE
        for name, lines, kernel in bodies(path)
        if lines > (KERNEL_LINES if kernel else BODY_LINES)
    ]
    assert long == []


def test_functions_are_short_in_the_median() -> None:
    lengths = [lines for path in PACKAGE for _, lines, _ in bodies(path)]
    assert statistics.median(lengths) <= BODY_MEDIAN


def test_no_folder_is_crowded() -> None:
    folders = {path.parent for path in PACKAGE}
    sizes = {str(folder.relative_to(ROOT)): _modules(folder) for folder in folders}
    assert {name: size for name, size in sizes.items() if size > FOLDER_MODULES} == {}
    assert len(list((ROOT / "reportgen").glob("*.py"))) <= TOP_MODULES


def _modules(folder: Path) -> int:
    return sum(path.name != "__init__.py" for path in folder.glob("*.py"))


def test_every_folder_says_what_it_is_for() -> None:
    packages = {path.parent for path in PACKAGE}
    silent = [folder.name for folder in packages if not docstring(folder / "__init__.py")]
    assert silent == []


def test_the_measure_of_a_body_leaves_out_its_docstring(tmp_path: Path) -> None:
    path = tmp_path / "f.py"
    source = '@kernel\ndef f(x):\n    """Say.\n\n    More.\n    """\n    y = x\n    return y\n'
    path.write_text(source, encoding="utf-8")
    assert list(bodies(path)) == [("f", 2, True)]


def test_no_file_carries_a_path_of_a_machine() -> None:
    hits = {
        f"{path.relative_to(ROOT)}:{number}": match.group()
        for path in project_files(endings=TEXT)
        if path.stat().st_size < 1_000_000
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if (match := MACHINE_PATH.search(line))
    }
    assert hits == {}


@pytest.mark.parametrize("place", ["home", "root", "work", "Users"])
def test_a_path_of_a_machine_is_seen(place: str) -> None:
    assert MACHINE_PATH.search("see /" + place + "/someone/x.py")
    assert not MACHINE_PATH.search("https://example.org/" + place + "/x and docs/" + place + "/x")


def test_the_top_of_the_tree_holds_what_it_is_meant_to_hold() -> None:
    folders = {"benchmarks", "docs", "reportgen", "studies", "templates", "tests"}
    files = {"CHANGELOG.md", "CITATION.cff", "LICENSE", "README.md", "pyproject.toml"}
    if not (shutil.which("git") and (ROOT / ".git").exists()):
        pytest.skip("not a clone")
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("git does not tell")
    found = {Path(line).parts[0] for line in listed.stdout.splitlines()}
    assert {name for name in found if not name.startswith(".")} == folders | files
