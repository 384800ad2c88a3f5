"""The one place that starts other Python processes, which execute no file of the current folder.

`python -m` and the processes that `multiprocessing` starts look for modules in the current folder first. A file
`numpy.py` beside a study would be executed there, without the permission that plug-ins need.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
"""The folder that contains this package."""

SAFE = {"PYTHONSAFEPATH": "1"}
"""Makes Python leave out the current folder; it also reaches the processes that a process starts."""


def start_module(
    module: str, *arguments: str, variables: Mapping[str, str] | None = None, **options: Any
) -> subprocess.Popen[bytes]:
    """Start a module of this package in a new process, which finds packages as this process does.

    Parameters
    ----------
    variables : further environment variables of the process.
    options : of `subprocess.Popen`.
    """
    paths = os.pathsep.join(path for path in (str(ROOT), os.environ.get("PYTHONPATH")) if path)
    environment = os.environ | SAFE | {"PYTHONPATH": paths} | dict(variables or {})
    return subprocess.Popen([sys.executable, "-P", "-m", module, *arguments], env=environment, **options)


@contextlib.contextmanager
def safe_children() -> Iterator[None]:
    """Let the processes that libraries start in the block leave out the current folder."""
    former = {name: os.environ.get(name) for name in SAFE}
    os.environ.update(SAFE)
    try:
        yield
    finally:
        for name, value in former.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
