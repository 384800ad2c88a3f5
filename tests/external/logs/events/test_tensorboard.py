"""Event files of TensorBoard, as PyTorch, Lightning, Keras and TensorFlow write them."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from reportgen.external.logs.events.tensorboard import find, read
from reportgen.external.logs.raw import RawColumn, RawLog
from tests.external.logs.events import writers

NAME = "events.out.tfevents.1700000000.host.1.0"


def column(log: RawLog, name: str) -> RawColumn:
    return next(column for column in log.columns if column.name == name)


def codes(log: RawLog) -> list[str]:
    return [note.code for note in log.notes]


def test_scalars_have_their_steps_and_values(tmp_path: Path) -> None:
    frames = [writers.event(step, writers.scalar("train/loss", 1 / step)) for step in (1, 2, 300)]
    write = writers.write_events(tmp_path / NAME, *frames, writers.event(300, writers.scalar("val/loss", float("nan"))))
    assert find(write) == [write]
    assert find(tmp_path) == [tmp_path]
    log = read(tmp_path)
    loss = column(log, "train/loss")
    assert loss.steps is not None
    assert loss.steps.tolist() == [1, 2, 300]
    assert loss.values == pytest.approx([1, 0.5, 1 / 300])
    assert np.isnan(column(log, "val/loss").values).all()
    assert not log.notes


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (1, writers.text(4, struct.pack("<f", 2.5))),
        (1, writers.text(5, struct.pack("<f", 2.5))),
        (1, writers.single(5, 2.5)),
        (2, writers.text(4, struct.pack("<d", 2.5))),
        (2, writers.double(6, 2.5)),
        (19, writers.text(4, struct.pack("<e", 2.5))),
        (19, writers.text(13, writers.varint(int.from_bytes(struct.pack("<e", 2.5), "little")))),
        (14, writers.text(4, struct.pack("<f", 2.5)[2:])),
    ],
)
@pytest.mark.parametrize("shape", [(), (1,)])
def test_tensors_of_one_element_are_scalars(tmp_path: Path, kind: int, content: bytes, shape: tuple[int]) -> None:
    writers.write_events(tmp_path / NAME, writers.event(1, writers.tensor("loss", kind, content, shape)))
    assert column(read(tmp_path), "loss").values.tolist() == [2.5]


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (3, writers.text(4, struct.pack("<i", 7))),
        (3, writers.text(7, writers.varint(7))),
        (9, writers.whole(10, 7)),
        (9, writers.text(4, struct.pack("<q", 7))),
        (4, writers.text(4, bytes([7]))),
    ],
)
def test_tensors_of_whole_numbers_are_scalars(tmp_path: Path, kind: int, content: bytes) -> None:
    writers.write_events(tmp_path / NAME, writers.event(1, writers.tensor("loss", kind, content)))
    assert column(read(tmp_path), "loss").values.tolist() == [7]


def test_a_tensor_of_several_numbers_is_no_scalar(tmp_path: Path) -> None:
    content = writers.text(4, struct.pack("<2f", 1, 2))
    frames = [
        writers.event(1, writers.tensor("pair", 1, content, (2,))),
        writers.event(1, writers.tensor("words", 7, writers.text(8, "text"))),
        writers.event(1, writers.scalar("loss", 1)),
    ]
    writers.write_events(tmp_path / NAME, *frames)
    log = read(tmp_path)
    assert [found.name for found in log.columns] == ["loss"]
    assert log.ignored.keys() == {"pair", "words"}


def test_histograms_give_mean_and_standard_deviation_exactly(tmp_path: Path) -> None:
    values = np.array([1.0, 2.0, 4.0, 9.0])
    moments = (len(values), values.sum(), (values**2).sum())
    writers.write_events(tmp_path / NAME, writers.event(3, writers.histogram("fc1.weight", *moments)))
    log = read(tmp_path)
    found = {(layer, statistic): found.values[0] for layer, statistic, found in log.layers}
    assert found == {
        ("fc1.weight", "mean"): pytest.approx(values.mean()),
        ("fc1.weight", "std"): pytest.approx(values.std()),
    }
    assert not log.notes


def test_buckets_give_mean_and_standard_deviation_about(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(1, 2, 10_000)
    counts, edges = np.histogram(values, 60)
    content = np.column_stack([edges[:-1], edges[1:], counts]).astype("<f8").tobytes()
    value = writers.tensor("dense/kernel/histogram", 2, writers.text(4, content), (60, 3))
    writers.write_events(tmp_path / NAME, writers.event(0, value))
    log = read(tmp_path)
    found = {(layer, statistic): found.values[0] for layer, statistic, found in log.layers}
    assert found["dense/kernel", "mean"] == pytest.approx(values.mean(), abs=0.02)
    assert found["dense/kernel", "std"] == pytest.approx(values.std(), rel=0.01)
    assert codes(log) == ["approximate-statistics"]


def test_hyperparameters_are_settings(tmp_path: Path) -> None:
    values = {"lr": 0.1, "optimizer": "adam", "amsgrad": True}
    frames = (writers.event(0, writers.hyperparameters(values)), writers.event(1, writers.scalar("loss", 1)))
    writers.write_events(tmp_path / NAME, *frames)
    assert read(tmp_path).settings == values


def test_files_of_one_run_are_joined_by_time(tmp_path: Path) -> None:
    first = writers.event(1, writers.scalar("loss", 3), wall=10)
    second = writers.event(2, writers.scalar("loss", 2), wall=20)
    writers.write_events(tmp_path / "b.tfevents", first, wall=10)
    writers.write_events(tmp_path / "a.tfevents", second, wall=20)
    assert column(read(tmp_path), "loss").values.tolist() == [3, 2]


def test_keras_writes_training_and_validation_into_folders(tmp_path: Path) -> None:
    for name, scale in (("train", 1.0), ("validation", 2.0)):
        frames = [writers.event(epoch, writers.scalar("epoch_loss", scale / (epoch + 1))) for epoch in range(3)]
        if name == "validation":
            frames += [writers.event(100 * epoch, writers.scalar("x_vs_iterations", 1)) for epoch in (1, 2, 3)]
        writers.write_events(tmp_path / name / NAME, *frames)
    assert find(tmp_path) == [tmp_path]
    log = read(tmp_path)
    loss = column(log, "validation/epoch_loss")
    assert loss.resolution == "epoch"
    assert loss.epochs is not None
    assert loss.epochs.tolist() == [0, 1, 2]
    assert loss.steps is not None
    assert loss.steps.tolist() == [100, 200, 300]
    assert log.first_epoch == 0
    assert column(log, "train/epoch_loss").values[0] == 1


def test_subfolders_of_the_writer_of_pytorch_belong_to_the_run(tmp_path: Path) -> None:
    writers.write_events(tmp_path / NAME, writers.event(1, writers.scalar("lr", 1)))
    for name in ("train", "val"):
        path = tmp_path / f"Loss_all_{name}" / NAME
        writers.write_events(path, writers.event(1, writers.scalar("Loss/all", 2)))
    writers.write_events(tmp_path / "1700000000.5" / NAME, writers.event(0, writers.hyperparameters({"bs": 32.0})))
    writers.write_events(tmp_path / "other" / NAME, writers.event(1, writers.scalar("loss", 9)))
    assert find(tmp_path) == [tmp_path, tmp_path / "other"]
    log = read(tmp_path)
    assert {found.name for found in log.columns} == {"lr", "Loss/all/train", "Loss/all/val"}
    assert log.settings == {"bs": 32.0}


def test_epochs_of_lightning_belong_to_all_columns(tmp_path: Path) -> None:
    frames = [
        writers.event(step, writers.scalar("train_loss", 1), writers.scalar("epoch", step // 100))
        for step in (49, 99, 149, 199)
    ]
    writers.write_events(tmp_path / NAME, *frames, writers.event(0, writers.scalar("hp_metric", -1)))
    log = read(tmp_path)
    assert [found.name for found in log.columns] == ["train_loss"]
    epochs = column(log, "train_loss").epochs
    assert epochs is not None
    assert epochs.tolist() == [0, 0, 1, 1]
    assert "hp_metric" in log.ignored
