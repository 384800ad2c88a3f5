"""The table of settings: values, ranges and descriptions of the models."""

from __future__ import annotations

from typing import Any

import pytest

from reportgen.study.reference.explained import explained, section_models, without_links
from reportgen.study.reference.schema import study_schema
from reportgen.study.syntax.yaml12 import read_value

SETTINGS = {setting.path: setting for setting in explained()}


@pytest.mark.parametrize(
    ("path", "takes"),
    [
        ("title", "text"),
        ("network.bias", "number, or a list"),
        ("network.dropout.rate", "number"),
        ("network.dropout.mode", "`inverted`, `scale_at_test`, `unscaled`"),
        ("training.batch_size", "integer, or `full`"),
        ("training.shuffle", "true, false"),
        ("training.clip_norm", "number"),
        ("claims.measure.layer", "integer, a list, or `first`, `last`, `output`, `hidden`"),
        ("claims.expect.between", "[low, high]"),
    ],
)
def test_values_follow_from_the_type_of_a_setting(path: str, takes: str) -> None:
    assert SETTINGS[path].takes == takes


@pytest.mark.parametrize(
    ("path", "span", "default"),
    [
        ("training.lr", "from 0", "`0.01`"),
        ("training.stop_above", "above 1", "none"),
        ("network.dropout.rate", "from 0 to below 1", "required"),
        ("training.optimizer", "", "`sgd`"),
        ("remedies.limit", "from 0 to 1 000", "`6`"),
    ],
)
def test_ranges_and_defaults_are_those_of_the_models(path: str, span: str, default: str) -> None:
    assert (SETTINGS[path].span, SETTINGS[path].default) == (span, default)


def test_every_setting_appears_once_with_values_and_a_description() -> None:
    assert len(SETTINGS) == len(explained())
    assert all(setting.takes and setting.what for setting in explained())


def test_the_schema_describes_sections_as_the_table_does() -> None:
    definitions = study_schema()["definitions"]
    for section in ("network", "training", "probes", "evaluation"):
        for name, schema in definitions[section.capitalize()]["properties"].items():
            setting = SETTINGS.get(f"{section}.{name}")
            assert setting is None or schema["description"] == without_links(setting.what)


@pytest.mark.parametrize(("path", "model"), section_models().items(), ids=lambda value: str(value))
def test_the_example_of_a_section_is_valid(path: str, model: Any) -> None:
    has_own_message = path in ("network.layers.dense", "network.layers.conv", "network.layers.pool", "claims.expect")
    assert bool(model.example) != has_own_message
    if model.example:
        model.model_validate(read_value(model.example, path).value)


def test_links_become_their_text() -> None:
    assert without_links("[schedule](#schedules) of the rate (see [notes](a.md))") == "schedule of the rate (see notes)"
