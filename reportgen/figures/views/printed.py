"""The numbers that a lecture prints and a study repeats in its `near` claims, by variant and layer."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from reportgen.analysis.results import Analysis
from reportgen.study.model.claims import Claim


def printed(
    analysis: Analysis, statistic: str, variant: str, steps: Collection[int | str | None], layers: int
) -> list[tuple[int, float]]:
    """Return (layer, printed value) for one variant's statistic at one look, in layer order.

    steps: all that a claim may call this look: a number, "first", "last", or None, which is the last look too.
    layers: those of the network, output included.
    """
    about = {result.id: result.variants for result in analysis.claims}
    points: dict[int, float] = {}
    for claim in analysis.plan.study.claims:
        measure = claim.measure
        if measure.metric == statistic and variant in about.get(claim.id, ()) and measure.step in steps:
            points.update(_points(claim, layers))
    return sorted(points.items())


def _points(claim: Claim, layers: int) -> dict[int, float]:
    given = claim.expect.row.printed(claim.expect)
    if given is None:
        return {}
    if claim.measure.relative_to is not None or claim.measure.reduce is not None:  # no number of the statistic itself
        return {}
    where = _layers(claim, layers)
    values = [given] * len(where) if isinstance(given, (int, float)) else given
    return {layer: value for layer, value in zip(where, values, strict=False) if value is not None and layer <= layers}


def _layers(claim: Claim, layers: int) -> Sequence[int]:
    named = {"first": [1], "last": [max(1, layers - 1)], "output": [layers], "hidden": list(range(1, max(2, layers)))}
    layer = claim.measure.layer or "hidden"
    if isinstance(layer, str):
        return named[layer]
    return [layer] if isinstance(layer, int) else layer
