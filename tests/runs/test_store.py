"""The store: what was saved comes back, and what was damaged is absent."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
import time

import numpy as np
import pytest

from reportgen import disk
from reportgen.engine.spec import SCORES
from reportgen.errors import StoreError
from reportgen.runs.store import Store, plain
from tests.runs.records import FINGERPRINT, planned, record, same

RUN = planned()


@pytest.fixture
def store(tmp_path):
    """A store with one run in it."""
    store = Store(tmp_path / "runs")
    store.save(record(RUN))
    return store


def _files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_record_comes_back_as_it_was(store):
    assert same(store.load(RUN, FINGERPRINT), record(RUN))


@pytest.mark.parametrize("status", ["diverged", "stopped", "failed"])
def test_every_status_comes_back(tmp_path, status):
    made = record(RUN, status=status, stopped_at_step=3, error="MemoryError: no" if status == "failed" else None)
    Store(tmp_path).save(made)
    assert same(Store(tmp_path).load(RUN, FINGERPRINT), made)


def test_a_run_is_a_folder_of_two_files(store):
    key = RUN.spec.key(FINGERPRINT)
    assert _files(store.folder) == [key, f"{key}/arrays.npz", f"{key}/run.json"]


def test_run_json_is_strict_json_with_spec_versions_and_the_checksum_of_the_arrays(store):
    folder = store.folder / RUN.spec.key(FINGERPRINT)

    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    head = json.loads((folder / "run.json").read_text("utf-8"), parse_constant=refuse)
    assert head["arrays_sha256"] == hashlib.sha256((folder / "arrays.npz").read_bytes()).hexdigest()
    assert head["spec"]["seed"] == 0
    assert head["final"]["test_loss"] is None
    assert head["facts"]["input_std"] == 0.1 + 0.2
    assert list(head)[-1] == "checksum"


def test_absent_run_is_none(store):
    assert store.load(planned(seed=1), FINGERPRINT) is None
    assert store.load(RUN, "other data") is None
    assert Store(store.folder / "nowhere").load(RUN, FINGERPRINT) is None


def test_numbers_of_numpy_are_stored_as_numbers(tmp_path):
    facts = {"n": np.int64(3), "mean": np.float32(0.5), "counts": np.array([1, 2]), "lost": np.float64("nan")}
    Store(tmp_path).save(record(RUN, facts=facts))
    back = Store(tmp_path).load(RUN, FINGERPRINT)
    assert back.facts == {"n": 3, "mean": 0.5, "counts": [1, 2], "lost": None}


def test_plain_turns_what_json_lacks_into_null():
    assert plain({"a": float("inf"), "b": (1, np.nan), "c": {2, 1}}) == {"a": None, "b": [1, None], "c": [1, 2]}


def _truncate(path):
    path.write_bytes(path.read_bytes()[:-100])


def _flip_a_bit(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def _empty(path):
    path.write_bytes(b"")


def _delete(path):
    path.unlink()


def _make_folder(path):
    path.unlink()
    path.mkdir()


def _foreign(path):
    path.write_bytes(b"[" * 100_000)


@pytest.mark.parametrize("file", ["arrays.npz", "run.json"])
@pytest.mark.parametrize("damage", [_truncate, _flip_a_bit, _empty, _delete, _make_folder, _foreign])
def test_a_damaged_run_is_absent_and_can_be_saved_again(store, file, damage):
    damage(store.folder / RUN.spec.key(FINGERPRINT) / file)
    assert store.load(RUN, FINGERPRINT) is None
    store.save(record(RUN))
    assert same(store.load(RUN, FINGERPRINT), record(RUN))


def test_every_single_flipped_byte_of_run_json_is_noticed_or_harmless(store):
    path = store.folder / RUN.spec.key(FINGERPRINT) / "run.json"
    content = path.read_bytes()
    for position in range(0, len(content), 7):
        path.write_bytes(content[:position] + bytes([content[position] ^ 4]) + content[position + 1 :])
        back = store.load(RUN, FINGERPRINT)
        assert back is None or same(back, record(RUN))


def test_arrays_of_another_run_are_noticed(store):
    other = planned(seed=1)
    store.save(record(other))
    mine, theirs = (store.folder / run.spec.key(FINGERPRINT) for run in (RUN, other))
    shutil.copy(theirs / "arrays.npz", mine / "arrays.npz")
    assert store.load(RUN, FINGERPRINT) is None


def test_a_run_under_another_key_is_noticed(store):
    other = planned(seed=1)
    shutil.copytree(store.folder / RUN.spec.key(FINGERPRINT), store.folder / other.spec.key(FINGERPRINT))
    assert store.load(other, FINGERPRINT) is None


def test_a_file_in_the_place_of_the_folder_is_replaced(tmp_path):
    path = tmp_path / RUN.spec.key(FINGERPRINT)
    path.write_text("foreign", encoding="utf-8")
    store = Store(tmp_path)
    assert store.load(RUN, FINGERPRINT) is None
    store.save(record(RUN))
    assert same(store.load(RUN, FINGERPRINT), record(RUN))
    assert _files(tmp_path)[0] == path.name


def test_a_disk_that_refuses_is_a_store_error(tmp_path):
    (tmp_path / "runs").write_text("a file", encoding="utf-8")
    with pytest.raises(StoreError) as caught:
        Store(tmp_path / "runs").save(record(RUN))
    assert caught.value.code == "not-writable"
    assert caught.value.where == str(tmp_path / "runs" / record(RUN).key)


def test_concurrent_writers_of_one_run_leave_one_whole_run(tmp_path):
    store, errors = Store(tmp_path / "runs"), []

    def write():
        try:
            for _ in range(15):
                store.save(record(RUN))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert same(store.load(RUN, FINGERPRINT), record(RUN))
    assert len(list(store.folder.iterdir())) == 1


def test_what_a_killed_writer_left_is_swept_away_and_what_lives_stays(store, monkeypatch):
    dead = store.folder / f"{disk.PREFIX}{disk.platform.node()}-999999999-abcd"
    foreign = store.folder / f"{disk.PREFIX}elsewhere-1-abcd"
    for folder in (dead, foreign):
        folder.mkdir()
        (folder / "arrays.npz").write_bytes(b"half")
    monkeypatch.setattr(disk, "_alive", lambda process: process != 999999999)
    store.sweep()
    assert not dead.exists()
    assert foreign.exists()
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 2 * disk.ABANDONED_SECONDS)
    store.sweep()
    assert not foreign.exists()
    assert same(store.load(RUN, FINGERPRINT), record(RUN))


def test_a_writer_whose_folder_was_swept_writes_again(tmp_path, monkeypatch):
    store, swept = Store(tmp_path), []
    original = disk.sync_folder

    def sweep_once(folder):
        if not swept and folder.name.startswith(disk.PREFIX):
            swept.append(folder)
            shutil.rmtree(folder)
        original(folder)

    monkeypatch.setattr(disk, "sync_folder", sweep_once)
    store.save(record(RUN))
    assert swept
    assert same(store.load(RUN, FINGERPRINT), record(RUN))


def test_scores_come_back_in_their_order(store):
    assert tuple(store.load(RUN, FINGERPRINT).final) == SCORES
