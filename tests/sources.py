"""The syntax of the project's modules, parsed once per process for the tests of the code itself."""

from __future__ import annotations

import ast
import functools
from pathlib import Path


@functools.cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Return all nodes of a module, the module itself first."""
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def docstring(path: Path) -> str | None:
    """Return the docstring of a module, None if there is no such file."""
    if not path.is_file():
        return None
    module = nodes(path)[0]
    assert isinstance(module, ast.Module)
    return ast.get_docstring(module)
