"""Where the templates and the shipped studies lie: in the wheel, or beside the package in a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def templates_folder() -> Path:
    """Return the folder of the report's templates."""
    return _shipped("templates")


def studies_folder() -> Path:
    """Return the folder of the studies that come with reportgen."""
    return _shipped("studies")


def shipped_studies() -> dict[str, Path]:
    """Return the shipped study files by name."""
    return {path.stem: path for path in sorted(studies_folder().glob("*.yaml"))}


def _shipped(name: str) -> Path:
    installed = _PACKAGE / "_shipped" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name
