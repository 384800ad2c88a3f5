"""Draw and write the report of a diagnosis; loads matplotlib."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from reportgen.analysis.training_groups import worst_first
from reportgen.analysis.words.formatting import whole
from reportgen.analysis.words.nouns import term
from reportgen.errors import MissingError
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.training import overview
from reportgen.figures.training.table import TRAINING_FIGURES
from reportgen.languages.translate import _, in_language
from reportgen.paths import DIAGNOSIS
from reportgen.report.media.kit import cell
from reportgen.report.publish.publisher import Published, publish_files
from reportgen.report.training.document import TrainingDocument, make_training_document
from reportgen.report.training.inputs import TrainingReport
from reportgen.report.training.layers import layer_drawings, layer_parts, summaries_of
from reportgen.report.training.results import TABLES, write_diagnosis, write_tables
from reportgen.report.training.rows import Row
from reportgen.report.write import write_media

MOST_DRAWN = 12
"""Largest number of groups with figures of their own, the worst first; the table shows the others in small."""


@dataclass(frozen=True)
class Drawn:
    """The figures of a report: of all groups, of each group by its id, and of the layers of records."""

    story: Drawing | None
    by_group: dict[str, tuple[Drawing, ...]]
    layers: tuple[Drawing, ...]

    @property
    def all(self) -> tuple[Drawing, ...]:
        """All figures, in the order of the report."""
        story = () if self.story is None else (self.story,)
        return (*story, *(drawing for own in self.by_group.values() for drawing in own), *self.layers)


def publish_training(
    report: TrainingReport, folder: Path, formats: Collection[str], place: Callable[[Path], Path]
) -> Published:
    """Write the report of a diagnosis, always with diagnosis.json, tables/ and manifest.json; see `publish_files`."""
    return publish_files(folder, partial(_write, report, formats=formats), place, DIAGNOSIS)


def _write(report: TrainingReport, folder: Path, final: Path, formats: Collection[str]) -> MissingError | None:
    wanted = set(formats) - {"json"}
    with in_language(report.language):
        drawn = draw_training(report) if wanted else Drawn(None, {}, ())
    write_diagnosis(report, folder / DIAGNOSIS, drawn.all)
    write_tables(report, folder / "tables")
    if not wanted:
        return None
    attached = (DIAGNOSIS, *(f"tables/{name}.csv" for name in TABLES))
    try:
        with in_language(report.language):
            document = document_of(report, drawn)
            write_media(document, drawn.all, runs_table(document), attached, folder, formats)
    except MissingError as error:  # everything but the PDF is written
        return error
    return None


@np.errstate(over="ignore", invalid="ignore")  # as for the diagnosis
def draw_training(report: TrainingReport) -> Drawn:
    """Return the figures of a report, in the current language."""
    groups = worst_first(report.groups)
    by_group = {
        group.id: tuple(drawing for row in TRAINING_FIGURES if (drawing := row.draw(group)) is not None)
        for group in groups[:MOST_DRAWN]
    }
    return Drawn(overview.draw(groups), by_group, layer_drawings(summaries_of(groups)))


def document_of(report: TrainingReport, drawn: Drawn) -> TrainingDocument:
    """Return the content of a report with its figures."""
    parts = layer_parts(summaries_of(worst_first(report.groups)))
    return make_training_document(report, drawn.story, drawn.by_group, drawn.layers, parts)


def runs_table(document: TrainingDocument) -> Sequence[str]:
    """Return the lines of a Markdown table of the groups and their findings."""
    noun = _("setting") if document.noun == "setting" else _("run")
    names = (noun, _("verdict"), _("findings"), _("rules that judged"))
    head = [f"| {' | '.join(names)} |", "|---|---|---|---|"]
    return [*head, *map(_line, document.rows)]


def _line(row: Row) -> str:
    found = cell("; ".join(map(_, row.roots))) or "–"
    judged = _("{count} of {total}").format(count=whole(row.judged), total=whole(row.judged + row.unjudged))
    return f"| {cell(row.group.name)} | {term(row.group.verdict)} | {found} | {judged} |"
