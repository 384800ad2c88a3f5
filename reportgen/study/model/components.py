"""Reads components, such as an activation with its parameters, and values of a study."""

from __future__ import annotations

import contextlib
import difflib
import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, is_dataclass
from functools import partial
from typing import Any, TypeVar

from pydantic_core import PydanticCustomError

from reportgen.engine.tables.nearest import nearest
from reportgen.registry import Component, Parameter, Row, Table

T = TypeVar("T")

ID_PATTERN = r"^[a-z0-9]+(-[a-z0-9]+)*$"
"""The form of ids of claims, variants and values: lower-case letters, digits and single hyphens."""

SAME_PARAMETERS = {
    "eps": "epsilon",
    "label_smoothing": "smoothing",
    "betas": "beta1",
    "beta_1": "beta1",
    "beta_2": "beta2",
    "alpha": "rho",
    "decay": "rho",
    "negative_slope": "slope",
    "sd": "std",
    "stddev": "std",
    "sigma": "std",
    "gamma": "factor",
    "step_size": "every",
    "T_0": "cycle",
    "T_mult": "factor",
    "low": "bound",
    "maxval": "bound",
}
"""Names of parameters in other libraries, with the names here."""


def problem(
    code: str, message: str, hint: str = "", path: tuple[str | int, ...] = (), key: bool = False
) -> PydanticCustomError:
    """Return a validation error for pydantic.

    Parameters
    ----------
    code : a key of `CODES`.
    path : the path of the error, relative to the validated value.
    key : whether the key, rather than its value, is wrong.
    """
    context = {"code": code, "text": message, "hint": hint, "path": path, "key": key}
    return PydanticCustomError("study", "{text}", context)


class Problems:
    """Collects the validation errors of parts of a value that can be checked independently.

    Attributes
    ----------
    found : the errors so far; errors of several problems are taken apart.
    """

    def __init__(self) -> None:
        self.found: list[PydanticCustomError] = []

    @contextlib.contextmanager
    def collect(self) -> Iterator[None]:
        """Add an error that is raised in the block."""
        try:
            yield
        except PydanticCustomError as error:
            self.found += problems_in(error)

    def raise_all(self) -> None:
        """Raise all errors as one, if there are any."""
        if len(self.found) == 1:
            raise self.found[0]
        if self.found:
            errors = [{"type": one.type, "loc": (), "ctx": one.context, "input": None} for one in self.found]
            raise PydanticCustomError("nested", "several problems", {"errors": errors})


def problems_in(error: PydanticCustomError) -> list[PydanticCustomError]:
    """Return the errors that `Problems` raised as one, or the error alone."""
    if error.type != "nested":
        return [error]
    return [PydanticCustomError("study", "{text}", one["ctx"]) for one in (error.context or {})["errors"]]


def suggest(name: str, known: list[str], otherwise: str = "") -> str:
    """Return "did you mean ...?" if a known name is similar or ends with `name`, else `otherwise` or all names."""
    ending = [candidate for candidate in known if candidate.endswith(f".{name}")][:2]
    close = ending or difflib.get_close_matches(str(name), known, n=1, cutoff=0.6)
    if close:
        return f"did you mean {' or '.join(map(repr, close))}?"
    return otherwise or (f"one of {', '.join(known)}" if known else "")


def shown(value: Any) -> str:
    """Return a value as YAML, with text in quotes, shortened to 60 characters."""
    text = repr(value) if isinstance(value, str) else _written(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _written(value: Any) -> str:
    """Return a value in YAML, on one line."""
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_written(item) for item in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_written(item)}' for key, item in value.items())}}}"
    if value is None or isinstance(value, bool):
        return {True: "true", False: "false", None: "null"}[value]
    return str(value)


def below(key: int | str, read: Callable[[], T]) -> T:
    """Return the result of `read`; the paths of its validation errors are prefixed with `key`."""
    problems = Problems()
    try:
        return read()
    except PydanticCustomError as error:
        for one in problems_in(error):
            context = dict(one.context or {})
            path = (key, *context["path"])
            problems.found.append(problem(context["code"], context["text"], context["hint"], path, context["key"]))
    problems.raise_all()
    raise AssertionError("an error without a problem")


def read_component(value: Any, rows: Table[Any], what: str, extra: frozenset[str] = frozenset()) -> Component:
    """Return the component that `value` names, with all its parameters.

    Parameters
    ----------
    value : a name, or {name: ..., parameter: ...}.
    what : the kind of component, such as "activation", for error messages.
    extra : keys of the mapping to ignore.
    """
    if isinstance(value, Component):
        return value
    if isinstance(value, str):
        value = {"name": value}
    if not isinstance(value, dict):
        message = f"expected the name of {with_article(what)}, found {shown(value)}"
        raise problem("wrong-type", message, "a name, or {name: ..., parameter: ...}")
    name = value.get("name")
    if "name" not in value:
        raise problem("missing-key", f"{with_article(what)} needs a name", f"one of {', '.join(rows)}")
    row = rows.find(name) if isinstance(name, str) else None
    if row is None:
        names = [*rows, *(alias for r in rows.values() for alias in r.aliases)]
        where = ("name",) if len(value) > 1 else ()
        hint = nearest(what, str(name)) or suggest(str(name), names)
        raise problem("unknown-name", f"unknown {what} {shown(name)}", hint, where)
    parameters = {key: item for key, item in value.items() if key != "name" and key not in extra}
    return Component.of(row.name, **_parameters(row, parameters, rows, what))


