"""A cluster of processes on this machine."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from reportgen.errors import MissingError

if TYPE_CHECKING:
    from distributed import LocalCluster

NO_INTERRUPTS = """
import signal
for name in {"SIGINT", "SIGHUP"} & set(dir(signal)):
    signal.signal(getattr(signal, name), signal.SIG_IGN)
"""
"""Code for the workers on this machine: a terminal sends its signals to them too, but this process stops them."""


def start_cluster(workers: int) -> LocalCluster:
    """Return a new cluster of so many processes, each with one thread.

    Raises MissingError ("no-workers") if they cannot be started, for example because of a limit of open files.
    """
    from distributed import LocalCluster

    options = {"processes": True, "memory_limit": None, "dashboard_address": ":0", "preload": [NO_INTERRUPTS]}
    try:
        return LocalCluster(workers, threads_per_worker=1, silence_logs=logging.CRITICAL, **options)
    except Exception as error:  # Dask starts many things, each of which fails in its own way
        raise _no_processes(workers, error) from error


def _no_processes(workers: int, error: Exception) -> MissingError:
    """Return the error for a cluster on this machine that cannot start, with the first cause that has a text."""
    causes: list[BaseException] = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None and cause not in causes:
        causes.append(cause)
    reason = next(
        (str(cause).splitlines()[0] for cause in reversed(causes) if str(cause).strip()), type(error).__name__
    )
    message = f"the {workers} processes of a cluster on this machine cannot be started: {reason}"
    hint = "start fewer with -j, train without --dask, or raise the limits that `ulimit -a` shows"
    return MissingError("no-workers", message, hint=hint)
