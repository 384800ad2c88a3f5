"""Imports go one way: a folder of the package knows the folders below it and none above it."""

from __future__ import annotations

import ast
import graphlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sources import nodes

PACKAGE = Path(__file__).resolve().parents[1] / "reportgen"

FOLDERS = (
    "cli",
    "preview",
    "teaching",
    "audit",
    "workflow",
    "report",
    "figures",
    "external",
    "analysis",
    "runs",
    "study",
    "engine",
    "data",
    "plugins",
    "languages",
)
"""From the top down. The modules at the top of the package lie below all folders, except `__init__` and `__main__`."""

ENTRY_POINTS = ("reportgen", "reportgen.__main__")
TRAINING = ("reportgen.engine.train", "reportgen.runs.executors")
READERS = ("analysis", "figures", "report")


def level(module: str) -> int:
    """The level of a module, 0 at the bottom."""
    if module in ENTRY_POINTS:
        return len(FOLDERS) + 1
    folder = module.split(".")[1]
    return len(FOLDERS) - FOLDERS.index(folder) if folder in FOLDERS else 0


def imported_modules(path: Path, root: Path) -> Iterator[str]:
    """All modules of the package that a file imports, at any depth of its code."""
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("reportgen"))
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: imports are absolute"
            if (node.module or "").split(".")[0] == "reportgen":
                yield from (_module(f"{node.module}.{alias.name}", root) for alias in node.names)


def _module(dotted: str, root: Path) -> str:
    """The module that an imported name is, or is in."""
    path = root.joinpath(*dotted.split("."))
    return dotted if path.is_dir() or path.with_suffix(".py").is_file() else dotted.rpartition(".")[0]


def module_name(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def wrong_imports(root: Path) -> list[tuple[str, str]]:
    """Pairs of modules, importer and imported, that go against the direction."""
    return [
        (importer, imported)
        for path in sorted((root / "reportgen").rglob("*.py"))
        for importer in [module_name(path, root)]
        for imported in imported_modules(path, root)
        if imported != "reportgen" and not _allowed(importer, imported)
    ]


def _allowed(importer: str, imported: str) -> bool:
    if imported in TRAINING and importer.split(".")[1] in READERS:
        return False  # analysis, figures and report read finished records; they never train
    return level(imported) <= level(importer)


def test_imports_between_folders_go_down() -> None:
    assert wrong_imports(PACKAGE.parent) == []


def test_every_folder_has_its_level() -> None:
    assert {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()} == set(FOLDERS)


@pytest.mark.parametrize(
    ("importer", "line", "imported"),
    [
        ("data/dataset.py", "from reportgen.engine import setup", "reportgen.engine.setup"),
        ("engine/setup.py", "from reportgen.runs.record import RunRecord", "reportgen.runs.record"),
        ("analysis/summary.py", "import reportgen.engine.train", "reportgen.engine.train"),
        ("report/media/html.py", "def f():\n    from reportgen.engine.train import train", "reportgen.engine.train"),
        ("figures/a.py", "from reportgen.report.media import html", "reportgen.report.media.html"),
        ("shipped.py", "from reportgen.cli import main", "reportgen.cli.main"),
        ("workflow/run.py", "from reportgen.cli import app", "reportgen.cli.app"),
    ],
)
def test_a_wrong_import_is_seen(tmp_path: Path, importer: str, line: str, imported: str) -> None:
    for name in (importer, imported.removeprefix("reportgen.").replace(".", "/") + ".py"):
        file = tmp_path / "reportgen" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    (tmp_path / "reportgen" / importer).write_text(line + "\n", encoding="utf-8")
    module = "reportgen." + importer.removesuffix(".py").replace("/", ".")
    assert wrong_imports(tmp_path) == [(module, imported)]


def test_no_modules_import_one_another_in_a_circle() -> None:
    names = {module_name(path, PACKAGE.parent): path for path in PACKAGE.rglob("*.py")}
    graph = {name: {*imported_modules(path, PACKAGE.parent)} - {name} for name, path in names.items()}
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def test_right_imports_pass(tmp_path: Path) -> None:
    for name in ("analysis/a.py", "engine/spec.py", "data/d.py", "engine/train.py"):
        (tmp_path / "reportgen" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "reportgen" / name).touch()
    lines = "from reportgen.engine import spec\nfrom reportgen.engine.spec import RunSpec\nimport numpy\n"
    (tmp_path / "reportgen/analysis/a.py").write_text(lines, encoding="utf-8")
    (tmp_path / "reportgen/engine/train.py").write_text("import reportgen.data.d\n", encoding="utf-8")
    assert wrong_imports(tmp_path) == []