def with_article(what: str) -> str:
    """Return the word with its indefinite article."""
    return f"an {what}" if what[0] in "aeiou" else f"a {what}"


def _parameters(row: Row, parameters: dict[str, Any], rows: Table[Any], what: str) -> dict[str, Any]:
    names = [parameter.name for parameter in row.parameters]
    for key in parameters:
        if key not in names:
            same = SAME_PARAMETERS.get(str(key))
            hint = f"did you mean {same!r}?" if same in names else suggest(str(key), names)
            hint = hint if names else f"{row.name} has no parameters"
            raise problem("unknown-key", f"{row.name} has no parameter {shown(key)}", hint, (key,), key=True)
    values = {}
    for parameter in row.parameters:
        if parameter.added and parameters.get(parameter.name) in (None, parameter.default):
            continue
        if parameter.name not in parameters or parameters[parameter.name] is None:
            if parameter.required:
                raise problem(
                    "missing-key", f"{row.name} needs the parameter {parameter.name!r}", parameter.description
                )
            values[parameter.name] = parameter.default
        elif parameter.kind == "component":
            inner = parameters[parameter.name]
            values[parameter.name] = below(parameter.name, partial(read_component, inner, rows, what))
        else:
            values[parameter.name] = read_parameter(parameter, parameters[parameter.name])
    if "low" in names and not values["low"] < values["high"]:
        low, high = shown(values["low"]), shown(values["high"])
        raise problem("invalid-range", f"low ({low}) must be less than high ({high})")
    return values


def read_parameter(parameter: Parameter, value: Any) -> Any:
    """Return the value of a parameter, checked for its type and range; the path of an error is the parameter's name."""
    readers = {"number": _number, "integer": _integer, "boolean": _boolean, "choice": _choice, "numbers": _numbers}
    return readers.get(parameter.kind, _text)(parameter, value)


def whole_number(value: Any, what: str, low: int, high: int, path: tuple[str | int, ...] = ()) -> int:
    """Return a whole number in the range from `low` to `high`; `what` names it in the error message."""
    if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
        return value
    code = "wrong-type" if isinstance(value, bool) or not isinstance(value, int) else "out-of-range"
    raise problem(code, f"expected {what} from {low} to {high}, found {shown(value)}", "", path)


def _wrong(code: str, parameter: Parameter, value: Any, expected: str) -> PydanticCustomError:
    return problem(code, f"expected {expected}, found {shown(value)}", parameter.description, (parameter.name,))


def _number(parameter: Parameter, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _wrong("wrong-type", parameter, value, "a number")
    if not math.isfinite(value):
        raise _wrong("not-finite", parameter, value, "a finite number")
    return float(_in_range(parameter, value))


def _integer(parameter: Parameter, value: Any) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong("wrong-type", parameter, value, "a whole number")
    return int(_in_range(parameter, value))


def _in_range(parameter: Parameter, value: float) -> float:
    low, high = parameter.minimum, parameter.maximum
    if low is not None and (value < low or (value == low and "minimum" in parameter.exclusive)):
        word = "above" if "minimum" in parameter.exclusive else "of at least"
        raise _wrong("out-of-range", parameter, value, f"a number {word} {low:g}")
    if high is not None and (value > high or (value == high and "maximum" in parameter.exclusive)):
        word = "below" if "maximum" in parameter.exclusive else "of at most"
        raise _wrong("out-of-range", parameter, value, f"a number {word} {high:g}")
    return value


def _boolean(parameter: Parameter, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _wrong("wrong-type", parameter, value, "true or false")
    return value


def _choice(parameter: Parameter, value: Any) -> str:
    if value not in parameter.choices:
        hint = suggest(str(value), list(parameter.choices))
        raise problem("unknown-value", f"unknown {parameter.name} {shown(value)}", hint, (parameter.name,))
    return str(value)


def _numbers(parameter: Parameter, value: Any) -> tuple[float, ...]:
    if not isinstance(value, list) or not value:
        raise _wrong("empty-value" if value == [] else "wrong-type", parameter, value, "a list of numbers")
    return tuple(_number(parameter, item) for item in value)


def _text(parameter: Parameter, value: Any) -> str:
    if isinstance(value, (dict, list)) or value == "":
        raise _wrong("empty-value" if value == "" else "wrong-type", parameter, value, "a text")
    return str(value)


def plain(component: Component) -> Any:
    """Return the component as in a study file: its name, or a mapping with all parameters that have a value."""
    parameters = {key: value for key, value in component.params if value is not None}
    if not parameters:
        return component.name
    return {"name": component.name} | {key: plain_value(value) for key, value in parameters.items()}


def plain_value(value: Any) -> Any:
    """Return a setting as plain JSON values."""
    if isinstance(value, Component):
        return plain(value)
    if isinstance(value, (tuple, list)):
        return [plain_value(item) for item in value]
    if hasattr(value, "written"):
        return value.written
    if hasattr(value, "model_dump"):
        return value.model_dump()
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
