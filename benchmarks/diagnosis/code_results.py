"""Stored results of the planted faults in training loops, as a section of the docs page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).with_name("code_faults.json")
"""Written by `python -m benchmarks.diagnosis.code_faults`: rule, whether it is planted, and alarms of each loop."""

HEAD = """## Faults in the code of training loops

Loops in PyTorch on digits, each with one planted fault, and healthy loops that look like one; three seeds each,
recorded by `Recorder.watch`. A fault is named if its rule raises an alarm that is no consequence of another one.
*False*: healthy loops with an alarm of one of these rules; *other*: with an alarm of another rule. Measured by
`python -m benchmarks.diagnosis.code_faults`, a module that contains the loops. The rules were written with these kinds
of faults in mind, so that the table shows that they work, and not how they generalize; one false alarm, about targets
of -1 and 1, was mended after the first run.
"""


def section() -> Iterator[str]:
    """Yield the lines of the section."""
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    yield HEAD
    yield "| rule | faults named | false | other |"
    yield "|---|---|---|---|"
    rules = sorted({one["rule"] for one in results.values()})
    for rule in rules:
        own = [one for one in results.values() if one["rule"] == rule]
        yield f"| `{rule}` | {_named(own)} | {_false(own, rules)} |"
    yield f"| all | {_named(list(results.values()))} | {_false(list(results.values()), rules)} |"
    yield ""


def _named(results: list[Any]) -> str:
    faults = [one for one in results if one["faulty"]]
    return f"{sum(one['rule'] in one['alarms'] for one in faults)} of {len(faults)}"


def _false(results: list[Any], rules: list[str]) -> str:
    """Return the healthy loops with an alarm of these rules, and those with an alarm of another rule."""
    healthy = [set(one["alarms"]) for one in results if not one["faulty"]]
    own, other = (sum(bool(alarms) for alarms in found) for found in _split(healthy, set(rules)))
    return f"{own} of {len(healthy)} | {other} of {len(healthy)}"


def _split(alarms: list[set[str]], rules: set[str]) -> tuple[list[set[str]], list[set[str]]]:
    return [found & rules for found in alarms], [found - rules for found in alarms]
