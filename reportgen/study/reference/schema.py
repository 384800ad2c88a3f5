"""JSON Schema of study files, for completion and checks in editors.

The models and tables that read a study determine the schema. Errors that draft 7 cannot express, such as a claim
about variants that do not exist, are found by `reportgen check`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from reportgen.data.datasets import DATASETS
from reportgen.data.preprocessing.steps import STEPS
from reportgen.data.spec import OPTIONS as DATA_OPTIONS
from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.engine.tables.inits import INITS
from reportgen.engine.tables.losses import LOSSES
from reportgen.engine.tables.norms import NORMS
from reportgen.engine.tables.optimizers import OPTIMIZERS
from reportgen.engine.tables.schedules import SCHEDULES
from reportgen.languages.translate import known_languages
from reportgen.registry import Parameter, Row
from reportgen.study.metrics.table import METRICS
from reportgen.study.model.claims import expect_model, expectations
from reportgen.study.model.data_settings import MOST_SEED, Data
from reportgen.study.model.layer_settings import MOST_UNITS, BatchNorm, Dropout
from reportgen.study.model.layers import MOST_LAYERS
from reportgen.study.model.network import Hidden
from reportgen.study.model.sanity import SANITY_CHECKS
from reportgen.study.model.study import MOST_SEEDS, StudyFile, figure_names
from reportgen.study.reference.explained import without_links
from reportgen.study.reference.layer_schema import layer_schemas
from reportgen.study.reference.search_schema import search_schema
from reportgen.study.reference.value_schema import ID, named_values, varied

Schema = dict[str, Any]

DIALECT = "http://json-schema.org/draft-07/schema#"
"""The draft that the YAML servers of editors support."""

TABLES: Mapping[str, Mapping[str, Row]] = {
    "activation": ACTIVATIONS,
    "init": INITS,
    "norm": NORMS,
    "loss": LOSSES,
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "step": STEPS,
}
"""Tables of components other than data sets, which also have common options."""

_BOUNDS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
_NONE: Schema = {"enum": [None, "none"]}
_RATE: Schema = {"type": "number", "minimum": 0, "exclusiveMaximum": 1}
_OFF: Schema = {"enum": [None, False, "none"]}
_SWITCH: Schema = {"enum": [None, True, False, "none"]}
_STEPS: Schema = {
    "anyOf": [
        {"$ref": "#/definitions/step"},
        {"type": "array", "items": {"$ref": "#/definitions/step"}},
        _NONE,
    ]
}
_REPLACED = ("Component", "BatchNormSpec", "DropoutSpec", "Data", "Layer")


def study_schema() -> Schema:
    """Return the schema as plain JSON values."""
    schema = _of_model(StudyFile)
    definitions = {name: part for name, part in schema.pop("definitions").items() if name not in _REPLACED}
    definitions |= {name: _component(name, rows) for name, rows in TABLES.items()}
    definitions |= {"data": _data(), "batchnorm": _of_model(BatchNorm)}
    definitions |= {"dropout": _of_model(Dropout), "hidden": _of_model(Hidden)}
    definitions |= layer_schemas(_of_model, _parameter, _RATE)
    _write_sections(definitions)
    values = _values(definitions)
    for name, part in _top_level(list(values)).items():
        _replace(schema["properties"], name, part)
    definitions |= named_values(values, definitions)
    title = {"$schema": DIALECT, "title": "A study of reportgen"}
    return title | {key: part for key, part in schema.items() if key != "title"} | {"definitions": definitions}


class _Draft7(GenerateJsonSchema):
    """pydantic's generator without titles of keys, which would repeat the keys."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Return False."""
        return False


def _of_model(model: type[BaseModel]) -> Schema:
    schema = model.model_json_schema(ref_template="#/definitions/{model}", schema_generator=_Draft7)
    if "$defs" in schema:
        schema["definitions"] = schema.pop("$defs")
    plain: Schema = _in_draft_7(schema)
    return plain


