"""Provenance of a run: the machine, the versions of the software, and the time."""

from __future__ import annotations

import functools
import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import numba
import numpy as np

from reportgen.plugins.loading import plugins
from reportgen.runs.record import RunRecord
from reportgen.shipped import package_version


def machine(workers: int, started: datetime) -> dict[str, Any]:
    """Return the provenance of a run that ends now: versions, platform, workers, and start and end in UTC."""
    finished = datetime.now(UTC)
    return {**versions(), "workers": workers, "started": _text(started), "finished": _text(finished)}


def summarize(records: Iterable[RunRecord], command: str) -> dict[str, Any]:
    """Return the provenance of a report: machine and versions of the last run, and the time span of all runs."""
    records = list(records)
    known = sorted((record.provenance for record in records if record.provenance), key=lambda entry: entry["finished"])
    last = known[-1] if known else {}
    return {
        **{name: last.get(name) for name in versions()},
        "command": command,
        "started": min((entry["started"] for entry in known), default=None),
        "finished": last.get("finished"),
        "workers": last.get("workers"),
        "train_seconds": sum(record.train_seconds for record in records),
        **({"plugins": loaded} if (loaded := plugins_used()) else {}),
    }


def plugins_used() -> list[dict[str, str]]:
    """Return name, version (of a package) and SHA-256 of the source code of each loaded plug-in."""
    return [{"name": plugin.name, "version": plugin.version, "sha256": plugin.sha256} for plugin in plugins()]


@functools.cache
def versions() -> dict[str, str]:
    """Return the loaded versions of reportgen, Python, NumPy and Numba, and the platform's name."""
    return {
        "reportgen": package_version("reportgen"),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "numba": numba.__version__,
        "platform": platform.platform(),
    }


def _text(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
