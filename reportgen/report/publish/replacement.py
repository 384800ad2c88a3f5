"""Replace many files of a folder together: all of them or, after an error or a crash, none.

Renaming one file is atomic, renaming many is not. So the former files are kept beside the new ones, a journal lists
them before the first is replaced, and the journal is removed after the last. As long as there is a journal, the folder
may contain a mixture: the process that replaces files puts the former ones back after an error, the next process that
writes into the folder does so after a crash, and `refuse_unfinished` stops programs that only read.

A process holds the lock of the journal while it replaces files, so that no other one takes it for a crashed process.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import IO

from reportgen import disk
from reportgen.errors import ResultsError, StoreError
from reportgen.paths import JOURNAL
from reportgen.report.publish.journal import DamagedJournalError, Journal, read_journal
from reportgen.report.publish.locks import is_at, is_released, lock
from reportgen.report.publish.manifest import checksums

WAIT_SECONDS = 20.0
"""Longest time to wait for another process that replaces files of the same folder, which takes much less."""


class Replacement:
    """The files of a folder while this process alone may replace them; see `exclusive`."""

    def __init__(self, folder: Path, file: IO[bytes]) -> None:
        self._folder, self._file = folder, file
        self._former = disk.temporary_name(folder / "former")

    def replace(self, staged: Path, removed: Collection[str] = (), last: Sequence[str] = ()) -> None:
        """Move all files below `staged` into the folder, and remove others from it; at most once.

        Parameters
        ----------
        removed : names of files to remove, relative to the folder; files below a link are not in it, and stay.
        last : names of files that are moved after all others, as far as they exist.

        Raises
        ------
        OSError : a file cannot be replaced; the former files are in their places again.
        StoreError : a link is in the place of a folder, or they could not be put back, and the journal stays for later.
        """
        names = [path.relative_to(staged).as_posix() for path in sorted(staged.rglob("*")) if not path.is_dir()]
        names = [*(name for name in names if name not in last), *(name for name in last if name in names)]
        removed = [name for name in removed if name not in names and not disk.is_below_link(self._folder, name)]
        _refuse_links(self._folder, names)
        try:
            journal = self._prepare(staged, names, removed)
        except BaseException:
            self._forget()
            raise
        try:
            self._move(staged, names, removed)
        except BaseException as error:
            self._undo(journal, error)
            raise

    def end(self) -> None:
        """Remove the journal, since the folder contains one whole report, and the former files."""
        self._forget()  # Windows releases the lock before the journal is removed
        _end(self._file, self._folder / JOURNAL)
        disk.remove(self._former)

    def _prepare(self, staged: Path, names: Sequence[str], removed: Sequence[str]) -> Journal:
        """Keep the former files and write the journal; nothing in the folder changes yet."""
        former = self._former
        replaced = [name for name in (*names, *removed) if os.path.lexists(self._folder / name)]
        for name in replaced:
            _try(self._folder / name)
        _sync(staged)
        former.mkdir()
        for name in replaced:
            _keep(self._folder / name, former / name)
        added = checksums(staged, [name for name in names if name not in replaced])
        journal = Journal(former.name, replaced, added)
        disk.write_synced(former / JOURNAL, journal.content)
        for path in (former, *(path for path in former.rglob("*") if path.is_dir() and not path.is_symlink())):
            disk.sync_folder(path)
        self._file.write(journal.content)
        self._file.flush()
        os.fsync(self._file.fileno())
        disk.sync_folder(self._folder)
        return journal

    def _move(self, staged: Path, names: Sequence[str], removed: Sequence[str]) -> None:
        folders = {self._folder}
        for name in names:
            target = self._folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            disk.replace_path(staged / name, target)
            folders.add(target.parent)
        for name in removed:
            disk.retry_while_busy(lambda name=name: (self._folder / name).unlink(missing_ok=True))  # type: ignore[misc]
        _remove_empty_parents(self._folder, removed)
        for path in sorted(folders):
            disk.sync_folder(path)

    def _forget(self) -> None:
        """Remove the copy of the journal and empty the journal, since the folder contains one whole report."""
        (self._former / JOURNAL).unlink(missing_ok=True)
        self._file.truncate(0)

    def _undo(self, journal: Journal, error: BaseException) -> None:
        """Put the former files back; raises StoreError if that is not possible."""
        try:
            _put_back(self._folder, journal)
            self._forget()
        except OSError as second:
            message = f"cannot write the report ({error}), and cannot put the former one back ({second})"
            hint = "close the programs that show its files; the next reportgen run or render puts them back"
            raise StoreError("not-writable", message, str(self._folder), hint) from error


@contextlib.contextmanager
def exclusive(folder: Path) -> Iterator[Replacement]:
    """Yield the replacement of files of a folder, after putting back those of a process that was killed.

    Raises
    ------
    StoreError : another process replaces files of the folder and does not end.
    OSError : the folder is not writable.
    """
    with _locked(folder / JOURNAL) as file:
        replacement = Replacement(folder, file)
        try:
            yield replacement
        except BaseException:
            if not _is_unfinished(folder):
                replacement.end()
            raise
        replacement.end()


def recover(folder: Path) -> None:
    """Put the former files of a folder back if the process that was replacing them was killed.

    Raises
    ------
    StoreError : a file cannot be put back, another process does not end, or the journal is damaged.
    """
    try:
        end = time.monotonic() + WAIT_SECONDS
        while not _recover(folder):
            _wait(folder, end)
    except OSError as error:
        message = f"cannot put the files of the former report back: {error.strerror or error}"
        raise StoreError("not-writable", message, str(error.filename2 or error.filename or folder)) from error


def refuse_unfinished(folder: Path) -> None:
    """Raise ResultsError if a folder may contain a mixture of two reports; waits while a process replaces files."""
    end = time.monotonic() + disk.BUSY_SECONDS
    while _is_unfinished(folder):
        if _has_writer(folder / JOURNAL) and time.monotonic() < end:
            time.sleep(0.02)
            continue
        message = "the report is unfinished, because its writer was stopped while it replaced the former report"
        hint = "reportgen run and reportgen render put the former report back and write it again"
        raise ResultsError("unfinished-report", message, where=str(folder), hint=hint)


def _is_unfinished(folder: Path) -> bool:
    """Return whether a folder may contain a mixture, since a journal lists replaced files, or is damaged."""
    try:
        return read_journal(folder) is not None
    except DamagedJournalError:
        return True


def _has_writer(path: Path) -> bool:
    try:
        with disk.open_regular(path) as file:
            return not is_released(file)
    except OSError:
        return False


def _locked(path: Path) -> IO[bytes]:
    """Return the new journal of a folder, open and locked."""
    end = time.monotonic() + WAIT_SECONDS
    while True:
        if _recover(path.parent):
            with contextlib.suppress(FileExistsError):
                file = open(path, "xb")  # noqa: SIM115 # the caller closes it
                if lock(file) is not False and is_at(file, path):
                    return file
                file.close()
        _wait(path.parent, end)


def _wait(folder: Path, end: float) -> None:
    if time.monotonic() > end:
        message = "another process is writing a report into the folder"
        raise StoreError("not-writable", message, str(folder), "wait until it has ended")
    time.sleep(0.02)


def _recover(folder: Path) -> bool:
    """Put the former files back if there is the journal of a killed process; return False if its process is running."""
    path = folder / JOURNAL
    if not os.path.lexists(path):
        disk.remove_abandoned(folder)
        return True
    try:
        file = open(path, "r+b")  # noqa: SIM115 # closed below
    except FileNotFoundError:  # another process removed it
        return True
    with file:
        if not is_released(file):
            return False
        if not is_at(file, path):
            return True
        if (journal := _journal(folder)) is not None:
            _put_back(folder, journal)
        _end(file, path)
    if journal is not None:
        disk.remove(folder / journal.former)
    disk.remove_abandoned(folder)
    return True


def _journal(folder: Path) -> Journal | None:
    """Return the journal of a killed process, None if it replaced nothing; raises StoreError if it is damaged."""
    try:
        return read_journal(folder)
    except DamagedJournalError as error:
        message = "cannot put the former report back, because the list of its files is damaged"
        hint = "remove all but runs/, sanity/ and your own files from the folder, then run the study again"
        raise StoreError("unfinished-report", message, str(folder / JOURNAL), hint) from error


def _end(file: IO[bytes], path: Path) -> None:
    """Remove the journal: what is in the folder is whole."""
    if os.name == "nt":  # an open file cannot be removed
        file.close()
    disk.retry_while_busy(lambda: path.unlink(missing_ok=True))
    disk.sync_folder(path.parent)


def _put_back(folder: Path, journal: Journal) -> None:
    """Put the former files back into their places, and remove the files that had none; can be repeated."""
    for name in journal.replaced:
        if os.path.lexists(kept := folder / journal.former / name):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            disk.replace_path(kept, folder / name)
    for name, value in checksums(folder, journal.added).items():
        if value == journal.added[name]:
            disk.retry_while_busy(lambda name=name: (folder / name).unlink(missing_ok=True))  # type: ignore[misc]
    _remove_empty_parents(folder, journal.added)
    disk.sync_folder(folder)


def _refuse_links(folder: Path, names: Sequence[str]) -> None:
    if linked := [name for name in names if disk.is_below_link(folder, name)]:
        where, hint = str(folder / linked[0]), "move it away, or choose another folder with -o"
        raise StoreError("path-occupied", "a link is in the place of a folder", where, hint)


def _try(path: Path) -> None:
    """Raise OSError if a file cannot be replaced, such as on Windows while another program shows it."""
    if not path.is_dir():
        disk.retry_while_busy(lambda: os.rename(path, path))


def _keep(path: Path, kept: Path) -> None:
    """Keep a file under a second name; its content is copied where a file cannot have two names."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(path, kept, follow_symlinks=False)
    except (OSError, NotImplementedError):
        shutil.copy2(path, kept, follow_symlinks=False)
        if not kept.is_symlink():
            _sync_file(kept)


def _sync(folder: Path) -> None:
    """Wait until all files below a folder are on the disk."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            _sync_file(path)


def _sync_file(path: Path) -> None:
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def _remove_empty_parents(folder: Path, names: Collection[str]) -> None:
    parents = {parent for name in names for parent in PurePosixPath(name).parents[:-1]}
    for parent in sorted(parents, key=lambda path: -len(path.parts)):  # a subfolder before its folder
        disk.remove_if_empty(folder / parent)
