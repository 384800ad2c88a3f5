"""The table of log formats. A format is one row: it recognizes its files by content and reads them into columns."""

from __future__ import annotations

from reportgen.external.logs.raw import LogFormat

_ROWS: tuple[LogFormat, ...] = ()
"""The most specific first, since the first that finds a file reads it."""

FORMATS: dict[str, LogFormat] = {row.name: row for row in _ROWS}
"""All formats by name."""
