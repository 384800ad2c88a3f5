"""Files of W&B."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen.errors import StudyError
from reportgen.external.logs.events.wandb import _without_validation_calls, find, read
from tests.external.logs.events import writers
from tests.external.logs.logs import column

NAME = "run-abc123.wandb"
RECORDS = [
    writers.wandb_run("brisk-sun-1", {"lr": 0.1, "model": {"width": 64}, "_wandb": {"version": 1}}),
    *(
        writers.wandb_history(step, {"train/loss": 1 / (step + 1), "epoch": step // 2, "_runtime": 1.5})
        for step in range(4)
    ),
    writers.wandb_history(4, {"val_loss": float("nan"), "epoch": 2, "table": {"_type": "table-file"}}),
]


def write(folder: Path, data: bytes) -> Path:
    path = folder / NAME
    path.write_bytes(data)
    return path


def test_scores_and_settings_of_a_run(tmp_path: Path) -> None:
    path = write(tmp_path, writers.wandb_file(RECORDS))
    assert find(path) == [path]
    assert find(tmp_path) == [tmp_path]
    log = read(tmp_path)
    loss, val = log.columns
    assert (log.name, log.settings) == ("brisk-sun-1", {"lr": 0.1, "model.width": 64})
    assert (loss.name, val.name) == ("train/loss", "val_loss")
    assert loss.values == pytest.approx([1, 1 / 2, 1 / 3, 1 / 4])
    assert loss.steps is not None
    assert loss.steps.tolist() == [0, 1, 2, 3]
    assert loss.epochs is not None
    assert loss.epochs.tolist() == [0, 0, 1, 1]
    assert np.isnan(val.values).all()
    assert log.ignored.keys() == {"table"}


def test_the_step_of_the_trainer_is_preferred(tmp_path: Path) -> None:
    records = [writers.wandb_history(step, {"loss": 1, "trainer/global_step": 50 * step}) for step in range(3)]
    steps = read(write(tmp_path, writers.wandb_file(records))).columns[0].steps
    assert steps is not None
    assert steps.tolist() == [0, 50, 100]


def test_histograms_are_statistics_of_layers(tmp_path: Path) -> None:
    histogram = {"_type": "histogram", "values": [1, 2, 1], "bins": [-1.5, -0.5, 0.5, 1.5]}
    packed = {"_type": "histogram", "values": [1, 2, 1], "packedBins": {"min": -1.5, "size": 1, "count": 3}}
    records = [writers.wandb_history(1, {"loss": 1, "parameters/fc1": histogram, "gradients/fc1": packed})]
    log = read(write(tmp_path, writers.wandb_file(records)))
    values = {(layer, statistic): found.values[0] for layer, statistic, found in log.layers}
    for layer in ("parameters/fc1", "gradients/fc1"):
        assert values[layer, "mean"] == pytest.approx(0)
        assert values[layer, "std"] == pytest.approx(np.sqrt(0.5 + 1 / 12))


def test_records_may_cross_blocks(tmp_path: Path) -> None:
    records = [writers.wandb_history(step, {"loss": step, "text": "x" * 30_000}) for step in range(10)]
    records.append(writers.wandb_history(10, {"loss": 10, "text": "x" * 100_000}))
    log = read(write(tmp_path, writers.wandb_file(records)))
    assert log.columns[0].values.tolist() == list(range(11))
    assert not log.notes


def test_a_damaged_block_does_not_hide_the_next_ones(tmp_path: Path) -> None:
    data = bytearray(writers.wandb_file(writers.wandb_history(step, {"loss": step}) for step in range(3000)))
    assert len(data) > 3 * 2**15
    data[2**15 + 100] ^= 1
    log = read(write(tmp_path, bytes(data)))
    values = log.columns[0].values
    assert 1500 < len(values) < 3000
    assert (values[0], values[-1]) == (0, 2999)
    assert [note.code for note in log.notes] == ["damaged"]


def test_a_truncated_record_is_left_out(tmp_path: Path) -> None:
    log = read(write(tmp_path, writers.wandb_file(RECORDS)[:-3]))
    assert [found.name for found in log.columns] == ["train/loss"]
    assert [note.code for note in log.notes] == ["truncated"]


@pytest.mark.parametrize("data", [b"", b":W&B", b"something else", writers.wandb_file([])])
def test_a_file_without_scores_is_an_error(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(StudyError) as error:
        read(write(tmp_path, data))
    assert error.value.code == "invalid-file"


def read_or_refuse(path: Path) -> None:
    try:
        read(path)
    except StudyError as error:
        assert error.code == "invalid-file"  # noqa: PT017


def test_a_file_may_be_cut_anywhere(tmp_path: Path) -> None:
    data = writers.wandb_file(RECORDS)
    for length in range(len(data)):
        read_or_refuse(write(tmp_path, data[:length]))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 7))
def test_a_flipped_bit_never_gives_a_wrong_value(
    tmp_path_factory: pytest.TempPathFactory, place: int, bit: int
) -> None:
    data = bytearray(writers.wandb_file(RECORDS[1:5]))
    data[place % len(data)] ^= 1 << bit
    try:
        log = read(write(tmp_path_factory.mktemp("flip"), bytes(data)))
    except StudyError:
        return
    assert set(log.columns[0].values) <= {1.0, 1 / 2, 1 / 3, 1 / 4}
    assert log.notes


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=100))
def test_any_record_with_a_right_checksum_is_read(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    item = writers.text(2, writers.text(1, writers.text(1, "a") + writers.text(16, data)))
    records = [*RECORDS, data, writers.text(2, data), writers.text(17, data), writers.text(5, data), item]
    log = read(write(tmp_path_factory.mktemp("any"), writers.wandb_file(records)))
    assert len(log.columns[0].values) >= 4


def test_calls_with_validation_alone_are_no_steps() -> None:
    steps = [float(step) for step in range(12) if step % 4 != 3]
    columns = [column("train/loss", [1.0] * 9, steps=steps), column("val/loss", [1.0] * 3, steps=[3, 7, 11])]
    found, [note] = _without_validation_calls(columns)
    assert [one.steps.tolist() for one in found if one.steps is not None] == [list(range(9)), [2, 5, 8]]
    assert note.code == "calls-as-steps"
    together = [column("train/loss", [1.0] * 4, steps=range(4)), column("val/loss", [1.0] * 2, steps=[1, 3])]
    assert _without_validation_calls(together) == (tuple(together), ())
