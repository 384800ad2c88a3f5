"""JSON Schema of the values in `vary`, `variants` and `search`, which can have names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reportgen.study.model.components import ID_PATTERN

Schema = dict[str, Any]

ID: Schema = {
    "type": ["string", "integer"],
    "pattern": ID_PATTERN,
    "minimum": 0,
    "description": "words of the id of the variant, instead of the label",
}
_LABEL: Schema = {
    "label": {"type": ["string", "number"], "description": "label of the value in tables, figures and claims"}
}
_NAMES: Schema = _LABEL | {"id": ID}


def named_values(values: Mapping[str, Schema], definitions: Mapping[str, Schema]) -> Schema:
    """Return the definitions of the values of each setting: with a label, and for `vary` also with an id.

    values : the schema of the values without names. definitions : what these refer to.
    """
    named = {path: _named(schema, definitions, _LABEL) for path, schema in values.items()}
    return named | {varied(path): _named(schema, definitions, _NAMES) for path, schema in values.items()}


def varied(path: str) -> str:
    """Return the name of the definition of a setting's values in `vary`."""
    return f"vary.{path}"


def _named(schema: Schema, definitions: Mapping[str, Schema], names: Schema) -> Schema:
    with_value = {
        "type": "object",
        "properties": {"value": schema} | names,
        "required": ["value"],
        "minProperties": 2,
        "additionalProperties": False,
    }
    return {"anyOf": [_with_names(schema, definitions, names), with_value]}


def _with_names(schema: Schema, definitions: Mapping[str, Schema], names: Schema) -> Schema:
    """Return the schema with the keys of the names in each mapping."""
    if "$ref" in schema:
        return _with_names(definitions[schema["$ref"].rpartition("/")[2]], definitions, names)
    if "anyOf" in schema:
        return schema | {"anyOf": [_with_names(branch, definitions, names) for branch in schema["anyOf"]]}
    if "properties" in schema:
        return schema | {"properties": schema["properties"] | names}
    return schema
