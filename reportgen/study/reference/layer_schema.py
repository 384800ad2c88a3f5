"""JSON Schema of the layers in `network.layers`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel

from reportgen.engine.layers.table import LAYERS
from reportgen.registry import Parameter
from reportgen.study.model.layer_settings import GLOBAL, MOST_PIXELS, SAME, pool_kinds
from reportgen.study.model.layers import FORMS, RESIDUAL, Residual, forms, is_weighted

Schema = dict[str, Any]

_OFF: Schema = {"enum": [True, False, None, "none"]}


def layer_schemas(
    of_model: Callable[[type[BaseModel]], Schema], parameter: Callable[[Parameter, str], Schema], rate: Schema
) -> Schema:
    """Return the definitions of layers; `layer` is an entry of `network.layers`, `branch_layer` one of a block.

    Parameters
    ----------
    of_model, parameter : return the schema of a model, and of a parameter of a row.
    rate : the schema of the fraction of dropped units.
    """
    kinds = {key: _of_form(form, of_model, rate) for key, form in forms().items() if form in FORMS}
    for row in LAYERS.values():
        if row.form == "parameters":
            kinds[row.name] = _mapping({one.name: parameter(one, "layer") for one in row.parameters}, row.summary)
    block = of_model(Residual)
    block.pop("definitions", None)
    _put(block["properties"], "layers", {"type": "array", "minItems": 1, "items": _ref("branch_layer")})
    branch = {key: schema for key, schema in kinds.items() if is_weighted(key)}
    alone = [row.name for row in LAYERS.values() if row.form == "parameters"]
    return {
        "layer": {"anyOf": [{"enum": alone}, *_entries({**kinds, RESIDUAL: block})]},
        "branch_layer": {"anyOf": _entries(branch)},
    }


def _entries(kinds: Mapping[str, Schema]) -> list[Schema]:
    return [_mapping({key: schema}, "", [key]) for key, schema in kinds.items()]


def _mapping(properties: Schema, description: str, required: list[str] | None = None) -> Schema:
    about = {"description": description} if description else {}
    needed = {"required": required} if required else {}
    return about | {"type": "object", "properties": properties, "additionalProperties": False} | needed


def _of_form(form: str, of_model: Callable[[type[BaseModel]], Schema], rate: Schema) -> Schema:
    """Return the schema of a layer with this form, with the shorter forms that validators accept."""
    short = FORMS[form].short
    schema = of_model(FORMS[form].model)
    schema.pop("definitions", None)
    properties = schema["properties"]
    replaced = {
        "activation": _ref("activation"),
        "init": _ref("init"),
        "batchnorm": {"anyOf": [_ref("batchnorm"), _OFF]},
        "norm": {"anyOf": [_ref("norm"), _OFF]},
        "dropout": {"anyOf": [rate, _ref("dropout"), {"enum": [False, None, "none"]}]},
        "kernel": _pair(1),
        "stride": _pair(1),
        "padding": {"anyOf": [_pair(0), {"enum": [SAME]}]},
        "size": {"anyOf": [_pair(1), {"enum": [GLOBAL]}]},
        "kind": {"enum": [*pool_kinds(), *(row.name for row in LAYERS.values() if row.form == "window")]},
    }
    for name in properties:
        _put(properties, name, replaced.get(name, properties[name]))
    if short is None:
        return schema
    return {"anyOf": [{key: part for key, part in properties[short].items() if key != "description"}, schema]}


def _pair(low: int) -> Schema:
    number = {"type": "integer", "minimum": low, "maximum": MOST_PIXELS}
    return {"anyOf": [number, {"type": "array", "items": number, "minItems": 2, "maxItems": 2}]}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


def _put(properties: Schema, name: str, schema: Schema) -> None:
    """Replace the schema of a property but keep its description."""
    about = {key: properties[name][key] for key in ("description",) if key in properties[name]}
    properties[name] = about | ({"anyOf": [schema]} if "$ref" in schema else schema)
