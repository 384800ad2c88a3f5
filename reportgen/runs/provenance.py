"""On what machine and with which versions a run was trained, and when."""

from __future__ import annotations

import functools
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any


def machine(workers: int, started: datetime) -> dict[str, Any]:
    """Return the provenance of a run that ends now: versions, platform, workers, and both times in UTC."""
    finished = datetime.now(UTC)
    return {**versions(), "workers": workers, "started": _text(started), "finished": _text(finished)}


@functools.cache
def versions() -> dict[str, str]:
    """Return the versions of reportgen, Python, NumPy and Numba, and the platform's name."""
    return {
        "reportgen": package_version("reportgen"),
        "python": platform.python_version(),
        "numpy": package_version("numpy"),
        "numba": package_version("numba"),
        "platform": platform.platform(),
    }


def package_version(name: str) -> str:
    """Return the version of an installed package, "unknown" where it has none."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "unknown"


def _text(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
