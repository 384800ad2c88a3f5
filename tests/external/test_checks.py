"""Arrays of records that users bring: those that cannot be beside one another, and those that can."""

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
    """One array with another value in one place."""
    values = np.array(arrays()[name], np.float64)
    values[place] = value
    return {name: values}


def confusion(split: str, examples: int, classes: int = 4) -> dict[str, Any]:
    """Counts of examples that are all in the first class and taken for it."""
    counts = np.zeros((classes, classes), np.int64)
    counts[0, 0] = examples
    return {f"{split}_confusion": counts}


BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "true and false": ({"step_loss": np.ones(100, bool)}, "step_loss holds bool"),
    "scores after the end": (
        {"epoch_step": np.arange(0, 201, 40)},
        "ends at 200",
    ),
    "looks after the end": ({"probe_step": np.array([0, 10, 107])}, "probe_step ends at 107, and step_loss has 100"),
    "looks at no step": ({"probe_step": None}, "probe_step is missing"),
    "negative rate": ({"epoch_lr": np.full(6, -0.1)}, "epoch_lr holds -0.1"),
    "unknown score": (changed("epoch_val_accuracy", 3, np.nan), "epoch_val_accuracy holds nan in row 3"),
    "unknown loss": (changed("epoch_val_loss", 3, np.nan), "epoch_val_loss holds nan in row 3"),
    "no weights": (changed("probe_weight_norm", (0, 1), np.nan), "holds nan for layer 2 in look 0"),
    "twice dead": ({"probe_unit_dead": np.full((3, 11), 2)}, "probe_unit_dead holds 2"),
    "layer 0": ({"unit_layer": UNITS - 1}, r"unit_layer holds 0 .*from 1 to 2"),
    "other layers": ({"unit_layer": np.repeat([1, 2], [5, 6])}, "gives layer 1 5 units, and network.hidden 6"),
    "other examples": (confusion("val", 300), "val_confusion counts 300 examples, and facts.val_n is 200"),
    "no examples": (confusion("val", 0), "val_confusion counts no example"),
    "too many of a class": (confusion("train", 101), "101 examples of class 0, and facts.class_counts 100"),
    "no range": (
        {"probe_activation_min": np.ones((3, 3)), "probe_activation_max": np.zeros((3, 3))},
        "probe_activation_min holds 1 where probe_activation_max holds 0",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_an_array_that_cannot_be_beside_the_others_is_named(tmp_path: Path, name: str) -> None:
    changes, words = BROKEN[name]
    with pytest.raises(StudyError, match=words) as error:
        read_records(save(tmp_path / "a.npz", **changes))
    assert error.value.hint


def test_a_run_that_diverged_may_hold_anything(tmp_path: Path) -> None:
    """A loss at the end that is not finite says so itself, after the last step too."""
    lost = changed("epoch_val_loss", -1, np.nan) | changed("epoch_val_accuracy", -1, np.nan)
    found = read_records(save(tmp_path / "a.npz", **lost, **changed("probe_weight_norm", -1, np.nan)))[0].record
    assert (found.status, found.stopped_at_step) == ("diverged", 100)
    with pytest.raises(StudyError, match="status is 'ok', and epoch_val_loss ends with nan"):
        read_records(save(tmp_path / "a.npz", RUN | {"status": "ok"}, **lost))


def test_no_validation_is_no_error(tmp_path: Path) -> None:
    """Scores of no examples are NaN, and are as good as left out; of a split that there is they are wrong."""
    nothing = {name: np.full(6, np.nan) for name in ("epoch_val_loss", "epoch_val_accuracy")}
    facts = {name: value for name, value in RUN["facts"].items() if name != "val_n"}
    for given in (facts, facts | {"val_n": 0}):
        found = read_records(save(tmp_path / "a.npz", RUN | {"facts": given}, **nothing))[0].record
        assert not any(name.startswith("epoch_val") for name in found.arrays)
        assert "val_accuracy" not in found.final
        assert found.status == "ok"
    with pytest.raises(StudyError, match="epoch_val_accuracy holds nan"):
        read_records(save(tmp_path / "a.npz", epoch_val_accuracy=np.full(6, np.nan)))


def test_the_layer_of_each_unit_follows(tmp_path: Path) -> None:
    found = read_records(save(tmp_path / "a.npz", probe_unit_dead=np.zeros((3, 11), bool)))[0].record
    assert found.arrays["unit_layer"].tolist() == UNITS.tolist()


def test_a_statistic_that_is_nan_throughout_was_not_measured(tmp_path: Path) -> None:
    """One that has no meaning for these layers stays, since nobody could measure it."""
    unknown = {f"probe_{name}": np.full((3, 3), np.nan) for name in ("gradient_norm", "saturated_fraction")}
    found = read_records(save(tmp_path / "a.npz", **unknown))[0].record
    assert "probe_gradient_norm" not in found.arrays
    assert "probe_saturated_fraction" in found.arrays


def npy(shape: str, content: bytes) -> bytes:
    """An array's file with a header that says what it likes."""
    head = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head + content


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            npy("(1000000000000,)", b"\0" * 80),
            r"which takes 8000000000000 bytes, and has 80",
        ),
        (npy("(100000,)", b"\0" * 80), "which takes 800000 bytes"),
        (b"no array", "step_loss has no header"),
        (npy("(3,)" + " " * 20_000, b"\0" * 24), "step_loss has no header"),
    ],
)
def test_a_header_that_lies_is_not_believed(tmp_path: Path, content: bytes, words: str) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("step_loss.npy", content)
    with pytest.raises(StudyError, match=words):
        read_records(tmp_path / "a.npz")


def test_what_is_no_array_is_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("readme.txt", json.dumps(RUN))
    with pytest.raises(StudyError, match=r"the archive holds readme.txt, which is no array"):
        read_records(tmp_path / "a.npz")
