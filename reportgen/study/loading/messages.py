"""From pydantic's errors to one sentence: where, what was found, what would be right."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from reportgen.errors import StudyError
from reportgen.study.loading.elsewhere import elsewhere
from reportgen.study.model.components import shown, suggest
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
    """Return the most telling of the errors as a StudyError; `tree` is what was validated."""
    path, found = _most_telling([(_location(d["loc"], tree), d) for d in error.errors(include_url=False)])
    details = found[0]
    context = details.get("ctx", {})
    if details["type"] == "study":
        path += tuple(context["path"])
        hint = context["hint"]
        hint = elsewhere(path, hint) if context["key"] else hint
        return StudyError("?", context["text"], where(path, context["key"]), hint or None)
    if details["type"] == "missing":
        name = details["loc"][-1]
        return StudyError("?", f"{name} is missing", where(path, False), f"add {name}: ...")
    message, hint = _mismatch(found) if _is_mismatch(details) else _sentence(details, context)
    return StudyError("?", message, where(path, details["loc"][-1] == "[key]"), hint)


def _location(loc: Sequence[int | str], tree: Any) -> Path:
    """Return the keys of a location that are in the tree; others name a branch of a union, or a validator."""
    path: Path = ()
    at = tree
    for part in loc:
        inside = part in at if isinstance(at, dict) else isinstance(at, list) and part in range(len(at))
        if inside:
            path, at = (*path, part), at[part]
    return path


def _most_telling(errors: list[tuple[Path, Details]]) -> tuple[Path, list[Details]]:
    """Return the path of the error to show, and its details: several where no branch of a union fits.

    Of a union's branches, the one that came furthest into the value is the one that was meant; of errors at one
    place, one that says more than that the kind is wrong.
    """
    start = min((path for path, _ in errors if errors[0][0][: len(path)] == path), key=len)
    related = [(path, details) for path, details in errors if path[: len(start)] == start]
    furthest = max((path for path, _ in related), key=len)
    there = [details for path, details in related if path == furthest]
    return furthest, [d for d in there if not _is_mismatch(d)][:1] or there


def _is_mismatch(details: Details) -> bool:
    return details["type"] in _KINDS or details["type"] in ("literal_error", "none_required")


def _mismatch(found: list[Details]) -> tuple[str, str | None]:
    """Return the sentence on a value that fits no kind that is allowed there."""
    value = found[0]["input"]
    kinds = dict.fromkeys(_KINDS[d["type"]] for d in found if d["type"] in _KINDS)
    literals = [d["ctx"]["expected"] for d in found if d["type"] == "literal_error"]
    names = [name for text in literals for name in re.findall(r"'([^']*)'", text)]
    near = suggest(value, names) if isinstance(value, str) and names else ""
    if not kinds:
        return f"unknown value {shown(value)}", near or f"one of {', '.join(names)}"
    expected = " or ".join([*kinds, *literals])
    return f"expected {expected}, found {shown(value)}", near if near.startswith("did you mean") else None


def _sentence(details: Details, context: Mapping[str, Any]) -> tuple[str, str | None]:
    """Return what was found and what would be right, for pydantic's own kinds of error."""
    found, kind = shown(details["input"]), details["type"]
    if kind == "finite_number":
        return f"expected a finite number, found {found}", None
    if kind in _BOUNDS:
        name, word = _BOUNDS[kind]
        limit = context[name]
        return f"{found} is not possible", f"a number {word} {int(limit) if limit == int(limit) else limit}"
    if kind == "string_too_short":
        return "the text is empty", "at least one word"
    if kind == "string_too_long":
        return f"the text is too long ({len(details['input'])} characters)", f"at most {context['max_length']}"
    if kind == "string_pattern_mismatch":
        return f"{found} is not an id", "lower-case letters, digits and single hyphens, such as small-init-dies"
    if kind in ("too_short", "too_long"):
        count, wanted = context["actual_length"], context.get("min_length", context.get("max_length"))
        if count == 0:
            return "the list is empty", f"at least {wanted} value{'' if wanted == 1 else 's'}"
        return f"the list has {count} value{'' if count == 1 else 's'}", f"{wanted} are needed"
    return f"{found} is not possible here", None
