"""Base class of all sections of a study: frozen, without unknown keys, with finite numbers only."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from reportgen.registry import Table
from reportgen.study.model.components import problem, read_component, shown, suggest


@dataclass(frozen=True)
class Takes:
    """The values that a field accepts, in Markdown, if its type does not state them."""

    text: str


def reader(rows: Table[Any], what: str) -> BeforeValidator:
    """Return a validator that reads a component; `what` is the kind of component, for error messages."""
    return BeforeValidator(lambda value: read_component(value, rows, what))


class Section(BaseModel):
    """A frozen section of a study without unknown keys and with finite numbers only.

    example : an example of the section, in the syntax of a study.
    """

    example: ClassVar[str] = ""
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, strict=True)

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, value: Any) -> Any:
        """Reject unknown keys before any other check, because they often cause other errors."""
        known = list(cls.model_fields)
        for key in value if isinstance(value, dict) else ():
            if key not in known:
                raise problem("unknown-key", f"unknown key {shown(key)}", suggest(str(key), known), (key,), key=True)
        if not isinstance(value, dict):
            return value
        counting, names = _counting(cls), _names(cls)
        spelled = {key: _known_name(item, names.get(key, ())) for key, item in value.items()}
        return {key: _whole(item) if key in counting else item for key, item in spelled.items()}


SectionT = TypeVar("SectionT", bound=Section)


def nested(model: type[SectionT], value: Any, *path: str | int) -> SectionT:
    """Return a value as a model, inside the validator of another model; `path` is the path to the value.

    Raises a validation error of the type "nested", whose context holds the errors of the inner model.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        errors = [{**details, "loc": (*path, *details["loc"])} for details in error.errors(include_url=False)]
        raise PydanticCustomError("nested", "invalid section", {"errors": errors}) from error


@functools.cache
def _counting(model: type[BaseModel]) -> frozenset[str]:
    """Return the fields of a model that take whole numbers but no other numbers."""
    kinds = {name: _kinds(field.annotation) for name, field in model.model_fields.items()}
    return frozenset(name for name, types in kinds.items() if int in types and float not in types)


@functools.cache
def _names(model: type[BaseModel]) -> dict[str, tuple[str, ...]]:
    """Return the names that fields of a model take, by field."""
    found = {name: tuple(_literals(field.annotation)) for name, field in model.model_fields.items()}
    return {name: names for name, names in found.items() if names}


def _literals(annotation: Any) -> Iterator[str]:
    """Yield the names among the values of an annotation."""
    if get_origin(annotation) is Literal:
        yield from (value for value in get_args(annotation) if isinstance(value, str))
    else:
        for part in get_args(annotation)[:1] if get_origin(annotation) is Annotated else get_args(annotation):
            yield from _literals(part)


def _known_name(value: Any, names: tuple[str, ...]) -> Any:
    """Return a name in the spelling of a study, in which upper case does not matter; other values as they are."""
    same = value.casefold() if isinstance(value, str) else None
    return same if same in names else value


def _kinds(annotation: Any) -> list[Any]:
    """Return the types that an annotation consists of, without constraints."""
    inside = get_args(annotation)[:1] if get_origin(annotation) is Annotated else get_args(annotation)
    return [kind for part in inside for kind in _kinds(part)] if inside else [annotation]


def _whole(value: Any) -> Any:
    """Convert a float with a whole value, such as 1e3, to an int."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _number(value: Any) -> Any:
    """Convert an int, but not a bool, to a float."""
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


Number = Annotated[float, BeforeValidator(_number)]
"""A real number, written with or without a decimal point."""
