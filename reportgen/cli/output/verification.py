"""Output of `reportgen verify`: lines of text, and values for `--json`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from reportgen.audit.verify import Verification
from reportgen.cli.output.reports import Line, several


def verification_lines(found: Verification) -> Iterator[Line]:
    """Yield whether a report agrees with its records, and a line for each difference."""
    runs = several(found.runs, "run")
    if not found.differences:
        yield "green", f"{found.folder}: agrees with the records of its {runs}"
        return
    yield "red", f"{found.folder}: {several(len(found.differences), 'difference')} from the records of its {runs}"
    yield from (("", f"  {one.text}") for one in found.differences)


def verification_values(found: Verification) -> dict[str, Any]:
    """Return the values of `verify --json` for a report."""
    return {
        "report": str(found.folder),
        "study": found.study,
        "agrees": not found.differences,
        "runs": found.runs,
        "differences": [asdict(one) for one in found.differences],
    }
