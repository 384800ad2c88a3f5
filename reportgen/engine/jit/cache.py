"""The folder of compiled kernels, named by the hash of the engine's sources and accessible to its owner only."""

from __future__ import annotations

import atexit
import functools
import os
import platform
import shutil
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

from reportgen import disk
from reportgen.errors import MissingError
from reportgen.shipped import loaded_sources, sources_hash

ENGINE = Path(__file__).resolve().parents[1]


def loaded_engine() -> str:
    """Return the hash of the engine's source code that this process has loaded."""
    return loaded_sources()[ENGINE.name]


@functools.cache
def is_engine_known() -> bool:
    """Return whether the engine's files, at the first call, are still those that this process began to load.

    The modules are loaded by then: later changes do not matter, while earlier ones may have mixed two versions.
    """
    return sources_hash(ENGINE) == loaded_engine()


def user_cache() -> Path:
    """Return the folder of a user's caches on this system."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", disk.home_folder() / "AppData" / "Local"))
    if sys.platform == "darwin":
        return disk.home_folder() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or disk.home_folder() / ".cache")


def use_cache_folder() -> None:
    """Set Numba's cache folder, unless the environment variable NUMBA_CACHE_DIR is set.

    Only the owner has access, since the folder contains executable code. A folder with kernels may be one that can only
    be read. If there are none, a temporary folder is used, with a warning, since every start then compiles them.
    """
    config = _numba_config()
    if os.environ.get("NUMBA_CACHE_DIR"):
        return
    name = f"kernels-{loaded_engine()}-{platform.machine()}-py{sys.version_info.major}{sys.version_info.minor}"
    folder = user_cache() / "reportgen" / name
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _check_writable(folder)
    except OSError as error:
        if not _has_kernels(folder):
            folder = disk.temporary_name(Path(tempfile.gettempdir(), "kernels"))
            folder.mkdir(mode=0o700)
            disk.remove_abandoned(folder.parent)  # of processes that were killed
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
            warnings.warn(
                f"the kernel cache cannot be written ({error}); kernels are compiled again at every start", stacklevel=3
            )
    config.CACHE_DIR = str(folder)


def _numba_config() -> Any:
    """Return the configuration of Numba, which is imported here first.

    Raises MissingError ("missing-library") if it cannot be loaded: a variable such as NUMBA_NUM_THREADS may have an
    impossible value, or the memory of the process may be limited.
    """
    try:
        from numba import config
    except Exception as error:
        message = f"Numba cannot be loaded: {str(error) or type(error).__name__}"
        hint = "check the environment variables NUMBA_..., the limit `ulimit -v`, and the installation of Numba"
        raise MissingError("missing-library", message, hint=hint) from error
    return config


def _has_kernels(folder: Path) -> bool:
    try:
        return any(folder.rglob("*.nbc"))
    except OSError:
        return False


def _check_writable(folder: Path) -> None:
    with tempfile.TemporaryFile(dir=folder):
        pass
