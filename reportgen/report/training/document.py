"""The content of the report of a diagnosis, without markup and without rounding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from reportgen.analysis.diagnosis.benchmark import (
    Benchmark,
    LogScore,
    RuleOnLogs,
    published,
    published_by_rule,
    published_on_logs,
)
from reportgen.analysis.training_groups import TrainingGroup, title_of, worst_first
from reportgen.engine.spec import ENGINE_VERSION
from reportgen.figures.drawing.figure import Drawing
from reportgen.languages.translate import _
from reportgen.report.document.content import Content
from reportgen.report.document.diagnoses import Case, root_cases
from reportgen.report.document.sources import Reference, references
from reportgen.report.document.variants import VariantPart
from reportgen.report.training.inputs import LoggedFile, TrainingReport
from reportgen.report.training.rows import Answer, Row, answer_of, rows_of
from reportgen.report.training.unjudged import Unjudged, unjudged_of


@dataclass(frozen=True)
class GroupPart:
    """The section of a group: its figures, its findings with their consequences, and its tables of layers.

    passed: titles of the rules that found nothing.
    """

    group: TrainingGroup
    drawings: tuple[Drawing, ...]
    cases: tuple[Case, ...]
    layers: VariantPart | None
    passed: tuple[str, ...]


@dataclass(frozen=True)
class TrainingDocument(Content):
    """The content of the report of a diagnosis.

    Attributes
    ----------
    noun : what a row of the table of runs is: "run", or "setting" if some groups have several runs
    heading : the heading of the section with the groups
    parts : the groups, the worst first
    layer_drawings : figures of layer statistics over all complete records
    unjudged : what to log, by what it would let the rules judge
    recorded, logged : the numbers of runs from complete records and from logs
    by_scores : the rules that judged a record by its scores alone: their titles, and the figures of that form
    """

    template: ClassVar[str] = "training.html.j2"
    name: str
    noun: str
    heading: str
    answer: Answer
    rows: tuple[Row, ...]
    parts: tuple[GroupPart, ...]
    layer_drawings: tuple[Drawing, ...]
    unjudged: tuple[Unjudged, ...]
    recorded: int
    logged: int
    by_scores: tuple[tuple[str, RuleOnLogs], ...]
    rules: int
    files: tuple[LoggedFile, ...]
    unreadable: tuple[str, ...]
    references: tuple[Reference, ...]
    benchmark: Benchmark = field(default_factory=published)
    log_scores: tuple[LogScore, ...] = field(default_factory=published_on_logs)
    engine_version: int = ENGINE_VERSION


def make_training_document(
    report: TrainingReport,
    story: Drawing | None,
    by_group: Mapping[str, Sequence[Drawing]],
    layer_drawings: Sequence[Drawing],
    layers: Mapping[str, VariantPart],
) -> TrainingDocument:
    """Return the content of a report.

    Parameters
    ----------
    story : the figure of all groups, None for a single one
    by_group : the figures of each group by its id
    layer_drawings : the figures of layer statistics of records
    layers : the tables of layers by name of the group
    """
    groups = worst_first(report.groups)
    parts = tuple(
        GroupPart(
            group=group,
            drawings=tuple(by_group.get(group.id, ())),
            cases=tuple(root_cases(group.findings, {})),
            layers=layers.get(group.name),
            passed=tuple(_(title_of(rule)) for rule in group.diagnosis.passed),
        )
        for group in groups
    )
    runs = sum(len(group.runs) for group in groups)
    recorded = sum(len(group.records) for group in groups)
    noun = "run" if all(len(group.runs) == 1 for group in groups) else "setting"
    return TrainingDocument(
        id=report.id,
        title=_("Diagnosis of {name}").format(name=report.name),
        question=_("Which known problems does this training show, and what would fix them?"),
        watermark=None,
        story=story,
        drawings=(*(drawing for part in parts for drawing in part.drawings), *layer_drawings),
        provenance=report.provenance,
        name=report.name,
        noun=noun,
        heading=_heading(noun, len(groups)),
        answer=answer_of(groups),
        rows=rows_of(groups),
        parts=parts,
        layer_drawings=tuple(layer_drawings),
        unjudged=unjudged_of(groups),
        recorded=recorded,
        logged=runs - recorded,
        by_scores=_by_scores(groups),
        rules=report.rules,
        files=tuple(report.files),
        unreadable=tuple(report.unreadable),
        references=tuple(references(source for group in groups for f in group.findings for source in f.sources)),
    )


def _heading(noun: str, count: int) -> str:
    if noun == "run":
        return _("The run") if count == 1 else _("The runs")
    return _("The setting") if count == 1 else _("The settings")


def _by_scores(groups: Sequence[TrainingGroup]) -> tuple[tuple[str, RuleOnLogs], ...]:
    """Return the rules that judged a record by its scores alone, with the published figures of that form."""
    rules = {rule for group in groups for rule in group.diagnosis.by_scores}
    return tuple((title_of(rule), figures) for rule, figures in published_by_rule().items() if rule in rules)
