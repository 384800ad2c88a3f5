"""Columns that count steps and epochs, under many names or named by the user."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.errors import StudyError
from reportgen.external.logs.collect import read_logs
from reportgen.external.logs.options import LogOptions
from reportgen.runs.training_log import TrainingLog
from tests.external.logs.logs import roles
from tests.external.logs.samples import EPOCHS, TRAIN, VAL, write_rows


def only(path: Path, options: LogOptions | None = None) -> TrainingLog:
    [[log]] = read_logs(path, options or LogOptions()).values()
    return log


def written(folder: Path, counter: str, step: int = 1) -> Path:
    rows = [(step * (k + 1), TRAIN[k], VAL[k] if step == 1 else "") for k in range(EPOCHS)]
    return write_rows(folder / "log.csv", (counter, "Training Loss", "Validation-Loss"), rows)


@pytest.mark.parametrize("counter", ["Ep.", "Epoche", "epoch", "Epoch #"])
def test_epochs_have_many_names(counter: str, tmp_path: Path) -> None:
    log = only(written(tmp_path, counter))
    assert (roles(log), log.unit, log.end) == (
        {"train_loss": "Training Loss", "val_loss": "Validation-Loss"},
        "epoch",
        EPOCHS,
    )


@pytest.mark.parametrize("counter", ["timesteps", "time/total_timesteps", "iter", "Iteration", "n_iter", "batch"])
def test_steps_have_many_names(counter: str, tmp_path: Path) -> None:
    log = only(written(tmp_path, counter, 50))
    assert (log.unit, log.end) == ("step", 50 * EPOCHS)


def test_losses_under_an_unknown_count_are_a_log(tmp_path: Path) -> None:
    assert roles(only(written(tmp_path, "when"))).keys() == {"train_loss", "val_loss"}


def test_the_user_names_the_count(tmp_path: Path) -> None:
    path = written(tmp_path, "when", 50)
    assert only(path, LogOptions(step="when")).end == 50 * EPOCHS
    with pytest.raises(StudyError) as caught:
        only(path, LogOptions(step="wen"))
    assert (caught.value.code, "when" in (caught.value.hint or "")) == ("missing-column", True)
    assert only(written(tmp_path, "when"), LogOptions(epoch="when")).unit == "epoch"


def test_the_columns_are_listed_if_none_has_a_role(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "log.csv", ("Epoche", "Ergebnis"), [(1, 0.5), (2, 0.4)])
    with pytest.raises(StudyError) as caught:
        only(path)
    assert (caught.value.code, "Ergebnis" in (caught.value.hint or "")) == ("unknown-columns", True)


@pytest.mark.parametrize(
    ("counter", "options"), [("epoch", {"step": "global_step"}), ("global_step", {"epoch": "Ep."})]
)
def test_a_usual_name_that_the_log_lacks_is_an_error(counter: str, options: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(StudyError) as error:
        only(written(tmp_path, counter, 50), LogOptions(**options))
    assert error.value.code == "missing-column"
