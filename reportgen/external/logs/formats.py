"""The table of log formats. A format is one row: it recognizes its files by content and reads them into columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from reportgen.external.logs.raw import RawLog


@dataclass(frozen=True)
class LogFormat:
    """A format of logs.

    Attributes
    ----------
    name : name for `--as`.
    title : the tool, as its users call it.
    files : the files of one run, in a few words, such as "events.out.tfevents.*".
    find : returns the logs in a file or folder that have this format by their content, each the path of one run; an
        empty list for other files. Must be quick: it may read the beginning of a file only.
    read : returns the run at a path that `find` returned, or that `--as` names. Raises StudyError for a file that is
        not of this format or cannot be read.
    """

    name: str
    title: str
    files: str
    find: Callable[[Path], Sequence[Path]]
    read: Callable[[Path], RawLog]


FORMATS: dict[str, LogFormat] = {}
"""All formats by name, the most specific first, since the first that finds a file reads it."""
