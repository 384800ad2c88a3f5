"""What a former report left in the folder, and which of it would lie beside results that are not its own."""

from __future__ import annotations

import contextlib
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportgen import disk
from reportgen.paths import PAGE, RESULTS
from reportgen.report.media.kit import beginnings
from reportgen.report.results.results import FORMAT

NAME = re.compile(r"[^/\\:\x00]+")
GENERATOR = b'<meta name="generator" content="reportgen'
PRODUCED = b"the numbers of this report"
"""What describes the attachments of every PDF that reportgen makes."""


def tidy(folder: Path, staged: Path) -> None:
    """Remove the former report's page, PDF, figures and snippets that the staged one does not replace.

    Where both have the same results nothing is stale: the files stay, and so does what results.json says of figures.
    Nothing that reportgen has not made is touched.
    """
    former, new = _results(folder / RESULTS), _results(staged / RESULTS)
    if former.get("format") != FORMAT:
        return
    if _numbers(former) == _numbers(new):
        if "figures" in former and "figures" not in new:
            text = json.dumps(new | {"figures": former["figures"]}, indent=1, ensure_ascii=False)
            disk.replace_file(staged / RESULTS, (text + "\n").encode())
        return
    replaced = {path.name for path in staged.iterdir()}
    stale = [path for path in _made(folder, former) if path.relative_to(folder).parts[0] not in replaced]
    for path in stale:
        disk.remove(path)
    for inside in {path.parent for path in stale} - {folder}:
        with contextlib.suppress(OSError):  # it holds what somebody else put there
            inside.rmdir()


def made_here(page: Path) -> bool:
    """Return whether reportgen made a page, by what the page says of itself; one that is not there was not."""
    return GENERATOR in _content(page)


def _results(path: Path) -> dict[str, Any]:
    """Return what results.json holds; nothing where there is none that can be read."""
    try:
        values = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}


def _numbers(results: Mapping[str, Any]) -> dict[str, Any]:
    """Return the results without what depends on how the report was asked for."""
    provenance = results.get("provenance")
    kept = {key: value for key, value in results.items() if key not in ("figures", "provenance")}
    return kept | {"provenance": {**provenance, "command": "", "source": ""} if isinstance(provenance, dict) else None}


def _made(folder: Path, former: Mapping[str, Any]) -> Iterator[Path]:
    """Yield the files that the former report may have written beside its results."""
    if made_here(folder / PAGE):
        yield folder / PAGE
    for name in _named([former.get("study")]):
        if _is_ours(_content(folder / f"{name}.pdf")):
            yield folder / f"{name}.pdf"
    for name, begins in beginnings(_texts(former.get("study"))).items():
        if _content(folder / "embed" / name).startswith(_bytes(begins)):
            yield folder / "embed" / name
    for name, figure in _named(former.get("figures")).items():
        # The four files of a figure are written together, and the SVG carries the words of its former results.
        words = figure.get("alt")
        if isinstance(words, str) and words and _bytes(escape(words)) in _content(folder / "figures" / f"{name}.svg"):
            yield from (folder / "figures" / f"{name}.{ending}" for ending in ("svg", "pdf", "png", "csv"))


def _named(parts: Any) -> dict[str, Mapping[str, Any]]:
    """Return parts of the results by ids that are names of files: a damaged file may hold anything."""
    found = [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
    return {part["id"]: part for part in found if isinstance(part.get("id"), str) and NAME.fullmatch(part["id"])}


def _texts(study: Any) -> dict[str, str]:
    """Return what the results say of the study, as far as it is text."""
    return {key: text for key, text in study.items() if isinstance(text, str)} if isinstance(study, dict) else {}


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (OSError, ValueError):  # no file, or a name that no file can have
        return b""


def _bytes(text: str) -> bytes:
    return text.encode(errors="replace")


def _is_ours(pdf: bytes) -> bool:
    """Tell whether reportgen made a PDF, by the description of its attachments in one of its compressed streams."""
    for start in re.finditer(rb"stream\r?\n", pdf):
        with contextlib.suppress(zlib.error):
            if PRODUCED in zlib.decompressobj().decompress(pdf[start.end() :], 1_000_000):
                return True
    return False
