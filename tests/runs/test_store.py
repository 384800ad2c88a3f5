"""Store of runs: a saved run is loaded unchanged, and a damaged run counts as absent."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
import time

import numpy as np
import pytest

from reportgen import disk
from reportgen.engine.spec import SCORES
from reportgen.errors import StoreError
from reportgen.runs.store import HEAD, Store, dump_record, plain
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


def test_a_saved_record_is_loaded_unchanged(store):
    assert same(store.load(RUN, FINGERPRINT), record(RUN))


@pytest.mark.parametrize("status", ["diverged", "stopped", "failed"])
def test_every_status_is_stored(tmp_path, status):
    made = record(RUN, status=status, stopped_at_step=3, error="MemoryError: no" if status == "failed" else None)
    Store(tmp_path).save(made)
    assert same(Store(tmp_path).load(RUN, FINGERPRINT), made)


def test_a_run_is_stored_as_a_folder_with_two_files(store):
    key = RUN.spec.key(FINGERPRINT)
    assert _files(store.folder) == [key, f"{key}/arrays.npz", f"{key}/run.json"]


def test_run_json_is_strict_json_with_spec_scores_and_checksums(store):
    folder = store.folder / RUN.spec.key(FINGERPRINT)

    def refuse(constant):
        raise AssertionError(f"{constant} is not valid JSON")

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


def test_numpy_numbers_are_stored_as_numbers(tmp_path):
    facts = {"n": np.int64(3), "mean": np.float32(0.5), "counts": np.array([1, 2]), "unknown": np.float64("nan")}
    Store(tmp_path).save(record(RUN, facts=facts))
    back = Store(tmp_path).load(RUN, FINGERPRINT)
    assert back.facts == {"n": 3, "mean": 0.5, "counts": [1, 2], "unknown": None}


def test_plain_replaces_values_without_json_equivalent_by_none():
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
def test_a_damaged_run_counts_as_absent_and_can_be_saved_again(store, file, damage):
    damage(store.folder / RUN.spec.key(FINGERPRINT) / file)
    assert store.load(RUN, FINGERPRINT) is None
    store.save(record(RUN))
    assert same(store.load(RUN, FINGERPRINT), record(RUN))


def test_a_flipped_bit_in_run_json_is_detected_or_harmless(store):
    path = store.folder / RUN.spec.key(FINGERPRINT) / "run.json"
    content = path.read_bytes()
    for position in range(0, len(content), 7):
        path.write_bytes(content[:position] + bytes([content[position] ^ 4]) + content[position + 1 :])
        back = store.load(RUN, FINGERPRINT)
        assert back is None or same(back, record(RUN))


def test_arrays_of_another_run_are_detected(store):
    other = planned(seed=1)
    store.save(record(other))
    mine, theirs = (store.folder / run.spec.key(FINGERPRINT) for run in (RUN, other))
    shutil.copy(theirs / "arrays.npz", mine / "arrays.npz")
    assert store.load(RUN, FINGERPRINT) is None


def test_a_run_under_another_key_is_detected(store):
    other = planned(seed=1)
    shutil.copytree(store.folder / RUN.spec.key(FINGERPRINT), store.folder / other.spec.key(FINGERPRINT))
    assert store.load(other, FINGERPRINT) is None


def test_a_run_of_another_seed_under_the_key_of_a_run_is_detected(tmp_path):
    store, first, second = Store(tmp_path), planned(0), planned(1)
    head, arrays = dump_record(record(second))
    values = json.loads(head) | {"key": first.spec.key(FINGERPRINT)}
    values["checksum"] = disk.checksum(values)
    store.save_bytes(values["key"], json.dumps(values).encode(), arrays)
    assert store.load(first, FINGERPRINT) is None
    assert HEAD in store.fault(first, FINGERPRINT)


def test_a_file_at_the_path_of_a_run_is_replaced(tmp_path):
    path = tmp_path / RUN.spec.key(FINGERPRINT)
    path.write_text("foreign", encoding="utf-8")
    store = Store(tmp_path)
    assert store.load(RUN, FINGERPRINT) is None
    store.save(record(RUN))
    assert same(store.load(RUN, FINGERPRINT), record(RUN))
    assert _files(tmp_path)[0] == path.name


def test_an_error_of_the_disk_is_a_store_error(tmp_path):
    (tmp_path / "runs").write_text("a file", encoding="utf-8")
    with pytest.raises(StoreError) as caught:
        Store(tmp_path / "runs").save(record(RUN))
    assert caught.value.code == "not-writable"
    assert caught.value.where == str(tmp_path / "runs" / record(RUN).key)


def test_concurrent_writers_of_one_run_leave_one_complete_run(tmp_path):
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


def test_a_writer_keeps_a_run_that_another_process_stored_in_the_meantime(store, monkeypatch):
    """The other process stores its run after this one has moved the old folder aside."""
    other, replace = record(RUN, train_seconds=9.0), os.replace

    def replace_and_store_other(source, target):
        replace(source, target)
        monkeypatch.setattr(os, "replace", replace)
        store.save(other)

    monkeypatch.setattr(os, "replace", replace_and_store_other)
    store.save(record(RUN))
    assert same(store.load(RUN, FINGERPRINT), other)
    assert len(list(store.folder.iterdir())) == 1


def test_sweep_removes_folders_of_dead_writers_and_keeps_those_of_live_ones(store, monkeypatch):
    dead = store.folder / f"{disk.PREFIX}{disk.process_space()}-999999999-abcd"
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


def test_a_writer_whose_folder_was_swept_stores_its_run_again(tmp_path, monkeypatch):
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


def test_scores_keep_their_order(store):
    assert tuple(store.load(RUN, FINGERPRINT).final) == SCORES
