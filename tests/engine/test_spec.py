"""Keys of runs."""

from __future__ import annotations

import dataclasses
import hashlib
import json

from reportgen.engine.spec import ENGINE_VERSION, AugmentSpec, PruningSpec
from tests.engine.networks import spec


def augmented(**settings: object) -> dict[str, object]:
    """Return the augmentation in the text from which the key is computed."""
    found: dict[str, object] = json.loads(spec(augment=AugmentSpec(**settings)).canonical())["training"]["augment"]
    return found


def test_settings_of_later_versions_are_part_of_the_key_only_if_they_are_used() -> None:
    assert augmented(shift=2) == {"noise": 0.0, "shift": 2, "flip": False}
    assert augmented(crop=2) == {"noise": 0.0, "shift": 0, "flip": False, "crop": 2}
    assert augmented(crop=2, border="edge")["border"] == "edge"


def test_each_setting_of_the_augmentation_changes_the_key() -> None:
    changes = {"noise": 0.1, "shift": 1, "flip": True, "crop": 1, "border": "edge"}
    assert set(changes) == {field.name for field in dataclasses.fields(AugmentSpec)}
    keys = {spec(augment=AugmentSpec(**{name: value})).key("data") for name, value in changes.items()}
    assert len({*keys, spec(augment=AugmentSpec()).key("data"), spec().key("data")}) == len(changes) + 2


def test_pruning_is_part_of_the_key_only_if_it_is_used() -> None:
    assert "pruning" not in spec().canonical()
    settings = {"sparsity": 0.8, "rounds": 4, "weights": "random", "rewind": 1, "output_rate": 0.25}
    assert set(settings) == {field.name for field in dataclasses.fields(PruningSpec)}
    usual = PruningSpec(0.5, 2)
    keys = {spec(pruning=dataclasses.replace(usual, **{name: value})).key("data") for name, value in settings.items()}
    assert len({*keys, spec(pruning=usual).key("data"), spec().key("data")}) == len(settings) + 2


def test_the_key_is_that_of_the_whole_specification_as_text() -> None:
    run = spec()
    for seed in (0, 1, 10**9):
        one = dataclasses.replace(run, seed=seed)
        text = f"{ENGINE_VERSION}\nprint\n{one.canonical()}"
        assert one.key("print") == hashlib.sha256(text.encode()).hexdigest()[:20]
