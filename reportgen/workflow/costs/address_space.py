"""The limit of the address space of this process, which `ulimit -v` sets."""

from __future__ import annotations

import sys
from pathlib import Path

from reportgen.errors import MissingError

LEAST_BYTES = 2**26
"""Address space that the libraries of a run need in addition. With less, OpenBLAS waits for memory without an end."""


def refuse_small_limit() -> None:
    """Raise MissingError ("out-of-memory") if a limit leaves too little address space; checks only on Linux."""
    left = free_address_space()
    if left is not None and left < LEAST_BYTES:
        message = f"a limit leaves {left / 2**20:.0f} MiB of address space, too little to train"
        raise MissingError("out-of-memory", message, hint="raise the limit that `ulimit -v` shows")


def free_address_space() -> int | None:
    """Return the bytes of address space that a limit leaves to this process; None if there is no limit."""
    if sys.platform != "linux":
        return None
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return None
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    return limit - pages * resource.getpagesize()
