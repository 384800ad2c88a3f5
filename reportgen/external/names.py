"""Names of the variants of stored runs, taken from the results.json of their study if it exists."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from reportgen.paths import RESULTS


def variant_names(runs: Iterable[tuple[Path, str]]) -> dict[str, str]:
    """Return a name for each distinct settings text of stored runs.

    runs: pairs of the file of a run and the text of its settings. The name is the label of the study's variant;
    variants with equal settings have joined labels. Runs that no results.json contains, such as the trials of remedies,
    get numbers.
    """
    pairs, labels = list(runs), _Labels()
    names: dict[str, str] = {}
    for path, text in pairs:
        if text not in names and (label := labels.of(path)):
            names[text] = label
    for number, text in enumerate(dict.fromkeys(text for _, text in pairs), 1):
        names.setdefault(text, f"variant {number}")
    return names


class _Labels:
    """Labels of variants by the keys of their runs; each results.json is read once."""

    def __init__(self) -> None:
        self._read: dict[Path, dict[str, str]] = {}

    def of(self, run: Path) -> str:
        """Return the label of the variant of a stored run, empty if unknown."""
        results = run.parent.parent.parent / RESULTS
        if results not in self._read:
            self._read[results] = _labels(results)
        return self._read[results].get(run.parent.name, "")


def _labels(path: Path) -> dict[str, str]:
    """Return the labels of variants by the keys of runs; empty for a missing or invalid file."""
    try:
        results: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        labels = {variant["id"]: str(variant["label"]) for variant in results["variants"]}
        by_key: dict[str, list[str]] = {}
        for run in results["runs"]:
            by_key.setdefault(run["key"], []).append(labels[run["variant"]])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    return {key: ", ".join(dict.fromkeys(names)) for key, names in by_key.items()}
