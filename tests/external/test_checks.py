"""Consistency of the arrays of external records."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reportgen.errors import StudyError
from reportgen.external.reader import read_records
from tests.external.test_reader import RUN, arrays, save

UNITS = np.repeat([1, 2], [6, 5])


def changed(name: str, place: Any, value: float) -> dict[str, Any]:
    """Return an array with one changed value."""
    values = np.array(arrays()[name], np.float64)
    values[place] = value
    return {name: values}


def confusion(split: str, examples: int, classes: int = 4) -> dict[str, Any]:
    """Return a confusion matrix whose examples all belong to the first class and are predicted as such."""
    counts = np.zeros((classes, classes), np.int64)
    counts[0, 0] = examples
    return {f"{split}_confusion": counts}


BROKEN: dict[str, tuple[dict[str, Any], str, str, list[str]]] = {
    "true and false": ({"step_loss": np.ones(100, bool)}, "wrong-type", "step_loss", ["bool"]),
    "scores after the end": ({"epoch_step": np.arange(0, 201, 40)}, "inconsistent-record", "epoch_step", ["200"]),
    "probes after the end": (
        {"probe_step": np.array([0, 10, 107])},
        "inconsistent-record",
        "probe_step",
        ["107", "step_loss", "100"],
    ),
    "negative rate": ({"epoch_lr": np.full(6, -0.1)}, "out-of-range", "epoch_lr", ["-0.1"]),
    "unknown score": (changed("epoch_val_accuracy", 3, np.nan), "not-finite", "epoch_val_accuracy", ["row 3"]),
    "unknown loss": (changed("epoch_val_loss", 3, np.nan), "not-finite", "epoch_val_loss", ["row 3"]),
    "no weights": (changed("probe_weight_norm", (0, 1), np.nan), "not-finite", "probe_weight_norm", ["layer 2"]),
    "twice dead": ({"probe_unit_dead": np.full((3, 11), 2)}, "out-of-range", "probe_unit_dead", ["2"]),
    "layer 0": ({"unit_layer": UNITS - 1}, "out-of-range", "unit_layer", ["0", "1 to 2"]),
    "other layers": (
        {"unit_layer": np.repeat([1, 2], [5, 6])},
        "inconsistent-record",
        "unit_layer",
        ["layer 1", "5", "6", "network.hidden"],
    ),
    "other examples": (
        confusion("val", 300),
        "inconsistent-record",
        "val_confusion",
        ["300", "facts.val_n", "200"],
    ),
    "no examples": (confusion("val", 0), "empty-value", "val_confusion", []),
    "too many of a class": (
        confusion("train", 101),
        "inconsistent-record",
        "train_confusion",
        ["101", "facts.class_counts", "100"],
    ),
    "no range": (
        {"probe_activation_min": np.ones((3, 3)), "probe_activation_max": np.zeros((3, 3))},
        "inconsistent-record",
        "probe_activation_min",
        ["probe_activation_max"],
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_an_array_that_contradicts_others_is_an_error(tmp_path: Path, name: str) -> None:
    changes, code, array, words = BROKEN[name]
    with pytest.raises(StudyError) as caught:
        read_records(save(tmp_path / "a.npz", **changes))
    assert (caught.value.code, caught.value.where) == (code, f"{tmp_path / 'a.npz'}: {array}")
    assert all(word in f"{caught.value.message} {caught.value.hint}" for word in words)
    assert caught.value.hint


def test_probes_require_probe_step(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as caught:
        read_records(save(tmp_path / "a.npz", probe_step=None))
    assert caught.value.code == "missing-array"
    assert "probe_step" in caught.value.message


def test_a_diverged_run_may_contain_values_that_are_not_finite(tmp_path: Path) -> None:
    """A loss that is not finite at the end means divergence."""
    lost = changed("epoch_val_loss", -1, np.nan) | changed("epoch_val_accuracy", -1, np.nan)
    found = read_records(save(tmp_path / "a.npz", **lost, **changed("probe_weight_norm", -1, np.nan)))[0].record
    assert (found.status, found.stopped_at_step) == ("diverged", 100)
    with pytest.raises(StudyError) as caught:
        read_records(save(tmp_path / "a.npz", RUN | {"status": "ok"}, **lost))
    assert (caught.value.code, caught.value.where) == ("inconsistent-record", f"{tmp_path / 'a.npz'}: status")
    assert "epoch_val_loss" in caught.value.message


def test_records_without_validation_are_valid(tmp_path: Path) -> None:
    """NaN scores are ignored without validation examples, and are an error with them."""
    nothing = {name: np.full(6, np.nan) for name in ("epoch_val_loss", "epoch_val_accuracy")}
    facts = {name: value for name, value in RUN["facts"].items() if name != "val_n"}
    for given in (facts, facts | {"val_n": 0}):
        found = read_records(save(tmp_path / "a.npz", RUN | {"facts": given}, **nothing))[0].record
        assert not any(name.startswith("epoch_val") for name in found.arrays)
        assert "val_accuracy" not in found.final
        assert found.status == "ok"
    with pytest.raises(StudyError) as caught:
        read_records(save(tmp_path / "a.npz", epoch_val_accuracy=np.full(6, np.nan)))
    assert (caught.value.code, caught.value.where) == ("not-finite", f"{tmp_path / 'a.npz'}: epoch_val_accuracy")


def test_unit_layer_is_derived_if_absent(tmp_path: Path) -> None:
    found = read_records(save(tmp_path / "a.npz", probe_unit_dead=np.zeros((3, 11), bool)))[0].record
    assert found.arrays["unit_layer"].tolist() == UNITS.tolist()


def test_a_statistic_with_only_nan_is_omitted(tmp_path: Path) -> None:
    """A statistic that is undefined for these layers is kept."""
    unknown = {f"probe_{name}": np.full((3, 3), np.nan) for name in ("gradient_norm", "saturated_fraction")}
    found = read_records(save(tmp_path / "a.npz", **unknown))[0].record
    assert "probe_gradient_norm" not in found.arrays
    assert "probe_saturated_fraction" in found.arrays


def npy(shape: str, content: bytes) -> bytes:
    """Return the file of an array with an arbitrary shape in its header."""
    head = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head + content


@pytest.mark.parametrize(
    "content",
    [
        npy("(1000000000000,)", b"\0" * 80),
        npy("(100000,)", b"\0" * 80),
        b"no array",
        npy("(3,)" + " " * 20_000, b"\0" * 24),
    ],
    ids=["terabytes", "too long", "no header", "long header"],
)
def test_an_invalid_header_is_an_error(tmp_path: Path, content: bytes) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("step_loss.npy", content)
    with pytest.raises(StudyError) as caught:
        read_records(tmp_path / "a.npz")
    assert (caught.value.code, caught.value.where) == ("invalid-file", f"{tmp_path / 'a.npz'}: step_loss")


def test_a_member_that_is_not_an_array_is_an_error(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("readme.txt", json.dumps(RUN))
    with pytest.raises(StudyError) as caught:
        read_records(tmp_path / "a.npz")
    assert (caught.value.code, caught.value.where) == ("not-an-array", f"{tmp_path / 'a.npz'}: readme.txt")
