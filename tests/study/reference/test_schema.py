"""The JSON Schema accepts valid studies and rejects the errors that an editor can find."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reportgen.errors import StudyError
from reportgen.shipped import shipped_studies
from reportgen.study.loading.loader import dump_study, load_study
from reportgen.study.reference.schema import study_schema
from reportgen.study.syntax.yaml12 import read
from tests.study.plans import NAMES, planned
from tests.study.test_bad_studies import EVERY_BAD
from tests.study.texts import SOUND, added, claim, data, network, training

jsonschema = pytest.importorskip("jsonschema")


@pytest.fixture(scope="module")
def validator() -> Any:
    schema = study_schema()
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def value(text: str) -> Any:
    return json.loads(json.dumps(read(text, "s.yaml").value))


def test_the_schema_declares_draft_7_and_is_plain_json() -> None:
    schema = study_schema()
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    text = json.dumps(schema, allow_nan=False)
    assert "$defs" not in text
    assert "prefixItems" not in text


def test_every_reference_has_a_definition() -> None:
    schema = study_schema()

    def references(part: Any) -> set[str]:
        if isinstance(part, list):
            return set().union(*map(references, part))
        if not isinstance(part, dict):
            return set()
        own = {part["$ref"]} if isinstance(part.get("$ref"), str) else set()
        return own.union(*map(references, part.values()))

    assert references(schema) <= {f"#/definitions/{name}" for name in schema["definitions"]}


@pytest.mark.parametrize("name", NAMES)
def test_shipped_studies_are_valid_as_written_and_as_dumped(validator: Any, name: str) -> None:
    path = Path(shipped_studies()[name])
    validator.validate(value(path.read_text(encoding="utf-8")))
    validator.validate(value(dump_study(planned(name).study)))


GOOD = [
    SOUND,
    data("digits"),
    data("{name: csv, path: a.csv, target: 3}"),
    data("{name: gaussian, samples: 40, keep: {0: 0.5}}"),
    network("{hidden: {layers: 2, width: 5}, activation: {name: leaky_relu, slope: 0.1}, init: he}"),
    network("{hidden: [5, 5], activation: [relu, tanh], bias: [0, 0.1], dropout: [none, 0.5]}"),
    network("{hidden: [], batchnorm: {momentum: 0.5}, dropout: {rate: 0.5, mode: unscaled}}"),
    training("{batch_size: full, clip_norm: none, schedule: {name: warmup, epochs: 1, then: cosine}}"),
    added("preprocess: center\nremedies: false\nseeds: [3, 4]"),
    added(
        "vary: {network.init: [{name: he, label: a}, {name: gaussian, std: 1}], training.lr: [{value: 1, label: b}]}"
    ),
    added("vary: {network.init: [{name: he, id: a}], training.lr: [{value: 1, id: b}, {value: 2, label: c, id: d}]}"),
    added("search: {network.init: {choices: [{name: he, label: a}]}, training.lr: {choices: [{value: 1, label: b}]}}"),
    added("vary: {network.activation.slope: [0.1], data: [digits, {name: moons}]}"),
    added("variants: {a: {training.lr: 1}, b: {}, c: {id: d, training.lr: {value: 2, label: e}}}"),
    added("answer: A text"),
    added("answer: {says: S, claims: [a], contradicted: [b]}"),
    claim(measure="{metric: activation_std, layer: [1, 2], step: 0}", expect="{near: [1, null], rtol: 0.1}"),
]


@pytest.mark.parametrize("text", GOOD)
def test_the_schema_accepts_every_form_of_a_setting(validator: Any, text: str) -> None:
    validator.validate(value(text))


@pytest.mark.parametrize("named", ["{name: he, id: a}", "{name: he, label: b, id: a}", "{value: he, label: b, id: a}"])
@pytest.mark.parametrize(
    "place", ["variants: {a: {network.init: %s}}", "search: {network.init: {choices: [%s, xavier]}}"]
)
def test_the_schema_offers_an_id_only_where_it_has_an_effect(
    validator: Any, tmp_path: Path, place: str, named: str
) -> None:
    text = added(place % named)
    assert not validator.is_valid(value(text))
    (tmp_path / "s.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError):
        load_study(tmp_path / "s.yaml")


SCHEMA_CODES = ("unknown-key", "misplaced-key", "unknown-name", "unknown-value", "wrong-type", "out-of-range")

PLAN_ONLY = {
    "vary into number",
    "vary deep",
    "pca beyond the features",
    "search log zero",
    "search negative",
    "search beyond",
    "search varied method",
    "layer 99",
    "layer of a check",
    "epoch beyond",
    "epoch 0 of batch_loss",
    "update ratio before an update",
    "accuracy in percent",
    "accuracy beyond 1",
    "crop larger than the image",
    "mirrored crop of the whole image",
    "shift larger than the image",
    "shapes classes 13",
    "shapes classes 1",
    "shapes shift 5",
    "pruning sparsity: 0.5, rounds: 2, rewind: 5",
    "pruning without training",
    "round after the last",
    "answer unknown claim",
}
"""Studies whose error depends on other settings, or on the position of the value."""

INSIDE_TEXT = "answer.says"
"""The place of errors inside a text, which a schema does not read."""


def test_the_schema_rejects_unknown_keys_names_and_values_out_of_range(validator: Any) -> None:
    read = [bad for bad in EVERY_BAD if not bad.where.endswith(INSIDE_TEXT)]
    invalid = [bad for bad in read if bad.code in SCHEMA_CODES and not bad.name.startswith("huge")]
    assert len(invalid) > 150
    assert {bad.name for bad in invalid if validator.is_valid(value(bad.raw.decode()))} == PLAN_ONLY
