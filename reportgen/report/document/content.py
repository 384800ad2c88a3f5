"""The parts of a document that every report has: of a study, and of training by another program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from reportgen.figures.drawing.figure import Drawing
from reportgen.report.document.explorer.data import Explorer


@dataclass(frozen=True)
class Content:
    """What the media need of the content of any report.

    Attributes
    ----------
    template : the template of the page and the PDF
    id : name of the folder and of the PDF
    question : the sentence below the title
    watermark : a warning at the top, None for a regular report
    story : the figure that opens the report
    drawings : the other figures
    provenance : versions, command and times by name
    explorer : the data of the explorer of the page, None without one
    """

    template: ClassVar[str]
    id: str
    title: str
    question: str
    watermark: str | None
    story: Drawing | None
    drawings: tuple[Drawing, ...]
    provenance: Mapping[str, Any]
    explorer: Explorer | None = field(default=None, kw_only=True)
