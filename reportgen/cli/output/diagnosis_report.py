"""The written report of a diagnosis in the terminal: its path, and its values for `--json`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportgen.external.logs.options import COLUMN_OPTIONS, LogOptions
from reportgen.languages.translate import ENGLISH
from reportgen.paths import DIAGNOSIS, PAGE
from reportgen.workflow.command_line import shell_command

if TYPE_CHECKING:
    from reportgen.cli.output.reports import Line
    from reportgen.report.publish.publisher import Published


def command_of(paths: Sequence[Path], options: LogOptions, strict: bool, language: str) -> str:
    """Return the command that reproduces a diagnosis and its exit code; the folder and the formats are left out."""
    words: list[object] = ["reportgen", "diagnose", *paths]
    words += [] if options.format is None else ["--as", options.format]
    words += [word for role, column in options.columns.items() for word in (COLUMN_OPTIONS[role], column)]
    words += [] if options.step is None else ["--step", options.step]
    words += [] if options.epoch is None else ["--epoch", options.epoch]
    words += [] if options.task is None else ["--task", options.task]
    words += [] if options.classes is None else ["--classes", options.classes]
    words += [] if language == ENGLISH else ["--lang", language]
    flags = {"--together": options.together, "--strict": strict}
    return shell_command(*words, *(flag for flag, used in flags.items() if used))


def main_file(published: Published) -> Path:
    """Return the path of the page, else the PDF, else diagnosis.json."""
    pdfs = [path for path in published.paths if path.suffix == ".pdf"]
    pages = [path for path in published.paths if path.name == PAGE]
    return next(iter((*pages, *pdfs)), published.folder / DIAGNOSIS)


def written_lines(published: Published) -> Iterator[Line]:
    """Yield the lines that state where the report is."""
    yield "", ""
    yield "", f"report: {main_file(published)}"


def written_values(published: Published) -> dict[str, Any]:
    """Return the values that `--json` adds for a written report."""
    missing = None if published.missing is None else published.missing.values
    return {"report": {"folder": str(published.folder), "file": str(main_file(published)), "missing": missing}}
