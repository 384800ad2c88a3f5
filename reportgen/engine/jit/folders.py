"""The folders of compiled kernels, one for every version of the engine: their sizes, and removing those long unused."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reportgen import disk
from reportgen.engine.jit.cache import user_cache

STALE_DAYS = 30


@dataclass(frozen=True)
class Kernels:
    """A folder of compiled kernels: its size in bytes and how many days ago somebody read or wrote in it."""

    folder: Path
    size: int
    idle_days: float

    @property
    def stale(self) -> bool:
        """Whether nobody seems to need it any more; who does compiles anew, for half a minute."""
        return self.idle_days > STALE_DAYS


def are_compiled() -> bool:
    """Return whether some process has compiled kernels for this machine, as far as their folder tells."""
    from numba import config  # takes a while to load

    return bool(config.DISABLE_JIT) or any(Path(config.CACHE_DIR).rglob("*.nbc"))


def other_kernels(current: Path | None, within: Path | None = None) -> list[Kernels]:
    """Return the kernels of other versions of the engine than the one in `current`, by name.

    within: the folder of all of them, reportgen's in the user's cache where none is given.
    """
    root = user_cache() / "reportgen" if within is None else within
    folders = (path for path in sorted(root.glob("kernels-*")) if path.is_dir() and not path.is_symlink())
    return [_measured(path) for path in folders if current is None or path.resolve() != current.resolve()]


def size_of(folder: Path) -> int:
    """Return how many bytes the files in a folder have."""
    return _measured(folder).size


def remove_stale(found: Sequence[Kernels]) -> list[Kernels]:
    """Remove those of the folders that are stale, and return them.

    A folder first gets another name, so that no process finds half of it. One that still runs on its kernels has them
    in memory, and Numba makes the folder again for what it compiles further.
    """
    return [one for one in found if one.stale and _removed(one.folder)]


def _removed(folder: Path) -> bool:
    disk.remove_abandoned(folder.parent)
    with contextlib.suppress(OSError), disk.temporary_path(folder) as renamed:
        os.rename(folder, renamed)
        return True
    return False  # another process holds it, or has just removed it


def _measured(folder: Path) -> Kernels:
    """Return a folder's size and age. Only files tell when it was used: to list a folder counts as reading it."""
    files = []
    with contextlib.suppress(OSError):  # another process removes the folder meanwhile
        for path in folder.rglob("*"):
            with contextlib.suppress(OSError):  # Numba writes and renames files
                files += [path.stat()] if path.is_file() else []
    used = max((max(one.st_mtime, one.st_atime) for one in files), default=_changed(folder))
    return Kernels(folder, sum(one.st_size for one in files), (time.time() - used) / 86_400)


def _changed(folder: Path) -> float:
    """Return when something was last made or removed in a folder; now for one that is not there."""
    with contextlib.suppress(OSError):
        return folder.stat().st_mtime
    return time.time()
