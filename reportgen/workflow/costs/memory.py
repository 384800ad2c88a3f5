"""Memory that this process may use: that of the machine, or of its container or job, whichever is less."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

CGROUPS = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")
LIMITS = {"": "memory.max", "memory": "memory.limit_in_bytes"}
"""Files with the limit of a group, by the controller in `OWN`: version 2 of Linux control groups, and version 1."""

UNLIMITED = 2**60
"""A larger limit is none; version 1 writes the largest number of pages."""


def machine_bytes() -> int | None:
    """Return the memory in bytes that this process may use, None if unknown."""
    try:
        machine: int | None = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        machine = None
    limit = min(_limits(), default=UNLIMITED)
    return machine if limit >= UNLIMITED else min(limit, machine or limit)


def _limits() -> Iterator[int]:
    """Yield the limits of the control groups of this process and of the groups around them."""
    try:
        lines = OWN.read_text("utf-8", "replace").splitlines()
    except OSError:  # another system
        return
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, group = rest.partition(":")
        for controller in set(controllers.split(",")) & LIMITS.keys():
            path = PurePosixPath(group.lstrip("/"))
            for parent in (path, *path.parents):  # a container sees its own group as the root
                try:
                    text = (CGROUPS / controller / parent / LIMITS[controller]).read_text("ascii").strip()
                except (OSError, ValueError):
                    continue
                if text.isdecimal():
                    yield int(text)
