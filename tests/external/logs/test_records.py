"""Records of scores: archives without a network, or with losses at some steps, are logs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reportgen.errors import StudyError
from reportgen.external.logs.collect import read_logs
from reportgen.external.logs.records import read
from reportgen.runs.training_log import TrainingLog
from reportgen.workflow.diagnose import diagnose_path

LOSSES = np.linspace(2.0, 0.5, 6)
SETTINGS = {"network": {"hidden": [4], "activation": "relu"}, "training": {"lr": 0.1}, "facts": {"classes": 3}}


def saved(folder: Path, run: dict[str, Any] | None = None, **arrays: Any) -> Path:
    path = folder / "run.npz"
    settings: dict[str, Any] = {} if run is None else {"run": json.dumps(run)}
    np.savez(path, **settings, **arrays)
    return path


def only(path: Path) -> TrainingLog:
    [[log]] = read_logs(path).values()
    return log


def test_scores_by_epoch_need_nothing_else(tmp_path: Path) -> None:
    log = only(saved(tmp_path, epoch_train_loss=LOSSES, epoch_val_accuracy=LOSSES / 4))
    assert (log.format, log.unit, [curve.role for curve in log.curves]) == (
        "npz",
        "epoch",
        ["train_loss", "val_accuracy"],
    )
    assert log.curves[0].positions.tolist() == [0, 1, 2, 3, 4, 5]


def test_as_many_rows_as_epochs_have_no_row_before_training(tmp_path: Path) -> None:
    log = only(saved(tmp_path, {"training": {"lr": 0.1, "epochs": 6}}, epoch_train_loss=LOSSES))
    assert log.curves[0].positions.tolist() == [1, 2, 3, 4, 5, 6]


def test_losses_at_some_steps_have_these_steps(tmp_path: Path) -> None:
    steps = np.arange(1, 7) * 50
    log = only(saved(tmp_path, SETTINGS | {"seed": 5}, step_loss=LOSSES, step_loss_step=steps))
    assert (log.curves[0].positions.tolist(), log.log_every) == (steps.tolist(), 50)
    assert (log.seed, log.task.classes, log.settings["training.lr"]) == (5, 3, 0.1)


def test_losses_of_every_step_give_the_steps_of_epochs(tmp_path: Path) -> None:
    log = only(saved(tmp_path, step_loss=np.linspace(2, 1, 50), epoch_train_loss=LOSSES))
    epochs = log.curve("train_loss", "epoch")
    assert epochs is not None
    assert epochs.positions.tolist() == [0, 10, 20, 30, 40, 50]


def test_unknown_first_scores_and_missing_validation_are_left_out(tmp_path: Path) -> None:
    unknown = np.full(6, np.nan)
    log = only(saved(tmp_path, epoch_train_loss=[np.nan, *LOSSES[1:]], epoch_val_loss=unknown))
    assert [(curve.role, curve.values.size) for curve in log.curves] == [("train_loss", 5)]


@pytest.mark.parametrize(
    ("arrays", "code"),
    [
        ({"epoch_train_loss": LOSSES, "epoch_val_los": LOSSES}, "unknown-array"),
        ({"epoch_train_loss": LOSSES, "epoch_val_loss": LOSSES[:3]}, "inconsistent-record"),
        ({"step_loss": LOSSES, "step_loss_step": [1, 2]}, "inconsistent-record"),
        ({"epoch_train_loss": [LOSSES, LOSSES]}, "wrong-shape"),
        ({"epoch_train_loss": np.array(["a"])}, "wrong-type"),
        ({"epoch_train_loss": []}, "empty-value"),
        ({"epoch_train_loss": np.array([{}])}, "object-array"),
    ],
)
def test_an_invalid_array_is_refused(arrays: dict[str, Any], code: str, tmp_path: Path) -> None:
    with pytest.raises(StudyError) as caught:
        read(saved(tmp_path, **arrays))
    assert caught.value.code == code


def test_a_misspelled_setting_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as caught:
        read(saved(tmp_path, {"netwrok": {}}, step_loss=LOSSES))
    assert caught.value.code == "unknown-key"


def test_a_complete_record_is_no_log(tmp_path: Path) -> None:
    diagnosed = diagnose_path(saved(tmp_path, SETTINGS, step_loss=LOSSES))
    assert (len(diagnosed.records), dict(diagnosed.logs)) == (1, {})


def test_a_folder_may_hold_records_and_logs(tmp_path: Path) -> None:
    saved(tmp_path, SETTINGS, step_loss=LOSSES)
    (tmp_path / "scores").mkdir()
    saved(tmp_path / "scores", epoch_train_loss=LOSSES)
    (tmp_path / "log.csv").write_text("epoch,loss\n0,1\n1,0.5\n", encoding="utf-8")
    diagnosed = diagnose_path(tmp_path)
    assert [record.variant for record in diagnosed.records] == ["run"]
    assert sorted(diagnosed.logs) == ["log", "run (log)"]
    assert [diagnosis.variant for diagnosis in diagnosed.diagnoses] == ["run", "log", "run (log)"]
