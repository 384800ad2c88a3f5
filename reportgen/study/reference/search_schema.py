"""JSON Schema of `search`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reportgen.study.model.ranges import KINDS, MOST_CHOICES
from reportgen.study.model.search import GOALS, METHODS, MOST_EPOCHS, MOST_SAMPLES, MOST_SEEDS, MOST_STAGES

Schema = dict[str, Any]


def search_schema(paths: Sequence[str], deeper: str, metrics: Sequence[str]) -> Schema:
    """Return the schema of `search`.

    Parameters
    ----------
    paths : the settings that can be searched.
    deeper : the pattern of paths that continue into these settings.
    metrics : the metrics that can select the best trial.
    """
    whole = {
        "type": "object",
        "properties": _options(metrics) | {path: _range({"$ref": f"#/definitions/{path}"}) for path in paths},
        "patternProperties": {deeper: _range({})},
        "additionalProperties": False,
    }
    return {"anyOf": [whole, {"enum": [None, False, "none"]}]}


def _options(metrics: Sequence[str]) -> Schema:
    stages = {"type": "array", "items": _stage(), "minItems": 1, "maxItems": MOST_STAGES}
    return {
        "method": {"enum": list(METHODS), "default": "random"},
        "samples": _count(MOST_SAMPLES),
        "metric": {"enum": list(metrics), "default": "val_accuracy"},
        "goal": {"enum": list(GOALS)},
        "seeds": _count(MOST_SEEDS),
        "repeat": {"type": "boolean", "default": False},
        "stages": {"anyOf": [_count(MOST_STAGES), stages]},
    }


def _stage() -> Schema:
    part = {"type": "number", "exclusiveMinimum": 0, "maximum": 1}
    own = {"samples": _count(MOST_SAMPLES), "epochs": _count(MOST_EPOCHS), "shrink": part, "seeds": _count(MOST_SEEDS)}
    return {"type": "object", "properties": own, "additionalProperties": False}


def _count(most: int) -> Schema:
    return {"type": "integer", "minimum": 1, "maximum": most}


def _range(value: Schema) -> Schema:
    """Return the schema of a range of numbers, or of choices that match the schema `value`."""
    ends = {kind: _ends("integer" if kind.endswith("integers") else "number") for kind in KINDS if kind != "choices"}
    choices = {"type": "array", "items": value, "minItems": 1, "maxItems": MOST_CHOICES}
    return {
        "type": "object",
        "properties": ends | {"choices": choices, "points": _count(MOST_CHOICES)},
        "oneOf": [{"required": [kind]} for kind in KINDS],
        "additionalProperties": False,
    }


def _ends(kind: str) -> Schema:
    return {"type": "array", "items": {"type": kind}, "minItems": 2, "maxItems": 2}
