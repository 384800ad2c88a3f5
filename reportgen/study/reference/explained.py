"""Table of all settings of a study file, from the models that read it: values, range, default and description."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from reportgen.data.datasets import DATASETS
from reportgen.data.spec import OPTIONS
from reportgen.registry import Component, Parameter
from reportgen.study.model.claims import Expect, expect_model
from reportgen.study.model.layer_settings import BatchNorm, Dropout
from reportgen.study.model.layers import layer_models
from reportgen.study.model.network import Hidden
from reportgen.study.model.section import Takes
from reportgen.study.model.study import Answer, StudyFile

SHORTHANDS: dict[str, type[BaseModel]] = {
    "network.hidden": Hidden,
    "network.batchnorm": BatchNorm,
    "network.dropout": Dropout,
    "answer": Answer,
}
"""Settings with a shorter form than the mapping that the model reads."""
LAYERS = "network.layers"
"""The list whose entries have the settings of a kind of layer."""


def path_in_study(path: str) -> str:
    """Return a setting's path as `--set` and `vary` take it: with the index of the first layer in `network.layers`."""
    return path.replace(f"{LAYERS}.", f"{LAYERS}.0.", 1)


@dataclass(frozen=True)
class Setting:
    """A setting.

    Attributes
    ----------
    path : dotted path.
    takes : the accepted values, in Markdown.
    span : the range of a number.
    default : the default as in a study file.
    what : description in Markdown.
    """

    path: str
    takes: str
    span: str
    default: str
    what: str


def kind_of(parameter: Parameter) -> str:
    """Return the accepted values of a parameter: its choices, or its kind."""
    return ", ".join(f"`{choice}`" for choice in parameter.choices) or parameter.kind


def span_of(parameter: Parameter) -> str:
    """Return the range of a parameter as text, empty for an unlimited one."""
    low, high = parameter.minimum, parameter.maximum
    return _span(low, "minimum" in parameter.exclusive, high, "maximum" in parameter.exclusive)


def default_of(parameter: Parameter) -> str:
    """Return the default of a parameter as in a study file: "required" without one, empty if it is not set."""
    return "required" if parameter.required else _shown(parameter.default)


DATA_NAME = Parameter(
    "name",
    "choice",
    None,
    "[data set](#data-sets), which determines the other keys of `data`",
    choices=tuple(DATASETS),
    required=True,
)

FIRST = (
    "title", "question", "answer", "answer.says", "answer.claims", "answer.contradicted", "answer.inconclusive",
    "plugins", "introduction", "closing",
)  # fmt: skip
"""The settings that a study begins with."""


def explained() -> tuple[Setting, ...]:
    """Return every setting, in the order of a study."""
    settings = [setting for path, field in _fields(StudyFile, "") for setting in _settings(path, field)]
    return tuple(sorted(settings, key=lambda setting: setting.path not in FIRST))


def _settings(path: str, field: FieldInfo) -> Iterator[Setting]:
    """Yield a field of the model, followed by the options of `data`, whose table describes them.

    Raises
    ------
    ValueError : the field has no description.
    """
    if not field.description:
        raise ValueError(f"the setting {path} has no description")
    yield Setting(path, _takes(field), _span(*_bounds(field)), _default(field), field.description)
    for option in (DATA_NAME, *OPTIONS) if path == "data" else ():
        default = default_of(option)
        yield Setting(f"data.{option.name}", kind_of(option), span_of(option), default, option.description)


def sections() -> dict[str, str]:
    """Return the summary of each section by its path, outer sections first."""
    return {path: (inspect.getdoc(model) or "").partition("\n")[0] for path, model in section_models().items()}


def section_models() -> dict[str, type[BaseModel]]:
    """Return the model of each section by its path."""
    return dict(_sections(StudyFile, ""))


def section_example(name: str) -> str:
    """Return the example of the section whose model has this name, "" if there is none."""
    return next((getattr(model, "example", "") for model in section_models().values() if model.__name__ == name), "")


def _sections(model: type[BaseModel], path: str) -> Iterator[tuple[str, type[BaseModel]]]:
    for name, field in model.model_fields.items():
        inner = f"{path}.{name}" if path else name
        section = SHORTHANDS.get(inner) or _section(field.annotation)
        found = {} if section is None else {inner: section}
        found |= {f"{inner}.{key}": layer for key, layer in layer_models().items()} if inner == LAYERS else {}
        for place, own in found.items():
            yield place, own
            yield from _sections(own, place)


def without_links(text: str) -> str:
    """Return Markdown with the text of each link in place of the link."""
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)


def _fields(model: type[BaseModel], path: str) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        inner = f"{path}.{name}" if path else name
        section = SHORTHANDS.get(inner) or _section(field.annotation)
        if section is None or name == "data" or inner in SHORTHANDS:
            yield inner, field
        if section is not None and name != "data":  # the table of data sets describes the keys of `data`
            yield from _fields(section, inner)
        for key, layer in layer_models().items() if inner == LAYERS else ():
            yield from _fields(layer, f"{inner}.{key}")


def _section(annotation: Any) -> type[BaseModel] | None:
    models = [
        part for part in (annotation, *get_args(annotation)) if isinstance(part, type) and issubclass(part, BaseModel)
    ]
    model = models[0] if models else None
    return expect_model() if model is Expect else model


_KINDS = {bool: "true, false", int: "integer", float: "number", str: "text", list: "a list", tuple: "a list"}


def _takes(field: FieldInfo) -> str:
    """Return the values that a field accepts: what `Takes` states, or else the kinds of its type."""
    stated = [mark.text for mark in field.metadata if isinstance(mark, Takes)]
    *kinds, last = stated or dict.fromkeys(_kinds(field.annotation))
    return ", or ".join(filter(None, [", ".join(kinds), last]))


def _kinds(annotation: Any) -> Iterator[str]:
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        yield ", ".join(f"`{name}`" for name in parts)
    elif origin is Annotated:
        yield from _kinds(parts[0])
    elif (origin or annotation) in _KINDS:
        yield _KINDS[origin or annotation]
    else:
        yield from (kind for part in parts if part is not type(None) for kind in _kinds(part))


def _bounds(field: FieldInfo) -> tuple[float | None, bool, float | None, bool]:
    """Return the minimum of a field, whether it is exclusive, the maximum, and whether that is exclusive."""
    marks: list[Any] = [*field.metadata]
    parts = [field.annotation]
    while parts:
        part = parts.pop()
        inner = getattr(part, "__metadata__", ())
        marks += [mark for inner_mark in inner for mark in getattr(inner_mark, "metadata", [inner_mark])]
        parts += [inner_mark for inner_mark in get_args(part) if hasattr(inner_mark, "__metadata__")]
    known = {name: getattr(mark, name) for name in ("ge", "gt", "le", "lt") for mark in marks if hasattr(mark, name)}
    return known.get("gt", known.get("ge")), "gt" in known, known.get("lt", known.get("le")), "lt" in known


def _span(low: float | None, low_out: bool, high: float | None, high_out: bool) -> str:
    least = "" if low is None else f"{'above' if low_out else 'from'} {low:g}"
    most = "" if high is None else f"{'to below' if high_out else 'to'} {high:,.10g}".replace(",", " ")
    return f"{least} {most}".strip()


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    return "" if value is PydanticUndefined else "none" if value is None else _shown(value)


def _shown(value: Any) -> str:
    if value is None or value in ((), {}, ""):
        return ""
    if isinstance(value, Component):
        return f"`{value.name}`"
    if isinstance(value, tuple):
        return f"`{list(value)}`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
