"""Event files of TensorBoard, as PyTorch, Lightning, Keras and TensorFlow write them."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen.errors import StudyError
from reportgen.external.logs.events import event_file, wire
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


def test_a_truncated_event_is_left_out(tmp_path: Path) -> None:
    path = writers.write_events(tmp_path / NAME, *(writers.event(step, writers.scalar("a", 1)) for step in range(3)))
    path.write_bytes(path.read_bytes()[:-5])
    log = read(path)
    assert len(column(log, "a").values) == 2
    assert codes(log) == ["truncated"]


def test_an_event_with_a_wrong_checksum_is_left_out(tmp_path: Path) -> None:
    frames = [writers.event(step, writers.scalar("a", 1)) for step in range(3)]
    frames[1] = frames[1][:-6] + bytes([frames[1][-6] ^ 1]) + frames[1][-5:]
    log = read(writers.write_events(tmp_path / NAME, *frames))
    steps = column(log, "a").steps
    assert steps is not None
    assert steps.tolist() == [0, 2]
    assert codes(log) == ["damaged"]


def test_reading_ends_where_the_length_of_an_event_is_damaged(tmp_path: Path) -> None:
    frames = [writers.event(step, writers.scalar("a", 1)) for step in range(3)]
    place = len(writers.version() + frames[0])
    frames[1] = bytes([frames[1][0] ^ 4]) + frames[1][1:]
    log = read(writers.write_events(tmp_path / NAME, *frames))
    assert len(column(log, "a").values) == 1
    assert codes(log) == ["damaged"]
    assert str(place) in log.notes[0].text


@pytest.mark.parametrize("data", [b"", b"no events", bytes(100), writers.version()])
def test_a_file_without_values_is_an_error(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / NAME
    path.write_bytes(data)
    with pytest.raises(StudyError) as error:
        read(path)
    assert error.value.code == "invalid-file"


def test_other_files_are_not_found(tmp_path: Path) -> None:
    (tmp_path / "data.tfrecord").write_bytes(writers.frame(writers.text(1, "an example of a data set")))
    (tmp_path / "log.csv").write_text("step,loss\n1,2\n", encoding="utf-8")
    assert find(tmp_path) == []
    assert find(tmp_path / "data.tfrecord") == []


def test_compiled_and_interpreted_scans_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frames = [
        writers.event(
            2**step - 1,
            writers.scalar("a", step),
            writers.tensor("b", 1, writers.text(4, struct.pack("<f", step))),
            writers.histogram("h", 2, step, step * step),
        )
        for step in range(40)
    ]
    frames[7] = frames[7][:-1] + b"\x00"
    frames[30] = b"\xff" + frames[30][1:]
    path = writers.write_events(tmp_path / NAME, *frames, writers.event(-1, writers.scalar("a", 1)))
    small = read(path)
    monkeypatch.setattr(event_file, "INTERPRETED_BYTES", 0)
    large = read(path)
    assert [note.text for note in small.notes] == [note.text for note in large.notes]
    assert len(small.columns) == len(large.columns) == 2
    for one, other in zip(small.columns, large.columns, strict=True):
        np.testing.assert_array_equal(one.values, other.values)
        np.testing.assert_array_equal(one.steps, other.steps)


def test_small_parts_give_the_same_as_the_whole_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frames = [writers.event(step, writers.scalar(f"tag{step % 3}", step)) for step in range(50)]
    path = writers.write_events(tmp_path / NAME, *frames, writers.event(50, writers.scalar("x" * 500, 1)))
    whole = read(path)
    monkeypatch.setattr(event_file, "CHUNK_BYTES", 64)
    monkeypatch.setattr(event_file, "ROWS", 1)
    parts = read(path)
    assert [found.values.tolist() for found in whole.columns] == [found.values.tolist() for found in parts.columns]
    assert not parts.notes


SAMPLE = writers.version() + b"".join(
    [
        writers.event(1, writers.scalar("loss", 1.0), writers.hyperparameters({"lr": 0.1})),
        writers.event(2, writers.tensor("b", 1, writers.text(4, struct.pack("<f", 1)))),
        writers.event(3, writers.histogram("h", 2, 1, 1)),
    ]
)


def check_damaged(path: Path, data: bytes) -> None:
    """Damaged bytes give a run or a StudyError."""
    path.write_bytes(data)
    try:
        assert read(path).columns is not None
    except StudyError as error:
        assert error.code == "invalid-file"  # noqa: PT017


def test_a_file_may_be_cut_anywhere(tmp_path: Path) -> None:
    for length in range(len(SAMPLE)):
        check_damaged(tmp_path / NAME, SAMPLE[:length])


@settings(max_examples=200, deadline=None)
@given(place=st.integers(0, len(SAMPLE) - 1), bit=st.integers(0, 7))
def test_a_flipped_bit_never_gives_a_wrong_value(
    tmp_path_factory: pytest.TempPathFactory, place: int, bit: int
) -> None:
    data = bytearray(SAMPLE)
    data[place] ^= 1 << bit
    path = tmp_path_factory.mktemp("flip") / NAME
    path.write_bytes(data)
    try:
        log = read(path)
    except StudyError:
        return
    assert codes(log)
    assert all(found.values.tolist() == [1.0] for found in log.columns)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=120))
def test_any_message_with_a_right_checksum_is_read(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """Flipped bits hardly ever pass the checksum, so the messages themselves are drawn at random too."""
    path = tmp_path_factory.mktemp("any") / NAME
    value = writers.text(1, "t") + data
    frames = (
        writers.frame(data),
        writers.event(1, value),
        writers.event(1, writers.text(1, "t") + writers.text(8, data)),
    )
    histogram = writers.event(1, writers.text(1, "t") + writers.text(5, data))
    plugin = writers.event(1, writers.text(1, "t") + writers.text(9, data))
    check_damaged(path, writers.version() + b"".join(frames) + histogram + plugin)


def test_the_checksum_is_crc32c() -> None:
    assert writers.crc32c(b"123456789") == 0xE3069283
    data = b"123456789"
    assert wire.masked_crc(data, 0, 9, wire.CRC_TABLE.tolist()) == int.from_bytes(writers.masked(data), "little")
