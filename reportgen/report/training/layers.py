"""The layers of complete records: the figures and tables of a study, with each group of records as a variant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from reportgen.analysis import theory
from reportgen.analysis.results import Analysis, VariantSummary
from reportgen.analysis.summary import variant_summary
from reportgen.analysis.training_groups import TrainingGroup
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.layer_statistics import LAYER_STATISTICS
from reportgen.report.document.variants import VariantPart, variant_parts
from reportgen.study.model.study import Study
from reportgen.study.planning.plan import Plan, Variant

PROBED = "probe_step"
"""The array of records with statistics of layers."""


def summaries_of(groups: Sequence[TrainingGroup]) -> tuple[VariantSummary, ...]:
    """Return the groups of records with layer statistics as variants."""
    probed = {group: [r for r in group.records if PROBED in r.arrays] for group in groups}
    return tuple(
        variant_summary(Variant(group.id, group.name, {}, {}), records) for group, records in probed.items() if records
    )


def layer_drawings(summaries: Sequence[VariantSummary]) -> tuple[Drawing, ...]:
    """Return the figures of layer statistics; those without data are left out."""
    if not summaries:
        return ()
    analysis = _analysis(summaries)
    return tuple(drawing for kind in LAYER_STATISTICS if (drawing := kind.draw(analysis)) is not None)


def layer_parts(summaries: Sequence[VariantSummary]) -> Mapping[str, VariantPart]:
    """Return the tables of layers by name of the group."""
    return {part.summary.variant.label: part for part in variant_parts(summaries)}


def _analysis(summaries: Sequence[VariantSummary]) -> Analysis:
    """Return the analysis of a study without claims whose variants are the groups."""
    study = Study.model_construct(id="", title="", question="", sha256="", folder=Path(), written={})
    plan = Plan(study, tuple(summary.variant for summary in summaries), ())
    predicted = {s.variant.id: found for s in summaries if (found := theory.of_record(s.records[0]))}
    return Analysis(plan, tuple(summaries), (), (), (), predicted, {})
