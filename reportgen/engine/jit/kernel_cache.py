"""Cache of compiled kernels that is never trusted: entries have a digest, and no error of the cache ends a run.

Numba unpickles and runs whatever is in its cache. A damaged entry is dropped, and its kernel is compiled again;
if the cache cannot be written, kernels are compiled in memory.
"""

from __future__ import annotations

import contextlib
import hashlib
import pickle
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba.core.caching import (
    CompileResultCacheImpl,
    FunctionCache,
    IndexDataCacheFile,
    UserProvidedCacheLocator,
)

from reportgen import disk
from reportgen.engine.jit.cache import is_engine_known, loaded_engine

SEAL = 32
"""Bytes of the SHA-256 before the content of each file."""

MOST_BYTES = 2**26
"""Largest size of a file; those of the shipped kernels have less than half a megabyte."""

_said = threading.Event()


class KernelCacheWarning(UserWarning):
    """The cache of compiled kernels is damaged or cannot be written."""


class _Locator(UserProvidedCacheLocator):  # type: ignore[misc]
    """The folder of the kernels, whether it can be written or not; Numba would take another one."""

    @classmethod
    def from_function(cls, py_func: Callable[..., Any], py_file: str) -> _Locator:
        return cls(py_func, py_file)


class _Implementation(CompileResultCacheImpl):  # type: ignore[misc]
    _locator_classes = (_Locator,)


class _SealedFile(IndexDataCacheFile):  # type: ignore[misc]
    """Index and data files that begin with a digest of their name and the rest.

    A data file also names its kernel, so that it never counts as another kernel.
    """

    def save(self, key: Any, data: Any) -> None:
        super().save(key, (*self._owner(key), data))

    def load(self, key: Any) -> Any:
        """Return the kernel of a key, or None; raises ValueError if its file contains another one."""
        found = super().load(key)
        if found is None:
            return None
        *owner, data = found
        if owner != self._owner(key):
            raise ValueError("a file contains another kernel")
        return data

    def _owner(self, key: Any) -> list[Any]:
        """Return what identifies a kernel: the key contains types and instructions, but neither name nor constants."""
        return [self._index_name, self._source_stamp, key]

    def _load_index(self) -> dict[Any, str]:
        try:
            version, stamp, overloads = _unsealed(Path(self._index_path))
        except FileNotFoundError:
            return {}
        return overloads if (version, stamp) == (self._version, self._source_stamp) else {}

    def _save_index(self, overloads: dict[Any, str]) -> None:
        self._write(Path(self._index_path), (self._version, self._source_stamp, overloads))

    def _load_data(self, name: str) -> Any:
        return _unsealed(Path(self._data_path(name)))

    def _save_data(self, name: str, data: Any) -> None:
        self._write(Path(self._data_path(name)), data)

    def _write(self, path: Path, value: Any) -> None:
        content: bytes = self._dump(value)
        with self._open_for_write(str(path)) as file:
            file.write(_digest(path, content) + content)


class KernelCache(FunctionCache):  # type: ignore[misc]
    """The cached variants of one kernel."""

    _impl_class = _Implementation

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        # A kernel contains kernels of other files, and a process keeps its code if the files of the engine change.
        stamp = (self._impl.locator.get_source_stamp(), loaded_engine())
        self._cache_file = _SealedFile(self._cache_path, self._impl.filename_base, stamp)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the compiled kernel, or None if it must be compiled; drops damaged entries."""
        try:
            return super().load_overload(sig, target_context)
        except MemoryError:  # the entry is intact
            raise
        except Exception as error:  # unpickling damaged files, or Numba on their contents, raises errors of any type
            _say_once(f"compiled kernels in {self._cache_path} are damaged ({_reason(error)}); they are compiled again")
            with contextlib.suppress(OSError):
                self._cache_file.flush()
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Store a compiled kernel, if that is possible and if its source code is known."""
        if not is_engine_known():
            return
        try:
            super().save_overload(sig, data)
        except Exception as error:  # the kernel is in memory, so that the run needs no cache
            _say_once(
                f"the kernel cache cannot be written ({_reason(error)}); kernels are compiled again at every start"
            )


def damaged_files(folder: Path) -> tuple[list[Path], int]:
    """Return the damaged files of compiled kernels in a folder, and the number of all."""
    files = sorted([*folder.rglob("*.nbi"), *folder.rglob("*.nbc")])
    return [path for path in files if not _is_sealed(path)], len(files)


def _is_sealed(path: Path) -> bool:
    try:
        _content(path)
    except (OSError, ValueError):
        return False
    return True


def _content(path: Path) -> bytes:
    """Return the content of a file after its digest.

    Raises ValueError if the file has another digest or is too large, and OSError if it is a pipe or a device.
    """
    with disk.open_regular(path) as file:
        sealed = file.read(MOST_BYTES + 1)
    if len(sealed) > MOST_BYTES or _digest(path, sealed[SEAL:]) != sealed[:SEAL]:
        raise ValueError(f"{path.name} has changed")
    return sealed[SEAL:]


def _digest(path: Path, content: bytes) -> bytes:
    """Return the digest of a file, which includes its name: files that are exchanged count as damaged."""
    return hashlib.sha256(path.name.encode() + b"\0" + content).digest()


def _unsealed(path: Path) -> Any:
    return pickle.loads(_content(path))


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error or type(error).__name__)


def _say_once(text: str) -> None:
    if not _said.is_set():
        _said.set()
        warnings.warn(text, KernelCacheWarning, stacklevel=4)