def _in_draft_7(part: Any) -> Any:
    """Return the schema with the names that draft 7 has for bounds, and with descriptions as plain text.

    pydantic does not translate bounds that follow a validator.
    """
    if isinstance(part, list):
        return [_in_draft_7(item) for item in part]
    if not isinstance(part, dict):
        return part
    if isinstance(part.get("description"), str):
        part = part | {"description": without_links(part["description"])}
    return {
        _BOUNDS.get(key, key): _in_draft_7(item)
        for key, item in part.items()
        if not (key == "default" and isinstance(item, dict))
    }


def _ref(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


def _any(*schemas: Schema) -> Schema:
    return {"anyOf": list(schemas)}


def _by_layer(schema: Schema) -> Schema:
    """Return the schema of one value for all hidden layers, or a list with one for each layer."""
    return _any(schema, {"type": "array", "items": schema})


def _write_sections(definitions: dict[str, Any]) -> None:
    """Add the values that validators accept, such as shorter forms and the values that turn a setting off."""
    network, training = definitions["Network"]["properties"], definitions["Training"]["properties"]
    widths = {"type": "integer", "minimum": 1, "maximum": MOST_UNITS}
    hidden = _any({"type": "array", "items": widths, "maxItems": MOST_LAYERS}, _ref("hidden"), _NONE)
    _replace(network, "hidden", hidden)
    _replace(network, "layers", _any({"type": "array", "items": _ref("layer")}, _NONE))
    _replace(network, "activation", _by_layer(_ref("activation")))
    _replace(network, "init", _by_layer(_ref("init")))
    _replace(network, "output_init", _any(_ref("init"), {"enum": [None, "none"]}))
    _replace(network, "batchnorm", _by_layer(_any(_ref("batchnorm"), {"enum": [True, False, None, "none"]})))
    _replace(network, "norm", _by_layer(_any(_ref("norm"), _OFF)))
    _replace(network, "dropout", _by_layer(_any(_RATE, _ref("dropout"), {"enum": [None, "none"]})))
    depth = _any(_ref("StochasticDepth"), {"type": "number", "exclusiveMinimum": 0, "maximum": 1}, _SWITCH)
    _replace(network, "stochastic_depth", depth)
    for name in ("loss", "optimizer", "schedule"):
        _replace(training, name, _any(_ref(name)))
    for section, names in (
        ("Training", ("clip_norm", "augment", "early_stopping", "stop_above", "pruning")),
        ("Evaluation", ("polyak",)),
    ):
        properties = definitions[section]["properties"]
        for name in names:
            _replace(properties, name, _any(properties[name], _OFF))
    _replace(definitions["Measure"]["properties"], "metric", {"enum": list(METRICS)})
    _replace(definitions["Claim"]["properties"], "expect", _ref("Expect"))
    definitions["Expect"] = _of_model(expect_model()) | {"oneOf": [{"required": [name]} for name in expectations()]}


def _replace(properties: Schema, name: str, schema: Schema) -> None:
    """Replace the schema of a property but keep its description."""
    about = {key: properties[name][key] for key in ("description",) if key in properties[name]}
    properties[name] = about | schema


def _top_level(paths: list[str]) -> Schema:
    seed = {"type": "integer", "minimum": 0, "maximum": MOST_SEED}
    seeds = {"type": "array", "items": seed, "minItems": 1, "maxItems": MOST_SEEDS, "uniqueItems": True}
    deeper = rf"^(data|{'|'.join(re.escape(path) for path in paths)})(\.[^.]+)+$"
    known = {"propertyNames": _any({"enum": [*paths, "search"]}, {"pattern": deeper}, {"pattern": r"^search\.."})}
    names = _any({"enum": [*paths, "search", "id"]}, *known["propertyNames"]["anyOf"][1:])
    own = {"id": ID} | {path: _ref(path) for path in paths}
    changes = {"propertyNames": names, "type": "object", "properties": own}
    lists = {path: {"type": "array", "items": _ref(varied(path)), "minItems": 1} for path in paths}
    anything = {"type": "array", "minItems": 1}
    return {
        "data": _any(_ref("data")),
        "preprocess": _STEPS,
        "vary": known | {"type": "object", "properties": lists, "additionalProperties": anything},
        "variants": {"type": "object", "additionalProperties": changes},
        "search": search_schema(
            paths, deeper, [row.name for row in METRICS.values() if not row.best_of and row.from_trial is None]
        ),
        "seeds": _any({"type": "integer", "minimum": 1, "maximum": MOST_SEEDS}, seeds),
        "lang": {"enum": list(known_languages())},
        "figures": {"type": "array", "items": {"enum": figure_names()}, "uniqueItems": True},
        "sanity": _any({"type": "array", "items": {"enum": list(SANITY_CHECKS)}}, _OFF),
        "answer": _any({"type": "string", "minLength": 1}, _ref("Answer")),
        "remedies": _any({"type": "boolean"}, _ref("Remedies")),
    }


def _values(definitions: Mapping[str, Any]) -> Schema:
    """Return the schema of each setting's values in `vary`, `variants` and `search`."""
    schemas = {"preprocess": _STEPS, "data": _ref("data"), "data.name": {"enum": list(DATASETS)}}
    schemas |= {f"data.{name}": schema for name, schema in _data_options().items()}
    for section in ("network", "training", "probes", "evaluation"):
        properties = definitions[section.capitalize()]["properties"]
        schemas |= {f"{section}.{name}": schema for name, schema in properties.items()}
    return schemas


def _component(what: str, rows: Mapping[str, Row]) -> Schema:
    """Return the schema of a component: a name, or a mapping with parameters."""
    alone = [name for row in rows.values() if not _required(row) for name in (row.name, *row.aliases)]
    return _any({"enum": alone}, *(_mapping(row, row.parameters, what) for row in rows.values()))


def _mapping(row: Row, parameters: Iterable[Parameter], what: str) -> Schema:
    names = {"enum": [row.name, *row.aliases], "description": row.summary}
    return {
        "type": "object",
        "description": row.summary,
        "properties": {"name": names} | {p.name: _parameter(p, what) for p in parameters},
        "required": ["name", *_required(row)],
        "additionalProperties": False,
    }


def _required(row: Row) -> list[str]:
    return [parameter.name for parameter in row.parameters if parameter.required]


def _data() -> Schema:
    """Return the schema of `data`: a data set, its parameters, and the options that apply to it."""
    choices = []
    for row in DATASETS.values():
        mapping = _mapping(row, row.parameters, "data")
        sizes = {"samples", "features", "classes"} - row.sizes.keys()
        mapping["properties"] |= {name: schema for name, schema in _data_options().items() if name not in sizes}
        choices.append(mapping)
    return _any({"enum": [row.name for row in DATASETS.values() if not _required(row)]}, *choices)


def _data_options() -> Schema:
    models = _of_model(Data)["properties"]
    return {option.name: models[option.name] | {"description": option.description} for option in DATA_OPTIONS}


def _parameter(parameter: Parameter, what: str) -> Schema:
    """Return the schema of a parameter; a parameter that is a component belongs to the same table, `what`."""
    about: Schema = {"description": parameter.description}
    if parameter.default is not None and parameter.kind != "component":
        about["default"] = parameter.default
    if parameter.kind == "component":
        return about | _any(_ref(what))
    shape = _shape(parameter)
    return about | (shape if parameter.required else _any(shape, {"type": "null"}))


def _shape(parameter: Parameter) -> Schema:
    if parameter.kind == "choice":
        return {"enum": list(parameter.choices)}
    if parameter.kind in ("number", "integer"):
        return {"type": parameter.kind} | _range(parameter)
    if parameter.kind == "numbers":
        return {"type": "array", "items": {"type": "number"} | _range(parameter), "minItems": 1}
    if parameter.kind == "column":
        return _any({"type": "string"}, {"type": "integer", "minimum": 0})
    return {"type": "boolean"} if parameter.kind == "boolean" else {"type": "string", "minLength": 1}


def _range(parameter: Parameter) -> Schema:
    bounds = {"minimum": parameter.minimum, "maximum": parameter.maximum}
    names = {"minimum": "exclusiveMinimum", "maximum": "exclusiveMaximum"}
    return {names[k] if k in parameter.exclusive else k: v for k, v in bounds.items() if v is not None}
