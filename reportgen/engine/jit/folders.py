"""The folders of compiled kernels, one for each version of the engine: sizes, and removal of unused ones."""

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
    """A folder of compiled kernels, with its size in bytes and the days since its last use."""

    folder: Path
    size: int
    idle_days: float

    @property
    def stale(self) -> bool:
        """Whether the folder is unused for long; if it is needed again, compilation takes half a minute."""
        return self.idle_days > STALE_DAYS


def are_compiled(module: str = "") -> bool:
    """Return whether the cache contains compiled kernels, of one module of the engine if it is named."""
    from numba import config  # slow to import

    return bool(config.DISABLE_JIT) or any(Path(config.CACHE_DIR).rglob(f"{module}.*.nbc" if module else "*.nbc"))


def other_kernels(current: Path | None, within: Path | None = None) -> list[Kernels]:
    """Return the folders of kernels other than `current`, sorted by name.

    `within` is their parent folder, by default that of reportgen in the user's cache.
    """
    root = user_cache() / "reportgen" if within is None else within
    folders = (path for path in sorted(root.glob("kernels-*")) if path.is_dir() and not path.is_symlink())
    return [_measured(path) for path in folders if current is None or path.resolve() != current.resolve()]


def size_of(folder: Path) -> int:
    """Return the size of the files in a folder, in bytes."""
    return _measured(folder).size


def remove_stale(found: Sequence[Kernels]) -> list[Kernels]:
    """Remove the stale folders, and return them.

    A folder is renamed before it is removed, so that no process finds a part of it. A process that uses its kernels has
    them in memory, and Numba creates the folder again for further kernels.
    """
    return [one for one in found if one.stale and _removed(one.folder)]


def _removed(folder: Path) -> bool:
    disk.remove_abandoned(folder.parent)
    with contextlib.suppress(OSError), disk.temporary_path(folder) as renamed:
        os.rename(folder, renamed)
        return True
    return False  # another process uses it, or has just removed it


def _measured(folder: Path) -> Kernels:
    """Return size and age of a folder; the age is that of its files, since listing a folder counts as an access."""
    files = []
    with contextlib.suppress(OSError):  # another process may remove the folder
        for path in folder.rglob("*"):
            with contextlib.suppress(OSError):  # Numba writes and renames files
                files += [path.stat()] if path.is_file() else []
    used = max((max(one.st_mtime, one.st_atime) for one in files), default=_changed(folder))
    return Kernels(folder, sum(one.st_size for one in files), (time.time() - used) / 86_400)


def _changed(folder: Path) -> float:
    """Return the time of the last change of a folder's entries, or the current time if it does not exist."""
    with contextlib.suppress(OSError):
        return folder.stat().st_mtime
    return time.time()
