"""The sources that a report of a study cites, as keys of `sources.references`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reportgen.analysis.results import Analysis, VariantSummary
from reportgen.engine.spec import RunSpec
from reportgen.engine.tables.norms import NORMS
from reportgen.registry import table_of
from reportgen.report.document.sources import CONVOLUTIONS, METHODS, SHORTCUTS, THEORY, mentioned, references
from reportgen.study.model.study import Study
from reportgen.study.planning.plan import Variant

COMPONENTS = {
    "data.name": "data set",
    "preprocess": "preprocessing step",
    "network.activation": "activation",
    "network.init": "init",
    "network.norm": "normalization",
    "training.optimizer": "optimizer",
    "training.schedule": "schedule",
}
"""Settings whose values are rows of a table, with the kind of row."""

BATCHNORM, DROPOUT, PRUNING = "Ioffe and Szegedy 2015", "Srivastava et al. 2014", "Frankle and Carbin 2019"
SHORTCUT = "He et al. 2016"
STOCHASTIC_DEPTH = "Huang et al. 2016"
"""Papers of parts that are not rows of a table."""


def cited(analysis: Analysis) -> list[str]:
    """Return the sources of claims, texts, findings and methods, and of what the variants differ in or consist of."""
    claims = [source for claim in analysis.claims for source in claim.sources]
    texts = mentioned(" ".join(_texts(analysis.plan.study)))
    findings = [source for finding in analysis.findings for source in finding.sources]
    compared = [*_of_components(analysis.plan.variants), *_of_networks([run.spec for run in analysis.plan.runs])]
    return [*claims, *texts, *compared, *findings, *METHODS, *_theory(analysis)]


def _texts(study: Study) -> Iterator[str]:
    """Yield the texts of a study in the order of the report."""
    yield from (study.answer.says if study.answer else "", study.question)
    for claim in study.claims:
        yield from (claim.says, claim.note or "")
    yield from (study.introduction, study.closing)


def _of_components(variants: Sequence[Variant]) -> Iterator[str]:
    """Yield the known papers of the components in which the variants differ."""
    for variant in variants:
        for path in variant.varied:
            for setting, kind in COMPONENTS.items():
                if path == setting or path.startswith(f"{setting}."):
                    yield from _of_rows(table_of(kind), variant.settings.get(setting))


def _of_rows(rows: Mapping[str, Any], value: Any) -> Iterator[str]:
    """Yield the known papers of a component, or of each in a list."""
    for item in value if isinstance(value, list) else [value]:
        name = item.get("name") if isinstance(item, dict) else item
        row = rows.get(name) if isinstance(name, str) else None
        sources = [source.strip() for source in row.source.split(";")] if row is not None else []
        yield from (reference.key for reference in references(filter(None, sources)) if reference.text)


def _of_networks(specs: Sequence[RunSpec]) -> Iterator[str]:
    """Yield the papers of the parts that any of the networks has."""
    layers = [layer for spec in dict.fromkeys(spec.network for spec in specs) for layer in spec.layers]
    parts = {
        BATCHNORM: any(layer.batchnorm is not None for layer in layers),
        DROPOUT: any(layer.dropout is not None for layer in layers),
        SHORTCUT: any(layer.adds is not None for layer in layers),
        STOCHASTIC_DEPTH: any(layer.branch_drop is not None for layer in layers),
        PRUNING: any(spec.training.pruning is not None for spec in specs),
    }
    yield from (paper for paper, present in parts.items() if present)
    yield from (NORMS[name].source for name in dict.fromkeys(layer.norm.name for layer in layers if layer.norm))


def _theory(analysis: Analysis) -> list[str]:
    """Return the sources of mean-field theory for the networks that it predicts."""
    if not analysis.theory:
        return []
    predicted: list[VariantSummary] = [v for v in analysis.variants if v.variant.id in analysis.theory]
    networks = [record.spec.network for v in predicted for record in v.records[:1]]
    images = [CONVOLUTIONS] if any(network.needs_images for network in networks) else []
    adds = [layer.adds is not None for network in networks for layer in network.layers]
    return [*THEORY, *images, *([SHORTCUTS] if any(adds) else [])]
