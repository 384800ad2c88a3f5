"""Converts validation errors of pydantic to a StudyError with a code, a message, a place and a hint."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from reportgen.errors import StudyError
from reportgen.study.loading.elsewhere import GUESS, misplaced_key_hint
from reportgen.study.model.components import shown, suggest
from reportgen.study.reference.explained import section_example
from reportgen.study.syntax.yaml12 import Path

Where = Callable[[Path, bool], str]
Details = Mapping[str, Any]

_KINDS = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "dict_type": "a mapping (key: value)",
    "model_type": "a mapping (key: value)",
    "list_type": "a list",
    "tuple_type": "a list",
}
_BOUNDS = {
    "greater_than": ("gt", "above"),
    "greater_than_equal": ("ge", "of at least"),
    "less_than": ("lt", "below"),
    "less_than_equal": ("le", "of at most"),
}


def study_error(error: ValidationError, tree: Any, where: Where) -> StudyError:
    """Return the most informative of the errors as a StudyError; `tree` is the validated value."""
    path, errors = _most_informative([(_location(d["loc"], tree), d) for d in _flat(error.errors(include_url=False))])
    details = errors[0]
    context = details.get("ctx", {})
    if details["type"] == "study":
        path += tuple(context["path"])
        code, hint = context["code"], context["hint"]
        code, hint = (
            misplaced_key_hint(path, code, hint) if code in ("unknown-key", "unknown-setting") else (code, hint)
        )
        return StudyError(code, context["text"], where(path, context["key"]), hint or None)
    if details["type"] == "missing":
        name = details["loc"][-1]
        return StudyError("missing-key", f"missing key {name!r}", where(path, False), f"add {name}: ...")
    place = where(path, details["loc"][-1] == "[key]")
    return _mismatch(errors, place) if _is_mismatch(details) else _violation(details, context, place)


def _flat(errors: Sequence[Details]) -> Iterator[Details]:
    """Yield the errors, with the errors of nested models in place of those that hold them."""
    for details in errors:
        if details["type"] == "nested":
            yield from ({**inner, "loc": (*details["loc"], *inner["loc"])} for inner in _flat(details["ctx"]["errors"]))
        else:
            yield details


def _location(loc: Sequence[int | str], tree: Any) -> Path:
    """Return the keys of a location that are in the tree, without names of union branches and validators."""
    path: Path = ()
    node = tree
    for part in loc:
        inside = part in node if isinstance(node, dict) else isinstance(node, list) and part in range(len(node))
        if inside:
            path, node = (*path, part), node[part]
    return path


def _most_informative(errors: list[tuple[Path, Details]]) -> tuple[Path, list[Details]]:
    """Return the path of the error to show, and its details; several if no branch of a union matches.

    The branch of a union whose error has the longest path is the intended one. Of several errors at one place, one
    that is not about the type is more informative.
    """
    start = min((path for path, _ in errors if errors[0][0][: len(path)] == path), key=len)
    related = [(path, details) for path, details in errors if path[: len(start)] == start]
    furthest = max((path for path, _ in related), key=len)
    deepest = [details for path, details in related if path == furthest]
    return furthest, [d for d in deepest if not _is_mismatch(d)][:1] or deepest


def _is_mismatch(details: Details) -> bool:
    return details["type"] in _KINDS or details["type"] in ("literal_error", "none_required")


def _mismatch(errors: list[Details], place: str) -> StudyError:
    """Return the error for a value that has none of the allowed types and is none of the allowed names."""
    value = errors[0]["input"]
    kinds = dict.fromkeys(_KINDS[d["type"]] for d in errors if d["type"] in _KINDS)
    names = [
        name for d in errors if d["type"] == "literal_error" for name in re.findall(r"'([^']*)'", d["ctx"]["expected"])
    ]
    near = suggest(value, names) if isinstance(value, str) and names else ""
    if not kinds:
        return StudyError("unknown-value", f"unknown value {shown(value)}", place, near or f"one of {', '.join(names)}")
    expected = _any_of([*kinds, *map(repr, names)])
    if near.startswith(GUESS):
        return StudyError("unknown-value", f"expected {expected}, found {shown(value)}", place, near)
    return StudyError("wrong-type", f"expected {expected}, found {shown(value)}", place, _example(errors))


def _example(errors: list[Details]) -> str | None:
    """Return a hint with an example of the section that one of the errors expects, None if no one expects any."""
    names = [d["ctx"]["class_name"] for d in errors if d["type"] == "model_type"]
    example = next((section_example(name) for name in names), "")
    return f"such as {example}" if example else None


def _any_of(words: Sequence[str]) -> str:
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _violation(details: Details, context: Mapping[str, Any], place: str) -> StudyError:
    """Return the error for a value of the right type that violates a constraint."""
    found, kind = shown(details["input"]), details["type"]
    if kind == "finite_number":
        return StudyError("not-finite", f"expected a finite number, found {found}", place)
    if kind in _BOUNDS:
        name, word = _BOUNDS[kind]
        limit = context[name]
        number = int(limit) if limit == int(limit) else limit
        return StudyError("out-of-range", f"expected a number {word} {number}, found {found}", place)
    if kind == "string_too_short":
        return StudyError("empty-value", "the text is empty", place)
    if kind == "string_too_long":
        return StudyError(
            "too-long", f"the text has {len(details['input'])} characters", place, f"at most {context['max_length']}"
        )
    if kind == "string_pattern_mismatch":
        return StudyError(
            "invalid-id", f"invalid id {found}", place, "use lower-case letters, digits and single hyphens"
        )
    if kind in ("too_short", "too_long"):
        wanted = context.get("min_length", context.get("max_length"))
        return _wrong_length(context["actual_length"], wanted, place)
    return StudyError("invalid-value", f"invalid value {found}", place)


def _wrong_length(count: int, wanted: int, place: str) -> StudyError:
    if count == 0:
        return StudyError("empty-value", "the list is empty", place, f"at least {_values(wanted)}")
    return StudyError("wrong-length", f"expected {_values(wanted)}, found {count}", place)


def _values(count: int) -> str:
    return "1 value" if count == 1 else f"{count} values"
