"""Converts validation errors of pydantic to a StudyError with a code, a message, a place and a hint."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
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
    """Return the first error of a validation as a StudyError, with the others; `tree` is the validated value."""
    first, *others = study_errors(error, tree, where)
    first.others = tuple(others)
    return first


def study_errors(error: ValidationError, tree: Any, where: Where, shortened: Collection[Path] = ()) -> list[StudyError]:
    """Return the errors of a validation.

    shortened: paths of mappings from which keys were removed; errors of these mappings themselves are left out, since
    they may follow from it.
    """
    groups = list(_grouped(list(_flat(error.errors(include_url=False))), tree))
    places = [_place(path, details[0]) for path, details in groups]
    found = [_converted(path, details, where) for path, details in groups]
    return [
        one
        for one, place in zip(found, places, strict=True)
        if place not in shortened and not _follows(one, place, zip(found, places, strict=True))
    ]


def _follows(error: StudyError, place: Path, others: Iterable[tuple[StudyError, Path]]) -> bool:
    """Return whether an error of a value follows from an error inside it, such as an empty list of invalid layers.

    A missing key follows from an unknown key in the same mapping only, which is probably misspelled.
    """
    inside = [(other, path) for other, path in others if len(path) > len(place) and path[: len(place)] == place]
    if error.code == "missing-key":
        return any(other.code == "unknown-key" and path[:-1] == place for other, path in inside)
    return bool(inside)


def _place(path: Path, details: Details) -> Path:
    """Return the path of an error; one of a study's own checks may lie below the validated value."""
    return (*path, *details["ctx"]["path"]) if details["type"] == "study" else path


def unknown_keys(error: ValidationError, tree: Any) -> list[Path]:
    """Return the paths of the keys in the tree that a validation rejects as unknown."""
    found = []
    for details in _flat(error.errors(include_url=False)):
        context = details.get("ctx", {})
        if details["type"] == "study" and context["code"] == "unknown-key" and _stands_alone(details, tree):
            found.append((*_location(details["loc"], tree), *context["path"]))
    return found


def faulty_places(error: ValidationError, tree: Any) -> list[Path]:
    """Return the paths in the tree at which a validation finds errors."""
    return [
        _location(_place(tuple(details["loc"]), details), tree) for details in _flat(error.errors(include_url=False))
    ]


def _converted(path: Path, errors: list[Details], where: Where) -> StudyError:
    """Return the StudyError for the errors of one place."""
    details = errors[0]
    context = details.get("ctx", {})
    if details["type"] == "study":
        path = _place(path, details)
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


def _grouped(errors: list[Details], tree: Any) -> Iterator[tuple[Path, list[Details]]]:
    """Yield the path of each error of the study and its details; several if no branch of a union matches."""
    left = [(_location(details["loc"], tree), details) for details in errors]
    while left:
        path, details = left[0]
        if _stands_alone(details, tree):
            yield path, [details]
            left = left[1:]
        else:
            inside = _inside([pair for pair in left if not _stands_alone(pair[1], tree)])
            yield _most_informative(inside)
            left = [pair for pair in left if pair not in inside]


def _stands_alone(details: Details, tree: Any) -> bool:
    """Return whether an error is none of a branch of a union, whose other branches have errors as well."""
    loc = details["loc"][:-1] if details["type"] == "missing" else details["loc"]
    return details["type"] in ("missing", "study") and len(_location(loc, tree)) == len(loc)


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


def _inside(errors: list[tuple[Path, Details]]) -> list[tuple[Path, Details]]:
    """Return the errors in the value of the first error, or in the largest value around it that has one."""
    start = min((path for path, _ in errors if errors[0][0][: len(path)] == path), key=len)
    return [(path, details) for path, details in errors if path[: len(start)] == start]


def _most_informative(errors: list[tuple[Path, Details]]) -> tuple[Path, list[Details]]:
    """Return the path of the error to show, of those in one value, and its details.

    The branch of a union whose error has the longest path is the intended one. Of several errors at one place, one
    that is not about the type is more informative.
    """
    furthest = max((path for path, _ in errors), key=len)
    deepest = [details for path, details in errors if path == furthest]
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
    """Return a hint with an example of the section that one of the errors expects, None if none expects one."""
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
