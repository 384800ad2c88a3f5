"""Names for the runs that a study of ours stored: its variants', where the study's results lie beside them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from reportgen.paths import RESULTS


def variant_names(runs: Iterable[tuple[Path, str]]) -> dict[str, str]:
    """Return a name for each settings text of stored runs, given as pairs of a run's file and that text.

    It is the label of the study's variant; labels are joined where equal settings make several. What no results
    beside the runs know, such as the trial of a remedy, is numbered in its order.
    """
    pairs, known = list(runs), _Known()
    names: dict[str, str] = {}
    for path, text in pairs:
        if text not in names and (label := known.label(path)):
            names[text] = label
    for place, text in enumerate(dict.fromkeys(text for _, text in pairs)):
        names.setdefault(text, f"variant {place + 1}")
    return names


class _Known:
    """The labels of variants by the keys of their runs, from each results file that is asked for, read once."""

    def __init__(self) -> None:
        self._read: dict[Path, dict[str, str]] = {}

    def label(self, run: Path) -> str:
        """Return the label of a stored run's variant, empty where it is not known."""
        results = run.parent.parent.parent / RESULTS
        if results not in self._read:
            self._read[results] = _labels(results)
        return self._read[results].get(run.parent.name, "")


def _labels(path: Path) -> dict[str, str]:
    """Return variants' labels by the keys of runs; nothing from a file that is not there or not as it was written."""
    try:
        results: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        labels = {one["id"]: str(one["label"]) for one in results["variants"]}
        shared: dict[str, list[str]] = {}
        for run in results["runs"]:
            shared.setdefault(run["key"], []).append(labels[run["variant"]])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    return {key: ", ".join(dict.fromkeys(found)) for key, found in shared.items()}
