"""The identity of a program that trains: what must be equal for two machines to give the same runs.

The key of a run names the engine and the data. A worker on another machine proves that it has this engine.
"""

from __future__ import annotations

import functools
from dataclasses import asdict, dataclass
from pathlib import Path

from reportgen.engine.jit.cache import sources_hash
from reportgen.engine.spec import ENGINE_VERSION
from reportgen.errors import MissingError
from reportgen.shipped import package_version

PACKAGE = Path(__file__).resolve().parents[1]
TRAINING = ("data", "engine", "runs")
"""The folders of the package whose source code determines the values of a run and its record."""

UNREADABLE = (ImportError, AttributeError, TypeError)
"""Exceptions of a worker that cannot read a task, because it has no reportgen or another version."""

SAME = "install the same versions of reportgen, NumPy and Numba on every worker"
WORDS = {"engine": "engine version", "reportgen": "reportgen", "numpy": "NumPy", "numba": "Numba"}


@dataclass(frozen=True)
class Identity:
    """Engine version, hash of the source code that trains, and versions of reportgen, NumPy and Numba."""

    engine: int
    sources: str
    reportgen: str
    numpy: str
    numba: str


@functools.cache
def identity() -> Identity:
    """Return the identity of this process."""
    sources = "-".join(sources_hash(PACKAGE / folder) for folder in TRAINING)
    versions = {name: package_version(name) for name in ("reportgen", "numpy", "numba")}
    return Identity(ENGINE_VERSION, sources, **versions)


def refuse_other_identity(worker: object, expected: Identity | None = None) -> None:
    """Raise MissingError ("worker-differs") unless a worker has the expected identity, by default that of this process.

    worker : the identity that the worker returned; a worker of an earlier version returns none.
    """
    own = expected or identity()
    if worker == own:
        return
    if not isinstance(worker, Identity):
        raise unknown_identity()
    theirs = asdict(worker)
    differing = [
        f"{WORDS[name]} {theirs[name]} instead of {value}" if name != "sources" else "other source code"
        for name, value in asdict(own).items()
        if theirs[name] != value
    ]
    raise MissingError("worker-differs", f"a worker has {', '.join(differing)}; its runs are not stored", hint=SAME)


def check_identity(result: object) -> None:
    """Raise MissingError ("worker-differs") unless the result of a task is the identity of this process.

    result : what the task returned or raised; None if its worker has ended.
    """
    if isinstance(result, UNREADABLE):
        raise unknown_identity() from result
    if isinstance(result, Exception):
        raise result
    if result is not None:
        refuse_other_identity(result)


def unknown_identity() -> MissingError:
    """Return the error for a worker that cannot prove its identity, such as one without reportgen."""
    message = "a worker does not say which engine it trains with, so that its runs cannot be stored"
    return MissingError("worker-differs", message, hint=SAME)
