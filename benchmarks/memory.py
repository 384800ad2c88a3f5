"""Peak memory of a process."""

from __future__ import annotations

import sys


def peak_bytes(children: bool = False) -> int:
    """Return the peak resident size of this process, or of the largest child that has ended; 0 on Windows."""
    if sys.platform == "win32":
        return 0
    import resource

    usage = resource.getrusage(resource.RUSAGE_CHILDREN if children else resource.RUSAGE_SELF)
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
