"""The folder of compiled kernels: private, and named by the hash of the engine's sources."""

from __future__ import annotations

import hashlib
import os
import platform
import sys
import tempfile
import warnings
from pathlib import Path

ENGINE = Path(__file__).resolve().parents[1]


def sources_hash(folder: Path = ENGINE) -> str:
    """Return 16 hex digits over the Python files of a folder and its subfolders, by path and content."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def user_cache() -> Path:
    """Return the folder in which this system keeps a user's caches."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def use_cache_folder() -> None:
    """Point Numba at the kernels' folder; an author's own NUMBA_CACHE_DIR is left alone.

    The folder holds executable code, so only its owner may enter it. Where it cannot be written, kernels are
    compiled into a temporary folder instead, with a warning, since every start then compiles anew.
    """
    if os.environ.get("NUMBA_CACHE_DIR"):
        return
    from numba import config

    name = f"kernels-{sources_hash()}-{platform.machine()}-py{sys.version_info.major}{sys.version_info.minor}"
    folder = user_cache() / "reportgen" / name
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _check_writable(folder)
    except OSError as error:
        folder = Path(tempfile.mkdtemp(prefix="reportgen-kernels-"))
        warnings.warn(f"the kernel cache cannot be written ({error}); kernels are compiled anew", stacklevel=3)
    config.CACHE_DIR = str(folder)


def _check_writable(folder: Path) -> None:
    with tempfile.TemporaryFile(dir=folder):
        pass
