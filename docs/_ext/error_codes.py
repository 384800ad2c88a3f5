"""The table of error codes: meanings from `reportgen.errors.CODES`, exit codes from the calls that create errors.

The exit code belongs to the class of an error and not to its code, so a code that several classes use has several exit
codes. The scan follows codes through local variables and through functions that take a code and create the error.
It does not see the codes that functions of `reportgen.study` return; these belong to StudyError.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from reportgen import errors

PACKAGE = Path(errors.__file__).parent

Function = ast.FunctionDef | ast.AsyncFunctionDef
Call = tuple[Function, str, ast.Call]
"""A function, the name of another function that it calls, and the call."""

Makers = dict[str, tuple[int, set[int]]]
"""Functions that create an error, with the position of the code among their arguments and the exit codes."""


def code_lines() -> Iterator[str]:
    """Yield the table of all codes in Markdown."""
    found = exit_codes(PACKAGE)
    yield from ("| code | meaning | exit code |", "|---|---|---|")
    for code, meaning in sorted(errors.CODES.items()):
        *others, last = map(str, sorted(found.get(code, {errors.StudyError.exit_code})))
        yield f"| `{code}` | {meaning} | {', '.join(others) + ' or ' if others else ''}{last} |"


@cache
def exit_codes(package: Path) -> dict[str, set[int]]:
    """Return the exit codes of each code that the modules of a package use."""
    modules = [_calls(ast.parse(path.read_text(encoding="utf-8"))) for path in sorted(package.rglob("*.py"))]
    shared, private = _error_classes(), [Makers() for _ in modules]
    while True:
        before = _size(shared, *private)
        found: dict[str, set[int]] = {}
        for calls, own in zip(modules, private, strict=True):
            _scan(calls, shared, own, found)
        if _size(shared, *private) == before:
            return found


def _error_classes() -> Makers:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    classes = {kind.__name__: (0, {kind.exit_code}) for kind in kinds if issubclass(kind, errors.ReportgenError)}
    return {
        **classes,
        **dict.fromkeys(("problem", "LayoutError", "ArrayFileError"), (0, {errors.StudyError.exit_code})),
    }


def _size(*makers: Makers) -> int:
    return sum(1 + len(exits) for one in makers for _, exits in one.values())


def _scan(calls: list[Call], shared: Makers, own: Makers, found: dict[str, set[int]]) -> None:
    """Add the codes of a module to `found`, and its functions that take a code to `shared` or, if private, `own`."""
    for function, name, call in calls:
        maker = own.get(name) or shared.get(name)
        if maker is None:
            continue
        position, exits = maker
        argument = _argument(call, position)
        for code in _literals(argument, function):
            found.setdefault(code, set()).update(exits)
        names = [one.arg for one in function.args.args if one.arg not in ("self", "cls")]
        if isinstance(argument, ast.Name) and argument.id in names and function.name != "__init__":
            makers = own if function.name.startswith("_") else shared
            _, known = makers.setdefault(function.name, (names.index(argument.id), set()))
            known |= exits


def _calls(tree: ast.Module) -> list[Call]:
    """Return the calls in all functions of a module."""
    functions = [node for node in ast.walk(tree) if isinstance(node, Function)]
    calls = [(function, node) for function in functions for node in ast.walk(function) if isinstance(node, ast.Call)]
    return [
        (function, call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", ""), call)
        for function, call in calls
    ]


def _argument(call: ast.Call, position: int) -> ast.expr | None:
    named = [one.value for one in call.keywords if one.arg == "code"]
    return named[0] if named else call.args[position] if position < len(call.args) else None


def _literals(argument: ast.expr | None, function: Function) -> set[str]:
    """Return the possible codes of an argument: a literal, a conditional, a local variable or a default."""
    if isinstance(argument, ast.IfExp):
        return _literals(argument.body, function) | _literals(argument.orelse, function)
    if isinstance(argument, ast.Name):
        return {code for value in _values(argument.id, function) for code in _literals(value, function)}
    return {argument.value} if isinstance(argument, ast.Constant) and isinstance(argument.value, str) else set()


def _values(name: str, function: Function) -> Iterator[ast.expr]:
    """Yield the values that a function assigns to a name, and its default."""
    parameters, defaults = function.args.args, function.args.defaults
    yield from (
        value
        for one, value in zip(parameters[len(parameters) - len(defaults) :], defaults, strict=True)
        if one.arg == name
    )
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and name in [one.id for one in node.targets if isinstance(one, ast.Name)]:
            yield from [] if isinstance(node.value, ast.Name) else [node.value]
