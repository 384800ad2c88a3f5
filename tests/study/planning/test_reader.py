"""Validation of settings: once for each different section, with the result of a separate validation."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from reportgen.shipped import study_file
from reportgen.study.loading.loader import load_study
from reportgen.study.model.settings import Settings
from reportgen.study.planning.reader import SettingsReader


def written(**training: Any) -> dict[str, Any]:
    return {"data": "moons", "network": {"hidden": [3]}, "training": training}


def test_equal_sections_are_validated_once() -> None:
    reader = SettingsReader()
    first, second = reader.read(written(lr=0.1)), reader.read(written(lr=0.2))
    assert first.data is second.data
    assert first.network is second.network
    assert (first.training.lr, second.training.lr) == (0.1, 0.2)


def test_values_that_python_considers_equal_do_not_share_a_section() -> None:
    reader = SettingsReader()
    assert reader.read(written(shuffle=True)).training.shuffle is True
    with pytest.raises(ValidationError):
        reader.read(written(shuffle=1))


def test_defaults_that_depend_on_another_section_are_not_shared() -> None:
    reader = SettingsReader()
    found = [reader.read(written(epochs=epochs) | {"probes": {"looks": 2}}).probes.examples for epochs in (3, 0, 3)]
    assert found == [256, 1000, 256]


def test_conflicts_between_valid_sections_are_found() -> None:
    reader = SettingsReader()
    reader.read(written() | {"data": "digits"})
    reader.read(written(augment={"flip": True}) | {"data": "digits"})
    with pytest.raises(ValidationError):
        reader.read(written(augment={"flip": True}))


def test_a_loaded_study_has_one_object_for_each_different_section() -> None:
    points = load_study(study_file("init_training")).study.points
    assert len(points) == 72
    different = {
        name: len({id(getattr(point.settings, name)) for point in points}) for name in ("data", "network", "training")
    }
    assert different == {"data": 1, "network": 18, "training": 4}
    assert all(point.settings == Settings.model_validate(_without_search(point.written)) for point in points)


def _without_search(sections: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in sections.items() if name != "search"}
