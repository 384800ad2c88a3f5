"""Files of a former report that would contradict the results of a new one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from reportgen import disk
from reportgen.figures.drawing.figure import ENDINGS
from reportgen.paths import PAGE, RESULTS
from reportgen.report.publish.manifest import (
    MadeFrom,
    checksums,
    is_inside,
    read_manifest,
    read_origin,
    unchanged_files,
    write_manifest,
)
from reportgen.report.results.results import FORMAT

OF_COMMAND = ("command", "source", "written")
"""Parts of the provenance that depend on the command and its time."""

SNIPPETS = ("figures.tex", "figures.myst.md", "figures.qmd", "report.md", "captions.md", "snippets.md")


def stale_files(folder: Path, staged: Path, name: str = RESULTS, origin: MadeFrom | None = None) -> list[str]:
    """Write the staged manifest, and return the names of the files of the former report that must be removed.

    name: the JSON file with the results of the report. origin: what it was made from, for the manifest.

    If both reports have the same results, the files of other formats are still valid. They stay, with their entries in
    the manifest and with the figures in results.json. Their formats are added to those of the origin if all these files
    are as they were written. Files that a user added or changed always stay.
    """
    former = disk.read_json(folder / name)
    new = disk.read_json(staged / name) if former else {}  # that of a large study takes much memory
    written = checksums(staged, [path.relative_to(staged).as_posix() for path in staged.rglob("*")])
    replaced = {path.name for path in staged.iterdir()}
    files = _former_files(folder, former)
    valid = {}
    if former and _numbers(former) == _numbers(new):
        others = {file: value for file, value in files.items() if file.split("/")[0] not in replaced}
        present = checksums(folder, others)
        valid = {file: value for file, value in others.items() if present.get(file) == value}
        if origin is not None and valid == others:
            origin = _with_former_formats(origin, read_origin(folder))
        if "figures" in former and "figures" not in new:
            text = json.dumps(new | {"figures": former["figures"]}, indent=1, ensure_ascii=False)
            disk.replace_file(staged / name, (text + "\n").encode())
            written |= checksums(staged, [name])
    write_manifest(staged, valid | written, origin)
    return unchanged_files(folder, {file: value for file, value in files.items() if file not in valid | written})


def _with_former_formats(origin: MadeFrom, former: MadeFrom | None) -> MadeFrom:
    """Return an origin with the formats of the former report, if it has the same origin otherwise."""
    if former is None or replace(former, formats=origin.formats) != origin:
        return origin
    return replace(origin, formats=tuple(sorted({*former.formats, *origin.formats})))


def _former_files(folder: Path, results: Mapping[str, Any]) -> dict[str, str]:
    """Return the checksums of the files of the former report, from its manifest or else from its results."""
    if (manifest := read_manifest(folder)) is not None:
        return manifest
    names = _names(results) if results.get("format") == FORMAT else ()
    return checksums(folder, filter(is_inside, names))


def _names(results: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of the files of a report; the results may be damaged, and contain any text as an id."""
    yield PAGE
    yield from (f"embed/{name}" for name in SNIPPETS)
    yield from (f"{study}.pdf" for study in _ids([results.get("study")]))
    for figure in _ids(results.get("figures")):
        yield f"embed/{figure}.html"
        yield from (f"figures/{figure}{ending}" for ending in ENDINGS)


def _ids(values: Any) -> list[str]:
    values = [value.get("id") for value in values if isinstance(value, dict)] if isinstance(values, list) else []
    return [value for value in values if isinstance(value, str) and "/" not in value]


def _numbers(results: Mapping[str, Any]) -> dict[str, Any]:
    """Return the results without figures and without the parts of the provenance that depend on the command."""
    provenance = results.get("provenance")
    known = {key: value for key, value in results.items() if key not in ("figures", "provenance")}
    return known | {
        "provenance": {**provenance, **dict.fromkeys(OF_COMMAND, "")} if isinstance(provenance, dict) else None
    }
