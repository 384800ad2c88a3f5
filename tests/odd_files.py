"""Files in the place of ordinary ones that would block or fill the memory of a program that reads them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest


def pipe(path: Path) -> None:
    """Put a pipe without a writer in the place of a file."""
    path.unlink(missing_ok=True)
    os.mkfifo(path)


def sparse(path: Path) -> None:
    """Put a file of terabytes in the place of a file, which takes no space."""
    path.unlink(missing_ok=True)
    path.touch()
    for size in (2**44 - 2**12, 2**41):  # the largest files of two kinds of file systems
        try:
            os.truncate(path, size)
        except OSError:
            continue
        return
    pytest.skip("the file system has no sparse files")


ODD: tuple[Callable[[Path], None], ...] = (sparse, *((pipe,) if hasattr(os, "mkfifo") else ()))
