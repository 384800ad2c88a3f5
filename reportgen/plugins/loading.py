"""Loads plug-ins and registers their rows.

A plug-in is a Python module, or a single file, with a list `ROWS`. Installed packages declare their plug-ins as entry
points of the group `reportgen.plugins`; their rows are available to every study. A study names files under `plugins`;
their rows are available to this study only.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.metadata
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from reportgen import disk
from reportgen.errors import PluginError, ReportgenError
from reportgen.registry import Entry, Plugin, register, unregister

GROUP = "reportgen.plugins"

_INSTALLED: dict[str, Plugin] = {}
_FILES: dict[Plugin, tuple[Entry, ...]] = {}
"""The rows of every version of a file that was loaded, so that its kernels are compiled once in a process."""

_ACTIVE: list[Plugin] = []
"""The files whose rows are registered: those of one study at a time."""

_LOADING = threading.RLock()


def plugins() -> tuple[Plugin, ...]:
    """Return the plug-ins whose rows are registered: the installed ones and the files of the current study."""
    return (*_INSTALLED.values(), *_ACTIVE)


def load_installed() -> None:
    """Load the plug-ins of installed packages, once in a process.

    Raises
    ------
    PluginError
        If a plug-in cannot be loaded.
    """
    with _LOADING:
        for entry in _entry_points(tuple(sys.path)):
            version = f"{entry.dist.name} {entry.dist.version}" if entry.dist else ""
            key = f"{entry.name} {version}"
            if key not in _INSTALLED:
                with _plugin_errors(entry.name, version or key):
                    rows = _rows(entry.load())
                    plugin = Plugin(entry.name, version, _sha256(*_sources(entry.module)))
                    register(*rows, plugin=plugin)
                _INSTALLED[key] = plugin


@functools.cache
def _entry_points(path: tuple[str, ...]) -> tuple[importlib.metadata.EntryPoint, ...]:
    """Return the entry points of the packages on this `sys.path`, each of whose files would be read at every call."""
    return tuple(importlib.metadata.entry_points(group=GROUP))


def load_file(path: Path) -> Plugin:
    """Load the plug-in in a Python file, and register its rows for the current study.

    A file is executed again only if it has changed.

    Raises
    ------
    PluginError
        If the file cannot be read or loaded, or if one of its names is taken.
    """
    path = path.resolve()
    try:
        source = disk.read_regular(path)
    except OSError as error:
        raise PluginError(
            "plugin-failed", f"the plug-in cannot be read: {error.strerror or error}", str(path)
        ) from error
    plugin = Plugin(path.name, "", _sha256(source), str(path))
    with _LOADING:
        if plugin not in _FILES:
            with _plugin_errors(plugin.name, plugin.path):
                _FILES[plugin] = _rows(_execute(plugin, source))
        _activate(plugin)
    return plugin


def use_files(files: Iterable[Plugin]) -> None:
    """Make a study the current one: register the rows of its files, and remove the rows of all other files.

    Parameters
    ----------
    files : the results of `load_file` for the study's files.
    """
    files = list(files)
    with _LOADING:
        if files != _ACTIVE:
            while _ACTIVE:
                unregister(*_FILES[_ACTIVE.pop()])
            for plugin in files:
                _activate(plugin)


def _activate(plugin: Plugin) -> None:
    if plugin not in _ACTIVE:
        with _plugin_errors(plugin.name, plugin.path):
            register(*_FILES[plugin], plugin=plugin)
        _ACTIVE.append(plugin)


def require(needed: Iterable[Plugin]) -> None:
    """Raise a PluginError if this process does not have these plug-ins with the same source code."""
    load_installed()
    available = {(plugin.name, plugin.sha256) for plugin in plugins()}
    missing = sorted({plugin.name for plugin in needed if (plugin.name, plugin.sha256) not in available})
    if missing:
        message = f"a worker does not have the plug-in {', '.join(missing)}, or has another version of it"
        hint = "install it as a package, the same version on every worker"
        raise PluginError("plugin-not-on-worker", message, hint=hint)


@contextlib.contextmanager
def _plugin_errors(name: str, where: str) -> Iterator[None]:
    """Raise every exception of a plug-in's code as one PluginError that names the plug-in."""
    try:
        yield
    except ReportgenError as error:
        raise PluginError(error.code, f"plug-in {name!r}: {error.message}", where, error.hint) from error
    except (Exception, SystemExit) as error:
        message = f"cannot load the plug-in {name!r}: {type(error).__name__}: {error}"
        raise PluginError("plugin-failed", message, where) from error


def _rows(loaded: Any) -> tuple[Entry, ...]:
    """Return the rows of a loaded plug-in, which is a module with a list `ROWS`, or such a list."""
    rows = getattr(loaded, "ROWS", loaded)
    if not isinstance(rows, (list, tuple)):
        raise ReportgenError("plugin-failed", "the list ROWS is missing", hint="list the rows to add")
    return tuple(rows)


def _execute(plugin: Plugin, source: bytes) -> ModuleType:
    """Return the module of a file, compiled from `source` so that Python uses no older compiled file."""
    identity = _sha256(plugin.path.encode(), source)[:8]
    module = ModuleType(f"reportgen_plugin_{Path(plugin.path).stem}_{identity}")
    module.__file__ = plugin.path
    sys.modules[module.__name__] = module  # dataclasses and `describe` look the module up by its name
    exec(compile(source, plugin.path, "exec"), module.__dict__)
    return module


def _sources(module: str) -> list[bytes]:
    """Return the source files of an installed plug-in: those of its package, or its single module."""
    top = sys.modules[module.partition(".")[0]]
    files = [file for folder in getattr(top, "__path__", ()) for file in sorted(Path(folder).rglob("*.py"))]
    return [file.read_bytes() for file in files or [Path(str(top.__file__))]]


def _sha256(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(parts)).hexdigest()
