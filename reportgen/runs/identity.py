"""The identity of a program that trains: what must be equal for two machines to give the same runs.

The key of a run names the engine and the data. A worker on another machine proves that it has this engine.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from dataclasses import asdict, dataclass

import numba
import numpy as np

from reportgen.engine.spec import ENGINE_VERSION
from reportgen.engine.tables.activation import special
from reportgen.errors import MissingError
from reportgen.shipped import TRAINING, loaded_sources, package_version, training_sources

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


def identity() -> Identity:
    """Return the identity of the source code that this process has loaded, whatever is on the disk since then.

    Raises MissingError ("worker-differs") if the files changed while they were loaded.
    """
    found = _identity()
    if found is None:
        message = "the source code of reportgen changed while it was loaded, so that its runs are not stored"
        raise MissingError("worker-differs", message, hint="start it again, and every worker")
    return found


@functools.cache
def _identity() -> Identity | None:
    """Load all source code that trains, and return its identity; None if two versions of it may be mixed."""
    for folder in TRAINING:
        package = importlib.import_module(f"reportgen.{folder}")
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    special()  # is imported late; where memory is limited, its first import in a thread may hang
    if training_sources() != loaded_sources():
        return None
    sources = "-".join(loaded_sources().values())
    return Identity(ENGINE_VERSION, sources, package_version("reportgen"), np.__version__, numba.__version__)


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
