"""From pydantic's errors to one sentence each: where, what was found, what would be right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ValidationError

from reportgen.errors import StudyError
from reportgen.study.components import shown, suggest
from reportgen.study.yaml12 import Path

Where = Callable[[Path, bool], str]

_EXPECTED = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "dict_type": "a mapping (key: value)",
    "model_type": "a mapping (key: value)",
    "model_attributes_type": "a mapping (key: value)",
    "list_type": "a list",
    "tuple_type": "a list",
}


def study_error(error: ValidationError, model: type[BaseModel], where: Where, prefix: Path = ()) -> StudyError:
    """Return the first of the errors as a StudyError; `prefix` is the path of what was validated."""
    details = _most_telling(error)
    context = details.get("ctx", {})
    path = prefix + _plain(details["loc"])
    if details["type"] == "study":
        path += tuple(context["path"])
        return StudyError(context["text"], where(path, context["key"]), context["hint"] or None)
    if details["type"] == "extra_forbidden":
        known = _keys_beside(model, _plain(details["loc"])[:-1])
        return StudyError(f"unknown key {path[-1]!r}", where(path, True), suggest(str(path[-1]), known) or None)
    if details["type"] == "missing":
        return StudyError(f"{path[-1]} is missing", where(path[:-1], False), f"add {path[-1]}: ...")
    message, hint = _sentence(details, context)
    return StudyError(message, where(path, False), hint)


def _most_telling(error: ValidationError) -> Any:
    """Return the error to show: an unknown key first, since it often causes the others; of a union, its last branch."""
    details = error.errors(include_url=False)
    for kind in ("extra_forbidden", "study"):
        for detail in details:
            if detail["type"] == kind:
                return detail
    return next((d for d in details if d["type"] not in ("none_required", "literal_error")), details[0])


def _plain(loc: tuple[int | str, ...]) -> Path:
    """Drop the parts of a location that name a branch of a union or a validator rather than a key."""
    words = ("function-", "tagged-union", "list[", "tuple[", "literal[", "dict[", "nullable", "constrained-")
    names = ("int", "float", "str", "bool", "Component", "[key]")
    return tuple(part for part in loc if isinstance(part, int) or not (part.startswith(words) or part in names))


def _keys_beside(model: type[BaseModel], path: Path) -> list[str]:
    """Return the keys that are known where the unknown one stands."""
    for part in path:
        if isinstance(part, int):
            continue
        field = model.model_fields.get(part)
        inner = _model_in(field.annotation) if field is not None else None
        if inner is None:
            return []
        model = inner
    return list(model.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _model_in(argument)
        if found is not None:
            return found
    return None


def _sentence(details: Any, context: dict[str, Any]) -> tuple[str, str | None]:
    """Return what was found and what would be right, for pydantic's own kinds of error."""
    found, kind = shown(details.get("input")), details["type"]
    if kind in _EXPECTED:
        return f"expected {_EXPECTED[kind]}, found {found}", None
    bounds = {
        "greater_than": "above",
        "greater_than_equal": "of at least",
        "less_than": "below",
        "less_than_equal": "of at most",
    }
    if kind in bounds:
        limit = context.get("gt", context.get("ge", context.get("lt", context.get("le"))))
        return f"{found} is not possible", f"a number {bounds[kind]} {limit:g}"
    if kind == "literal_error":
        return f"unknown value {found}", f"one of {context['expected']}"
    if kind == "string_too_short":
        return "the text is empty", "at least one word"
    if kind == "string_too_long":
        return f"the text is too long ({len(details['input'])} characters)", f"at most {context['max_length']}"
    if kind == "string_pattern_mismatch":
        return f"{found} is not an id", "lower-case letters, digits and single hyphens, such as small-init-dies"
    if kind in ("too_short", "too_long"):
        return (
            f"a list of {context['actual_length']} values",
            f"{context.get('min_length', context.get('max_length'))} values",
        )
    if kind == "value_error":
        return str(context.get("error", details["msg"])), None
    return details["msg"], None
