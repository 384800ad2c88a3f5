"""Loads plug-ins and registers their rows.

A plug-in is a Python module, or a single file, with a list `ROWS`. Installed packages announce their plug-ins as entry
points of the group `reportgen.plugins`; a study names files under `plugins`.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import sys
import threading
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from reportgen.errors import PluginError, ReportgenError
from reportgen.registry import Plugin, register

GROUP = "reportgen.plugins"

_PLUGINS: dict[str, Plugin] = {}
_LOADING = threading.RLock()


def plugins() -> tuple[Plugin, ...]:
    """Return the loaded plug-ins."""
    return tuple(_PLUGINS.values())


def load_installed() -> None:
    """Load the plug-ins of installed packages, once in a process.

    Raises
    ------
    PluginError : a plug-in that cannot be loaded.
    """
    with _LOADING:
        for entry in importlib.metadata.entry_points(group=GROUP):
            version = f"{entry.dist.name} {entry.dist.version}" if entry.dist else ""
            if f"{entry.name} {version}" not in _PLUGINS:
                _load(f"{entry.name} {version}", entry.name, version, entry.load, partial(_sources, entry.module))


def load_file(path: Path) -> None:
    """Load the plug-in in a Python file, once in a process.

    Raises
    ------
    PluginError : a file that cannot be read or loaded, or that has changed since it was loaded.
    """
    path = path.resolve()
    try:
        source = path.read_bytes()
    except OSError as error:
        raise PluginError(
            "plugin-failed", f"the plug-in cannot be read: {error.strerror or error}", str(path)
        ) from error
    with _LOADING:
        known = _PLUGINS.get(str(path))
        if known is None:
            _load(str(path), path.name, "", partial(_run, path, source), lambda: [source])
        elif known.sha256 != hashlib.sha256(source).hexdigest():
            raise PluginError("plugin-changed", "the plug-in has changed since it was loaded", str(path), "start again")


def require(needed: Iterable[Plugin]) -> None:
    """Raise a PluginError where this process does not have these plug-ins with the same source code."""
    load_installed()
    here = {(plugin.name, plugin.sha256) for plugin in plugins()}
    lacking = sorted({plugin.name for plugin in needed if (plugin.name, plugin.sha256) not in here})
    if lacking:
        what = f"a worker does not have the plug-in {', '.join(lacking)}, or another version of it"
        raise PluginError(
            "plugin-not-on-worker", what, hint="install it as a package, the same version on every worker"
        )


def _load(key: str, name: str, version: str, load: Callable[[], Any], sources: Callable[[], Iterable[bytes]]) -> None:
    """Load a plug-in and register its rows; whatever goes wrong in its code is one error with its name."""
    try:
        loaded = load()
        rows = getattr(loaded, "ROWS", loaded)
        if not isinstance(rows, (list, tuple)):
            raise TypeError("it has no list ROWS")
        plugin = Plugin(name, version, hashlib.sha256(b"".join(sources())).hexdigest())
        register(*rows, plugin=plugin)
    except ReportgenError as error:
        raise PluginError(error.code, f"plug-in {name!r}: {error.message}", version or key, error.hint) from error
    except (Exception, SystemExit) as error:
        what = f"plug-in {name!r} cannot be loaded: {type(error).__name__}: {error}"
        raise PluginError("plugin-failed", what, version or key) from error
    _PLUGINS[key] = plugin


def _run(path: Path, source: bytes) -> ModuleType:
    """Return the module of a file; it is compiled from `source`, so that no older compiled file is taken instead."""
    module = ModuleType(f"reportgen_plugin_{path.stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:8]}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # where dataclasses and `describe` look a module up
    exec(compile(source, str(path), "exec"), module.__dict__)
    return module


def _sources(module: str) -> list[bytes]:
    """Return the source files of an installed plug-in: those of its package, or its single module."""
    top = sys.modules[module.partition(".")[0]]
    files = [file for folder in getattr(top, "__path__", ()) for file in sorted(Path(folder).rglob("*.py"))]
    return [file.read_bytes() for file in files or [Path(str(top.__file__))]]
