"""What the report of a diagnosis is made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reportgen.analysis.training_groups import TrainingGroup
from reportgen.languages.translate import ENGLISH


@dataclass(frozen=True)
class LoggedFile:
    """A file that was read: its path relative to the diagnosed folder, its size in bytes, and its SHA-256.

    sha256: empty for a file that is too large to read again.
    """

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, eq=False)
class TrainingReport:
    """The diagnosis of a file or folder, as its report shows it.

    Attributes
    ----------
    id : name of the folder of the report.
    name : name of the file or folder as given.
    values : the values of `diagnose --json`.
    rules : the number of rules.
    unreadable : why logs of the folder could not be read.
    language : code of the language of the page and the figures.
    """

    id: str
    name: str
    groups: Sequence[TrainingGroup]
    files: Sequence[LoggedFile]
    values: Mapping[str, Any]
    provenance: Mapping[str, Any]
    rules: int
    unreadable: Sequence[str] = ()
    language: str = ENGLISH
