"""Output of `reportgen verify`: lines of text, and values for `--json`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from reportgen.audit.verify import Verification
from reportgen.cli.output.reports import Line, several


def verification_lines(result: Verification) -> Iterator[Line]:
    """Yield whether a report agrees with its records, and a line for each difference."""
    runs = several(result.runs, "run")
    if not result.differences:
        yield "green", f"{result.folder}: agrees with the records of its {runs}"
        return
    yield "red", f"{result.folder}: {several(len(result.differences), 'difference')} from the records of its {runs}"
    yield from (("", f"  {difference.text}") for difference in result.differences)


def verification_values(result: Verification) -> dict[str, Any]:
    """Return the values of `verify --json` for a report."""
    return {
        "report": str(result.folder),
        "study": result.study,
        "agrees": not result.differences,
        "runs": result.runs,
        "differences": [asdict(difference) for difference in result.differences],
    }
