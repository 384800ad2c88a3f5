"""Which event files belong to one run: those of a folder, and of subfolders that a tool made for parts of a run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from reportgen import disk
from reportgen.external.logs.events import wire

TRAINING = frozenset({"train", "training"})
EVALUATION = frozenset({"validation", "val", "valid", "eval", "evaluation", "dev", "test"})

HEAD_BYTES = 2**16
MOST_DEPTH = 8
WRITER_DEPTH = 4
"""Slashes in the name of a curve become folders in some versions of the writer."""


class Part(NamedTuple):
    """The event files of a folder, and what the name of the folder adds to the names of their tags."""

    files: tuple[Path, ...]
    prefix: str = ""
    suffix: str = ""


def event_files(folder: Path) -> tuple[Path, ...]:
    """Return the event files in a folder, without its subfolders; none if the folder cannot be read."""
    return tuple(path for path in _children(folder) if is_event_file(path))


def is_event_file(path: Path) -> bool:
    """Return whether a file begins with an event; a damaged or empty one is recognized by its name."""
    if not path.is_file():
        return False
    try:
        with disk.open_regular(path) as file:
            head = file.read(HEAD_BYTES)
    except OSError:
        return "tfevents" in path.name  # reading it will say why not
    return "tfevents" in path.name or _begins_with_event(head)


def _begins_with_event(head: bytes) -> bool:
    """Whether there is a frame whose length has the right checksum, with a message that begins with a time."""
    if len(head) < wire.FRAME_START + 9:
        return False
    right = wire.masked_crc(head, 0, 8, wire.CRC_TABLE.tolist()) == wire.little_endian(head, 8, 4)
    return right and head[wire.FRAME_START] == (1 << 3 | wire.EIGHT_BYTES)


def parts_of_run(folder: Path) -> tuple[Part, ...]:
    """Return the event files of the run in a folder; nothing if the folder is not one run.

    Keras writes into `train` and `validation`, TensorFlow's estimators into `eval`. PyTorch's `add_scalars` writes
    into a folder for each curve, and `add_hparams` into a folder whose name is a time.
    """
    own = event_files(folder)
    named = [path for path in _children(folder) if path.is_dir() and path.name.lower() in TRAINING | EVALUATION]
    parts = [Part(files, prefix=f"{path.name}/") for path in named if (files := event_files(path))]
    if not own and not any(part.prefix[:-1].lower() in TRAINING for part in parts):
        return ()
    if own:
        parts = [Part(own), *parts, *_parts_of_writers(folder)]
    return tuple(parts)


def _parts_of_writers(folder: Path) -> Iterator[Part]:
    """Yield the folders that PyTorch's writer made in a run's folder."""
    for path in _folders(folder, WRITER_DEPTH):
        name = path.relative_to(folder).as_posix()
        if name.lower() in TRAINING | EVALUATION:
            continue
        files = event_files(path)
        tag = _first_tag(files[0]) if files else ""
        starts = (tag.replace("/", "_").replace(" ", "_") + "_", tag + "/")
        start = next((start for start in starts if name.startswith(start)), "")
        if tag and start:
            yield Part(files, suffix=f"/{name[len(start) :]}")
        elif tag.startswith("_hparams_/") and name.replace(".", "", 1).isdigit():
            yield Part(files)


def _folders(folder: Path, depth: int) -> Iterator[Path]:
    """Yield the folders in a folder, down to a depth."""
    for path in _children(folder):
        if path.is_dir():
            yield path
            if depth > 1:
                yield from _folders(path, depth - 1)


def _first_tag(path: Path) -> str:
    """Return the tag of the first value near the beginning of a file; empty if there is none."""
    try:
        with disk.open_regular(path) as file:
            head = file.read(HEAD_BYTES)
    except OSError:
        return ""
    rows, state = wire.new_rows(1), wire.new_state()
    wire.scan(head, len(head), wire.CRC_TABLE.tolist(), rows, state)
    if not state[wire.ROWS]:
        return ""
    return head[rows[0, wire.TAG] : rows[0, wire.TAG_STOP]].decode(errors="replace")


def runs_below(folder: Path) -> list[Path]:
    """Return the runs in a folder that is one, and in its subfolders; nothing if the folder itself is no run."""
    parts = parts_of_run(folder)
    if not parts:
        return []
    taken = {path.parent for part in parts for path in part.files}
    return [folder, *(run for path in _children(folder) if path.is_dir() for run in _runs(path, taken))]


def _runs(folder: Path, taken: set[Path], depth: int = MOST_DEPTH) -> Iterator[Path]:
    """Yield the runs in a folder and below it, without folders that are part of another run."""
    used = {path.parent for part in parts_of_run(folder) for path in part.files}
    if used and not used & taken:
        yield folder
        taken |= used
    for path in _children(folder):
        if path.is_dir() and depth > 0:
            yield from _runs(path, taken, depth - 1)


def _children(folder: Path) -> list[Path]:
    """Return the files and folders in a folder by name, without links to folders, which may form circles."""
    try:
        return sorted(path for path in folder.iterdir() if not (path.is_symlink() and path.is_dir()))
    except OSError:
        return []
