"""Crash safety: after a crash at any disk operation, a run is the old one, the new one or absent, never a mixture."""

from __future__ import annotations

import builtins
import os
import shutil
import zipfile

import pytest

from reportgen import disk
from reportgen.runs.arrays import pack, unpack
from reportgen.runs.record import RunRecord
from reportgen.runs.store import Store, _describe, _record, parse_head
from tests.runs.records import FINGERPRINT, planned, record, same

RUN = planned()
STEPS = ("mkdir", "fsync", "replace", "rename", "rmdir", "unlink")


class Stopped(BaseException):
    """Power failure: no exception handler runs, and nothing more reaches the disk."""


class Disk:
    """Counts disk operations and fails before one of them is carried out."""

    def __init__(self, monkeypatch, stop_at):
        self.count, self.stop_at, self.dead = 0, stop_at, False
        for name in STEPS:
            monkeypatch.setattr(os, name, self._step(getattr(os, name)))
        monkeypatch.setattr(builtins, "open", self._opened(builtins.open))
        monkeypatch.setattr(shutil, "rmtree", self._step(shutil.rmtree))

    def _tick(self):
        if self.dead or self.count == self.stop_at:
            self.dead = True
            raise Stopped
        self.count += 1

    def _step(self, original):
        def step(*args, **kwargs):
            self._tick()
            return original(*args, **kwargs)

        return step

    def _opened(self, original):
        def opened(path, mode="r", *args, **kwargs):
            if "w" not in mode:
                return original(path, mode, *args, **kwargs)
            self._tick()
            return Torn(original(path, mode, *args, **kwargs), self._tick)

        return opened


class Torn:
    """A file whose write operation can fail half-way."""

    def __init__(self, file, tick):
        self.file, self.tick = file, tick

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.file.close()

    def __getattr__(self, name):
        return getattr(self.file, name)

    def write(self, content):
        try:
            self.tick()
        except Stopped:
            self.file.write(content[: len(content) // 2])
            raise
        return self.file.write(content)


def crash_everywhere(monkeypatch, tmp_path, kind, save, prepare=lambda store: None):
    """Crash `save` at every disk operation; return each store and the run that it has after the next start."""
    found = []
    for stop_at in range(200):
        store = kind(tmp_path / str(stop_at))
        prepare(store)
        with monkeypatch.context() as patch:
            machine = Disk(patch, stop_at)
            try:
                save(store)
            except Stopped:
                pass
            else:
                assert machine.count == stop_at
                return found
        with monkeypatch.context() as patch:
            patch.setattr(disk, "_abandoned", lambda path: True)
            store.sweep()
        found.append((store, store.load(RUN, FINGERPRINT)))
    raise AssertionError("save did not end")


def test_a_new_run_is_complete_or_absent(monkeypatch, tmp_path):
    made = record(RUN)
    found = crash_everywhere(monkeypatch, tmp_path, Store, lambda store: store.save(made))
    assert len(found) > 8
    assert all(back is None or same(back, made) for _, back in found)
    assert any(back is None for _, back in found)
    for store, _ in found:
        store.save(made)
        assert same(store.load(RUN, FINGERPRINT), made)
        assert [path.name for path in store.folder.iterdir()] == [made.key]


def other(made: RunRecord) -> RunRecord:
    """Return a record of the same run that differs in both files."""
    arrays = {**made.arrays, "step_loss": made.arrays["step_loss"] + 1}
    return record(RUN, arrays=arrays, train_seconds=9.0)


def mixed(found, *whole: RunRecord) -> bool:
    """Return whether any loaded run differs from all of these records."""
    return any(back is not None and not any(same(back, other) for other in whole) for _, back in found)


def test_a_replaced_run_is_the_old_one_the_new_one_or_absent(monkeypatch, tmp_path):
    old = record(RUN)
    new = other(old)
    found = crash_everywhere(monkeypatch, tmp_path, Store, lambda store: store.save(new), lambda store: store.save(old))
    assert not mixed(found, old, new)
    assert sum(back is None for _, back in found) <= 2


class UnsafeStore(Store):
    """A store that writes its files in place, one after the other, without checksums."""

    def save(self, record: RunRecord) -> None:
        content = pack(record.arrays)
        folder = self.folder / record.key
        os.makedirs(folder, exist_ok=True)
        disk.write_synced(folder / "run.json", _describe(record, content))
        disk.write_synced(folder / "arrays.npz", content)

    def load(self, run, fingerprint):
        folder = self.folder / run.spec.key(fingerprint)
        try:
            head = parse_head(folder.name, (folder / "run.json").read_bytes())
            return _record(run, head, unpack((folder / "arrays.npz").read_bytes()))
        except (OSError, ValueError, zipfile.BadZipFile):
            return None


def test_the_crashes_expose_an_unsafe_store(monkeypatch, tmp_path):
    """Control: the test above proves nothing if an unsafe store passes it too."""
    old = record(RUN)
    new = other(old)
    found = crash_everywhere(
        monkeypatch, tmp_path, UnsafeStore, lambda store: store.save(new), lambda store: store.save(old)
    )
    assert mixed(found, old, new)


@pytest.mark.parametrize("steps", [0, 1])
def test_a_file_is_replaced_in_one_step(monkeypatch, tmp_path, steps):
    path = tmp_path / "results.json"
    path.write_bytes(b"old")
    with monkeypatch.context() as patch:
        Disk(patch, steps)
        with pytest.raises(Stopped):
            disk.replace_file(path, b"new and longer")
    assert path.read_bytes() == b"old"
    disk.replace_file(path, b"new and longer")
    assert path.read_bytes() == b"new and longer"
