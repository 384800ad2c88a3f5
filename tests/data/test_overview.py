"""The overview of a data set shows classes and ranges, and notes likely mistakes of tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reportgen.data import load
from reportgen.data.datasets import DATASETS
from reportgen.data.overview import Overview, overview
from reportgen.data.spec import DataSpec
from reportgen.errors import StudyError
from reportgen.registry import Component
from reportgen.study.model.components import read_component


def spec(folder: Path, rows: list[str], head: str = "a,b,label", **more: Any) -> DataSpec:
    (folder / "t.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    options = {name: more.pop(name) for name in ("shuffle", "validation") if name in more}
    return DataSpec(read_component({"name": "csv", "path": "t.csv", **more}, DATASETS, "data set"), **options)


def of(folder: Path, labels: list[str], **more: Any) -> Overview:
    """Return the overview of a table of two features with these labels, 20 rows each."""
    rng = np.random.default_rng(0)
    rows = [f"{a:.3f},{b:.3f},{label}" for label in labels for a, b in rng.standard_normal((20, 2))]
    return overview(spec(folder, rows, **more), 0, folder)


def test_classes_are_counted_in_each_split(tmp_path: Path) -> None:
    found = of(tmp_path, ["x", "y"], validation=0.25)
    assert found.classes == ("x", "y")
    assert found.counts == {"training": (15, 15), "validation": (5, 5)}
    assert found.notes == ()
    assert [feature.name for feature in found.features] == ["a", "b"]
    assert all(feature.low < 0 < feature.high for feature in found.features)


@pytest.mark.parametrize("label", ["nan", "NA", "?", "N/A", "null", "None"])
def test_labels_that_look_missing_are_noted(label: str, tmp_path: Path) -> None:
    (note,) = of(tmp_path, ["x", label]).notes
    assert f"'{label}' (20 examples)" in note


@pytest.mark.parametrize(
    "twins", [("<=50K", "<=50K."), ("1", "1.0"), ("Cat", "cat"), ("new york", "New-York"), ("2", "2e0")]
)
def test_labels_that_differ_only_in_spelling_are_noted(twins: tuple[str, str], tmp_path: Path) -> None:
    (note,) = of(tmp_path, ["7", *twins]).notes
    assert all(f"'{label}'" in note for label in twins)


@pytest.mark.parametrize("pair", [("-1", "1"), ("A", "A-"), ("A+", "A-"), ("<=50K", ">50K"), ("1", "11"), ("a1", "a2")])
def test_different_labels_are_no_twins(pair: tuple[str, str], tmp_path: Path) -> None:
    assert of(tmp_path, list(pair)).notes == ()


def test_classes_of_one_split_only_are_noted(tmp_path: Path) -> None:
    notes = of(tmp_path, ["x", "y", "z"], shuffle=False, validation=0.33).notes
    assert len(notes) == 2
    assert "'z' (20)" in notes[0]


@pytest.mark.parametrize(("labels", "noted"), [("x" * 12 + "y" * 12, True), ("xyxyyxxy" * 3, False)])
def test_sorted_examples_are_noted_if_training_keeps_their_order(labels: str, noted: bool, tmp_path: Path) -> None:
    rows = [f"{n},{n % 7 / 3:.3f},{label}" for n, label in enumerate(labels)]
    data = spec(tmp_path, rows, shuffle=False, validation=0.0)
    assert any("sorted" in note for note in overview(data, 0, tmp_path, shuffles=False).notes) == noted
    assert not any("sorted" in note for note in overview(data, 0, tmp_path).notes)


def test_row_numbers_and_constant_columns_are_noted(tmp_path: Path) -> None:
    rows = [f"{100 + n},1.5,{n * 0.1:.1f},{'xy'[n % 2]}" for n in range(40)]
    found = overview(spec(tmp_path, rows, "id,c,v,label"), 0, tmp_path)
    assert (found.numbering, found.constant) == (("id",), ("c",))
    assert len(found.notes) == 2


def test_another_column_may_be_the_class(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = [f"{n % 3},{rng.normal():.3f},{rng.integers(60)}" for n in range(300)]
    (note,) = overview(spec(tmp_path, rows, "class,a,age"), 0, tmp_path).notes
    assert "'class'" in note
    found = overview(spec(tmp_path, rows, "class,a,age", target="class"), 0, tmp_path)
    assert (found.notes, found.classes) == ((), ("0", "1", "2"))


def test_generated_data_have_numbered_classes() -> None:
    found = overview(DataSpec(Component.of("moons")), 0)
    assert found.classes == ("0", "1")
    assert found.notes == ()


def test_decimal_commas_are_read_with_semicolons(tmp_path: Path) -> None:
    rows = [f"{n},5;{-n},25;{'xy'[n % 2]}" for n in range(1, 41)]
    dataset = load(spec(tmp_path, rows, "a;b;label", decimal="comma"), (), 0, tmp_path)
    assert sorted(dataset.x_train[:, 0] % 1) == [0.5] * len(dataset.x_train)
    assert dataset.class_names == ("x", "y")
    explicit = load(spec(tmp_path, rows, "a;b;label", decimal="comma", separator="semicolon"), (), 0, tmp_path)
    assert (explicit.x_train == dataset.x_train).all()


def test_a_point_is_no_decimal_comma(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as caught:
        load(spec(tmp_path, ["1.5;2,5;x", "2,5;3,5;y"], "a;b;label", decimal="comma"), (), 0, tmp_path)
    assert caught.value.code == "invalid-data"


def test_a_decimal_point_does_not_change_the_component() -> None:
    """Keys of runs that were stored before the setting existed stay the same."""
    plain = read_component({"name": "csv", "path": "t.csv"}, DATASETS, "data set")
    assert read_component({"name": "csv", "path": "t.csv", "decimal": "point"}, DATASETS, "data set") == plain
    assert "decimal" not in dict(plain.params)


def test_another_separator_is_suggested(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as caught:
        load(spec(tmp_path, ["1.5;2.5;x", "2.5;3.5;y"], "a;b;label"), (), 0, tmp_path)
    assert (caught.value.code, caught.value.setting) == ("missing-column", "separator")


def test_a_text_column_may_be_the_class(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as caught:
        load(spec(tmp_path, ["x,2.5,1", "y,3.5,2"], "kind,a,b"), (), 0, tmp_path)
    assert "target: kind" in (caught.value.hint or "")
