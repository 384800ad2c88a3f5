"""Scores by epoch without a row for the network before training, or with an unknown one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reportgen.external.reader import read_records
from tests.external.test_reader import RUN, arrays, save

AFTER = {name: values[1:] for name, values in arrays().items() if name.startswith("epoch_")}


def with_training(**training: Any) -> dict[str, Any]:
    return RUN | {"training": RUN["training"] | training}


@pytest.mark.parametrize("how", ["steps", "epochs", "batches"])
def test_a_missing_first_row_is_added(tmp_path: Path, how: str) -> None:
    """Its losses are the loss of the first minibatch; its accuracies stay unknown."""
    given: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "steps": (RUN, {"epoch_step": np.arange(20, 101, 20)}),
        "epochs": (with_training(epochs=5, batch_size=7), {}),
        "batches": (RUN, {}),
    }
    run, more = given[how]
    found = read_records(save(tmp_path / "a.npz", run, **AFTER, **more))[0].record
    assert found.epochs("step").tolist() == [0, 20, 40, 60, 80, 100]
    assert found.spec.training.epochs == 5
    assert found.epochs("train_loss")[0] == found.epochs("val_loss")[0] == pytest.approx(1.4)
    assert found.epochs("train_loss")[1:].tolist() == AFTER["epoch_train_loss"].tolist()
    assert np.isnan(found.epochs("val_accuracy")[0])
    assert found.final["val_accuracy"] == pytest.approx(0.85)
    assert found.status == "ok"


def test_an_existing_first_row_is_kept(tmp_path: Path) -> None:
    for run in (RUN, with_training(epochs=5), with_training(epochs=7), with_training(batch_size="full")):
        found = read_records(save(tmp_path / "a.npz", run))[0].record
        assert found.epochs("train_accuracy").tolist() == pytest.approx(arrays()["epoch_train_accuracy"].tolist())


def test_a_first_row_may_be_unknown(tmp_path: Path) -> None:
    unknown = {name: np.concatenate([[np.nan], values]) for name, values in AFTER.items()}
    found = read_records(save(tmp_path / "a.npz", **unknown))[0].record
    assert (found.status, len(found.epochs("step"))) == ("ok", 6)
    assert found.epochs("val_loss")[0] == pytest.approx(1.4)
