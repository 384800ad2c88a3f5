"""TensorBoard: the event files of a run, which PyTorch, Lightning, Keras and TensorFlow write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reportgen.errors import StudyError
from reportgen.external.logs.events.epochs import with_epochs
from reportgen.external.logs.events.event_file import EventFile, Series, read_event_file
from reportgen.external.logs.events.run_folder import TRAINING, Part, is_event_file, parts_of_run, runs_below
from reportgen.external.logs.raw import LogFormat, RawColumn, RawLog
from reportgen.external.logs.settings import settings_in
from reportgen.languages.translate import N_
from reportgen.runs.training_log import LogNote

NAME = "tensorboard"
SETTINGS = "hparams.yaml"
"""Lightning writes the hyperparameters into this file too, with their types."""

PLACEHOLDER = "hp_metric"
HISTOGRAM_SUFFIX = "/histogram"


@dataclass
class _Run:
    """The series of all files of a run, by the name of their column."""

    scalars: dict[str, Series] = field(default_factory=dict)
    means: dict[str, Series] = field(default_factory=dict)
    stds: dict[str, Series] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    unused: set[str] = field(default_factory=set)
    notes: list[LogNote] = field(default_factory=list)
    from_buckets: bool = False

    def add(self, part: Part, file: EventFile) -> None:
        for target, source in ((self.scalars, file.scalars), (self.means, file.means), (self.stds, file.stds)):
            for tag, series in source.items():
                whole = target.setdefault(f"{part.prefix}{tag}{part.suffix}", Series())
                whole.steps += series.steps
                whole.values += series.values
        self.settings.update(file.settings)
        self.unused |= {f"{part.prefix}{tag}{part.suffix}" for tag in file.unused}
        self.from_buckets |= file.from_buckets


def find(path: Path) -> list[Path]:
    """Return a file of events, or the runs in and below a folder with events."""
    if path.is_dir():
        return runs_below(path)
    return [path] if is_event_file(path) else []


def read(path: Path) -> RawLog:
    """Return the run in a file of events or in a folder of them.

    Raises
    ------
    StudyError
        If no file has a readable event.
    """
    parts = parts_of_run(path) if path.is_dir() else (Part((path,)),)
    if not parts:
        raise StudyError("invalid-file", "the folder has no event files of TensorBoard", str(path))
    run = _Run()
    for part, name, file in _files_in_order(parts):
        run.notes += _notes(name, file)
        run.add(part, file)
    if not (run.scalars or run.means or run.settings):
        reason = f" ({run.notes[0].text})" if run.notes else ""
        raise StudyError("invalid-file", f"the event files have no readable values{reason}", str(path))
    return _raw_log(path, run, keras=any(part.prefix[:-1].lower() in TRAINING for part in parts))


def _files_in_order(parts: Sequence[Part]) -> Iterator[tuple[Part, str, EventFile]]:
    """Yield the files of each part in the order in which they were begun."""
    for part in parts:
        files = [(path, _read_file(path)) for path in part.files]
        for path, file in sorted(files, key=lambda pair: (pair[1].started, pair[0].name)):
            yield part, part.prefix + path.name, file


def _read_file(path: Path) -> EventFile:
    try:
        return read_event_file(path)
    except OSError as error:
        raise StudyError("unreadable-file", f"the file cannot be read: {error.strerror}", str(path)) from error


def _notes(name: str, file: EventFile) -> Iterator[LogNote]:
    """Yield what was left out of a file because of damage."""
    if file.truncated_at is not None:
        text = N_("{file} ends within an event, whose bytes were left out: {count}")
        yield LogNote("truncated", text.format(file=name, count=file.size - file.truncated_at))
    if file.damaged_at is not None:
        left, text = (
            file.size - file.damaged_at,
            N_("{file} is damaged at byte {place}, its last bytes were left out: {count}"),
        )
        yield LogNote("damaged", text.format(file=name, place=file.damaged_at, count=left))
    if file.skipped:
        text = N_("damaged or oversized events of {file} were left out: {count}")
        yield LogNote("damaged", text.format(file=name, count=file.skipped))
    if not file.size:
        yield LogNote("empty-file", N_("the file {file} is empty").format(file=name))


def _raw_log(path: Path, run: _Run, *, keras: bool) -> RawLog:
    ignored = {tag: N_("not a number: an image, a text or the like") for tag in sorted(run.unused - {*run.scalars})}
    ignored = {tag: reason for tag, reason in ignored.items() if tag not in run.means and not tag.startswith("_")}
    if PLACEHOLDER in run.scalars and len(run.scalars[PLACEHOLDER].joined()[1]) == 1:
        ignored[PLACEHOLDER] = N_("a single value for the table of hyperparameters")
        del run.scalars[PLACEHOLDER]
    if run.from_buckets:
        text = N_("mean and standard deviation of some layers were computed from the buckets of histograms")
        run.notes.append(LogNote("approximate-statistics", text))
    beside, notes = settings_in(path, SETTINGS) if path.is_dir() else ({}, ())
    columns = tuple(_column(name, series, keras=keras) for name, series in sorted(run.scalars.items()))
    return RawLog(
        path=path,
        format=NAME,
        name=path.resolve().name,
        columns=_with_iterations(columns) if keras else with_epochs(columns),
        layers=tuple(_layers(run)),
        settings=beside or run.settings,
        first_epoch=0 if keras else None,
        ignored=ignored,
        notes=(*run.notes, *notes),
    )


def _column(name: str, series: Series, *, keras: bool) -> RawColumn:
    """Return a column of scalars. Keras counts epochs instead of steps for tags that begin with "epoch_"."""
    steps, values = series.joined()
    if keras and name.rpartition("/")[2].startswith("epoch_"):
        return RawColumn(name, values, epochs=steps, resolution="epoch")
    return RawColumn(name, values, steps=steps)


def _with_iterations(columns: tuple[RawColumn, ...]) -> tuple[RawColumn, ...]:
    """Give epochs of Keras their steps, which it logs as the position of "evaluation_*_vs_iterations"."""
    counted = [c.steps for c in columns if c.steps is not None and c.name.endswith("_vs_iterations")]
    if not counted:
        return columns
    ends = counted[0]
    return tuple(
        RawColumn(c.name, c.values, ends, c.epochs, c.resolution)
        if c.epochs is not None and len(c.epochs) == len(ends)
        else c
        for c in columns
    )


def _layers(run: _Run) -> Iterator[tuple[str, str, RawColumn]]:
    for tag in sorted(run.means):
        layer = tag.removesuffix(HISTOGRAM_SUFFIX)
        for statistic, series in (("mean", run.means[tag]), ("std", run.stds[tag])):
            steps, values = series.joined()
            yield layer, statistic, RawColumn(tag, values, steps=steps)


TENSORBOARD = LogFormat(
    name=NAME,
    title="TensorBoard",
    files="`events.out.tfevents.*`, also in `train` and `validation`",
    find=find,
    read=read,
)
