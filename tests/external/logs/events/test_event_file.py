"""Damaged event files of TensorBoard, and the two ways of reading them."""

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
from tests.external.logs.events import writers
from tests.external.logs.events.test_tensorboard import NAME, codes, column


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


@settings(max_examples=40, deadline=None)
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


@settings(max_examples=60, deadline=None)
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
