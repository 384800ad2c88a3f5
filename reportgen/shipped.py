"""Finds templates and studies: in the wheel, next to the package in a checkout, or at a path from the user.

It also returns versions of installed packages, and loads none of them, so that `--version` is fast; and hashes of
the package's files.
"""

from __future__ import annotations

import difflib
import functools
import hashlib
from collections.abc import Iterable
from pathlib import Path

from reportgen.errors import StudyError

_PACKAGE = Path(__file__).resolve().parent
_ENDINGS = (".yaml", ".yml")

COMPILED = "__pycache__"

TRAINING = ("data", "engine", "runs")
"""The folders of the package whose source code determines the values of a run and its record."""

PACKS = ("modern",)
"""Folders of shipped studies beyond the lectures, below the folder of the studies."""


def package_version(name: str) -> str:
    """Return the version of a package, or "unknown" if it is not installed."""
    from importlib.metadata import PackageNotFoundError, version  # slow to import

    try:
        return version(name)
    except PackageNotFoundError:
        return "unknown"


def sources_hash(folder: Path, pattern: str = "*.py") -> str:
    """Return 16 hex digits of the hash of paths and contents of the files in a folder and its subfolders.

    pattern: of the names of the files. Folders of compiled files are left out with the temporary files in them, which
    come and go while other processes import the package.
    """
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob(pattern) if COMPILED not in path.parts and path.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@functools.cache
def loaded_sources() -> dict[str, str]:
    """Return the hashes of the source code that trains, by folder, when this process began to load it.

    Each of these folders calls this function before it loads its modules. An upgrade may replace the files later.
    """
    return training_sources()


def training_sources() -> dict[str, str]:
    """Return the hashes of the source code that trains, by folder, as it is on the disk."""
    return {folder: sources_hash(_PACKAGE / folder) for folder in TRAINING}


def templates_folder() -> Path:
    """Return the folder of the report templates."""
    return _shipped("templates")


def studies_folder() -> Path:
    """Return the folder of the studies that come with reportgen."""
    return _shipped("studies")


def shipped_studies() -> dict[str, Path]:
    """Return the shipped study files by name: those of the lectures, then those of the packs."""
    return {path.stem: path for pack in ("", *PACKS) for path in pack_studies(pack).values()}


def pack_studies(pack: str) -> dict[str, Path]:
    """Return the files of a pack by name; the pack "" has the studies of the lectures."""
    folder = studies_folder() / pack
    return {path.stem: path for path in _studies_in(folder)} if folder.is_dir() else {}


def find_studies(arguments: Iterable[str | Path]) -> list[str]:
    """Return the studies for files, folders and names of shipped studies, each a valid argument of `study_file`.

    Each file is returned once, in the order of the arguments.

    Raises
    ------
    StudyError
        If a folder contains no study, or a name is neither a file, a folder nor a shipped study.
    """
    sources: dict[Path, str] = {}
    for argument in arguments:
        try:
            for source in _resolve(str(argument)):
                sources.setdefault(study_file(source).resolve(), source)
        except (OSError, RuntimeError) as error:  # too long a name, or a loop of symbolic links
            reason = getattr(error, "strerror", None) or "symbolic links form a loop"
            raise StudyError("unreadable-file", f"cannot resolve the path: {reason}", where=str(argument)) from error
    return list(sources.values())


def study_file(source: str | Path) -> Path:
    """Return the file of a study, given its path or the name of a shipped study.

    Raises
    ------
    StudyError
        If it is neither an existing path nor the name of a shipped study. A missing .yaml file is left to the loader.
    """
    name, path = str(source), Path(source)
    if path.is_file() or path.suffix in _ENDINGS:
        return path
    if name in shipped_studies():
        return shipped_studies()[name]
    if name and not path.exists():
        raise _unknown(name)
    return path


def ignored_files(sources: Iterable[str | Path]) -> dict[str, Path]:
    """Return the files in the current folder with the name of a requested shipped study, by that name."""
    names = [str(source) for source in sources if Path(source).suffix not in _ENDINGS and not Path(source).is_file()]
    shipped = shipped_studies()
    files = ((name, Path(f"{name}{ending}")) for name in names if name in shipped for ending in _ENDINGS)
    return {name: file for name, file in files if file.is_file() and not file.samefile(shipped[name])}


def _resolve(argument: str) -> list[str]:
    if not argument:  # Path("") is the current folder; a script may pass an unset variable
        hint = "give a file, a folder or the name of a shipped study"
        raise StudyError("empty-value", "the name of the study is empty", hint=hint)
    path = Path(argument)
    inside = _studies_in(path) if path.is_dir() else []
    if inside:
        return [str(file) for file in inside]
    if path.is_file() or path.suffix in _ENDINGS or argument in shipped_studies():
        return [argument]
    if path.is_dir():
        raise StudyError("no-study", "the folder contains no study", argument, "studies are files that end in .yaml")
    raise _unknown(argument)


def _unknown(name: str) -> StudyError:
    """Return the error for a name that is no study, with the most similar one."""
    shipped = shipped_studies()
    near = difflib.get_close_matches(name, shipped, n=1)
    hint = f"did you mean {near[0]!r}?" if near else "give a file, a folder, or a name of `reportgen list studies`"
    return StudyError("unknown-name", f"unknown study {name!r}", hint=hint)


def _studies_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in _ENDINGS and path.is_file())


def _shipped(name: str) -> Path:
    installed = _PACKAGE / "_shipped" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name
