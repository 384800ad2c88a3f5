"""Tables of single tools: what their own columns and positions mean."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from reportgen.errors import StudyError
from reportgen.external.logs.collect import read_logs
from reportgen.external.logs.options import LogOptions
from reportgen.runs.training_log import TrainingLog
from tests.external.logs import samples
from tests.external.logs.logs import codes, roles
from tests.external.logs.samples import EPOCHS, TRAIN, VAL, write_rows


def only(path: Path, options: LogOptions | None = None) -> TrainingLog:
    [[log]] = read_logs(path, options or LogOptions()).values()
    return log


def test_lightning_counts_steps_from_zero_and_reads_its_hyperparameters(tmp_path: Path) -> None:
    log = only(samples.lightning(tmp_path))
    assert (log.seed, log.task.classes, log.steps_per_epoch, log.unit) == (3, 10, 10.0, "step")
    losses, val = log.curve("train_loss"), log.curve("val_loss")
    assert losses is not None
    assert val is not None
    assert (losses.resolution, losses.positions[:3].tolist(), val.positions[:2].tolist()) == (
        "step",
        [5, 10, 15],
        [10, 20],
    )


def test_lightning_with_an_almost_empty_column_is_read(tmp_path: Path) -> None:
    rows = [("", 0.7, 0, 31), ("", 0.6, 1, 63), (0.5, "", 1, 49)]
    log = only(write_rows(tmp_path / "metrics.csv", ("train_loss", "val_loss", "epoch", "step"), rows))
    assert [(curve.role, curve.values.size) for curve in log.curves] == [("train_loss", 1), ("val_loss", 2)]


def test_a_validation_after_training_is_left_out(tmp_path: Path) -> None:
    rows = [(epoch, 10 * epoch + 9, VAL[epoch]) for epoch in range(4)]
    path = write_rows(tmp_path / "metrics.csv", ("epoch", "step", "val_loss"), [*rows, (4, 40, 9.0)])
    log = only(path)
    assert (log.curves[0].values.tolist(), codes(log)) == (VAL[:4], {"after-training"})


@pytest.mark.parametrize(
    "text", ["lr: [1, 2\n", "x: !!python/object/apply:os.system ['exit']\n", "\x00", "- 1\n", "a: &a [*a]\n"]
)
def test_hyperparameters_that_cannot_be_read_do_no_harm(text: str, tmp_path: Path) -> None:
    path = samples.lightning(tmp_path)
    (tmp_path / "hparams.yaml").write_text(text, encoding="utf-8")
    assert "train_loss" in roles(only(path))


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_keras_reads_missing_values_and_other_separators(separator: str, tmp_path: Path) -> None:
    rows = [(i, TRAIN[i], "NA" if i % 2 else VAL[i]) for i in range(EPOCHS)]
    log = only(write_rows(tmp_path / "log.csv", ("epoch", "loss", "val_loss"), rows, separator))
    val = log.curve("val_loss")
    assert val is not None
    assert (log.format, val.positions.tolist()) == ("keras-csv", [1, 3, 5, 7, 9, 11])


def keras_of(folder: Path, epochs: Sequence[int], losses: Sequence[float]) -> TrainingLog:
    return only(write_rows(folder / "log.csv", ("epoch", "loss"), list(zip(epochs, losses, strict=True))))


@pytest.mark.parametrize(("first", "end"), [(0, 3), (1, 3), (10, 13)])
def test_keras_counts_epochs_from_zero_also_after_an_initial_epoch(first: int, end: int, tmp_path: Path) -> None:
    assert keras_of(tmp_path, range(first, first + 3), [1.0, 0.8, 0.6]).end == end


def test_an_epoch_that_is_always_zero_is_counted(tmp_path: Path) -> None:
    log = keras_of(tmp_path, [0] * 4, [1.0, 0.8, 0.6, 0.5])
    assert (log.end, codes(log)) == (4, {"constant-epoch"})


def test_epochs_that_begin_again_are_counted_on_if_the_loss_goes_on(tmp_path: Path) -> None:
    log = keras_of(tmp_path, [0, 1, 2, 0, 1, 2], [1.0, 0.8, 0.6, 0.5, 0.4, 0.3])
    assert (log.end, log.resumed_at, codes(log)) == (6, (), {"epochs-joined"})


def test_a_history_without_epochs_is_counted(tmp_path: Path) -> None:
    rows = [(i, TRAIN[i], VAL[i], 0.1) for i in range(EPOCHS)]
    log = only(write_rows(tmp_path / "history.csv", ("Unnamed: 0", "loss", "val_loss", "lr"), rows))
    assert (log.format, log.end, log.unit) == ("keras-csv", EPOCHS, "epoch")


def test_metrics_of_fastai_are_of_validation(tmp_path: Path) -> None:
    log = only(samples.fastai(tmp_path))
    assert roles(log) == {"train_loss": "train_loss", "val_loss": "valid_loss", "val_accuracy": "accuracy"}
    assert "04:39" in log.ignored["time"]


def test_timm_logs_accuracies_in_percent(tmp_path: Path) -> None:
    curve = only(samples.timm(tmp_path)).curve("val_accuracy")
    assert curve is not None
    assert curve.values.max() < 1


def test_the_loss_of_ultralytics_is_the_sum_of_its_parts(tmp_path: Path) -> None:
    log = only(samples.ultralytics(tmp_path))
    losses = log.curve("train_loss")
    assert losses is not None
    assert losses.values.tolist() == pytest.approx([2 * loss for loss in TRAIN])
    assert "sum-of-parts" in codes(log)
    assert roles(log)["val_score"] == "metrics/mAP50(B)"


def test_a_chart_of_wandb_holds_several_runs(tmp_path: Path) -> None:
    groups = read_logs(samples.wandb_export(tmp_path))
    assert sorted(groups) == ["calm-sun-1", "wild-sea-2"]
    assert {name: logs[0].curves[0].values[0] for name, logs in groups.items()} == {
        "calm-sun-1": TRAIN[0],
        "wild-sea-2": VAL[0],
    }


def test_dvclive_is_one_run_of_its_folder(tmp_path: Path) -> None:
    log = only(samples.dvclive(tmp_path))
    assert roles(log) == {"train_loss": "train/loss", "val_loss": "eval/loss", "val_accuracy": "eval/accuracy"}
    assert log.settings == {"train.lr": 0.1}


def test_downloads_of_tensorboard_are_joined_to_runs(tmp_path: Path) -> None:
    log = only(samples.tensorboard_export(tmp_path))
    assert roles(log) == {"train_loss": "train/epoch_loss", "val_loss": "validation/epoch_loss"}
    assert log.unit == "epoch"


def test_a_single_download_of_tensorboard_is_named_by_its_file(tmp_path: Path) -> None:
    path = write_rows(
        tmp_path / "run-exp_3-tag-Loss_val.csv", ("Wall time", "Step", "Value"), [(1, 1, 0.5), (2, 2, 0.4)]
    )
    log = only(path)
    assert (log.name, roles(log)) == ("exp_3", {"val_loss": "Loss_val"})


def test_a_history_of_wandb_is_placed_by_its_global_steps(tmp_path: Path) -> None:
    rows = [(k, 50 * (k + 1), loss) for k, loss in enumerate(TRAIN)]
    log = only(write_rows(tmp_path / "run.csv", ("_step", "trainer/global_step", "train/loss"), rows))
    assert log.curves[0].positions.tolist() == [50.0 * (k + 1) for k in range(EPOCHS)]


def test_steps_that_count_epochs_are_epochs(tmp_path: Path) -> None:
    rows = [(k, k + 1, TRAIN[k], VAL[k]) for k in range(EPOCHS)]
    log = only(write_rows(tmp_path / "run.csv", ("_step", "epoch", "train/loss", "val/loss"), rows))
    assert (log.unit, log.end, codes(log)) == ("epoch", EPOCHS, {"epochs-as-steps"})


def test_metrics_downloaded_under_other_names_are_named_by_their_files(tmp_path: Path) -> None:
    for name, values in {"train_loss": TRAIN, "val_loss": VAL}.items():
        rows = [(1, 10 * k, value) for k, value in enumerate(values)]
        write_rows(tmp_path / f"{name}.csv", ("Wall time", "Step", "Value"), rows)
    assert roles(only(tmp_path)) == {"train_loss": "train_loss", "val_loss": "val_loss"}


def test_runs_that_a_column_numbers_are_separate(tmp_path: Path) -> None:
    rows = [(seed, epoch, TRAIN[epoch] + seed, "") for seed in range(3) for epoch in range(EPOCHS)]
    path = write_rows(tmp_path / "all.csv", ("seed", "epoch", "train_loss", "val_loss"), rows)
    groups = read_logs(path)
    logs = [log for group in groups.values() for log in group]
    assert [(log.name, log.seed, log.end, log.resumed_at) for log in logs] == [
        (f"all seed {seed}", seed, EPOCHS, ()) for seed in range(3)
    ]
    assert list(map(len, read_logs(path, LogOptions(together=True)).values())) == [3]


def test_a_table_with_a_row_for_each_run_is_no_log(tmp_path: Path) -> None:
    rows = [(k, 0.1, 0.2, f"run-{k}") for k in range(5)]
    path = write_rows(tmp_path / "runs.csv", ("epoch", "train_loss", "val_loss", "name"), rows)
    with pytest.raises(StudyError) as caught:
        read_logs(path)
    assert caught.value.code == "unknown-log"


def test_batches_that_begin_again_in_each_epoch_are_counted_on(tmp_path: Path) -> None:
    rows = [(epoch, batch, 1.0 / (1 + 4 * epoch + batch)) for epoch in range(3) for batch in range(4)]
    log = only(write_rows(tmp_path / "log.csv", ("epoch", "batch", "loss"), rows))
    assert (log.unit, log.end, log.resumed_at) == ("step", 12, ())


def test_rows_without_positions_are_steps_if_there_is_no_validation(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "log.csv", ("fit", "x"), [(1.0, 1.0), (0.5, 2.0)])
    log = only(path, LogOptions(columns={"train_loss": "fit"}))
    assert (log.unit, log.end, codes(log)) == ("step", 2, {"rows-counted"})


def test_a_row_without_a_step_has_the_step_of_the_row_before(tmp_path: Path) -> None:
    rows = [(1, 10, 0.5, ""), (1, "", "", 0.6), (2, 20, 0.4, ""), (2, "", "", 0.5)]
    log = only(write_rows(tmp_path / "log.csv", ("epoch", "step", "train_loss", "val_loss"), rows), LogOptions("csv"))
    val = log.curve("val_loss")
    assert val is not None
    assert val.positions.tolist() == [10, 20]
