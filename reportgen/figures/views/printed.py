"""Numbers printed in a lecture that a study repeats in `near` claims, by variant and layer."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from reportgen.analysis.results import Analysis
from reportgen.study.model.claims import Claim


def printed(
    analysis: Analysis, statistic: str, variant: str, steps: Collection[int | str | None], layers: int
) -> list[tuple[int, float]]:
    """Return the printed values of a variant's statistic at a probe as (layer, value), in the order of the layers.

    steps: all names that a claim may use for the probe: a number, "first", "last", or None for the last probe.
    layers: the number of layers of the network, including the output layer.
    """
    variants_of = {result.id: result.variants for result in analysis.claims}
    points: dict[int, float] = {}
    for claim in analysis.plan.study.claims:
        measure = claim.measure
        if measure.metric == statistic and variant in variants_of.get(claim.id, ()) and measure.step in steps:
            points.update(_points(claim, layers))
    return sorted(points.items())


def _points(claim: Claim, layers: int) -> dict[int, float]:
    number = claim.expect.row.printed(claim.expect)
    if number is None:
        return {}
    if claim.measure.relative_to is not None or claim.measure.reduce is not None:  # not a value of the statistic itself
        return {}
    where = _layers(claim, layers)
    values = [number] * len(where) if isinstance(number, (int, float)) else number
    return {layer: value for layer, value in zip(where, values, strict=False) if value is not None and layer <= layers}


def _layers(claim: Claim, layers: int) -> Sequence[int]:
    named = {"first": [1], "last": [max(1, layers - 1)], "output": [layers], "hidden": list(range(1, max(2, layers)))}
    layer = claim.measure.layer or "hidden"
    if isinstance(layer, str):
        return named[layer]
    return [layer] if isinstance(layer, int) else layer
