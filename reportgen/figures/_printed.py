"""The numbers that a lecture prints and a study repeats in its `near` claims, by variant and layer."""

from __future__ import annotations

from collections.abc import Sequence

from reportgen.analysis.model import Analysis
from reportgen.study.claims import Claim


def printed(analysis: Analysis, statistic: str, variant: str, step: int | str, layers: int) -> list[tuple[int, float]]:
    """Return (layer, printed value) for one variant's statistic at one look, in layer order.

    step: a number, "first" or "last", as in a claim; layers: those of the network, output included.
    """
    about = {result.id: result.variants for result in analysis.claims}
    points: dict[int, float] = {}
    for claim in analysis.plan.study.claims:
        if claim.measure.metric == statistic and variant in about.get(claim.id, ()) and _is_at(claim, step):
            points.update(_points(claim, layers))
    return sorted(points.items())


def _is_at(claim: Claim, step: int | str) -> bool:
    asked = claim.measure.step
    return asked == step or (step in (0, "first") and asked in (0, "first", None) and claim.measure.epoch is None)


def _points(claim: Claim, layers: int) -> dict[int, float]:
    near = claim.expect.near
    if near is None:
        return {}
    where = _layers(claim, layers, len(near) if isinstance(near, list) else None)
    values = near if isinstance(near, list) else [near] * len(where)
    return {layer: value for layer, value in zip(where, values, strict=False) if value is not None and layer <= layers}


def _layers(claim: Claim, layers: int, amount: int | None) -> Sequence[int]:
    named = {"first": [1], "last": [max(1, layers - 1)], "output": [layers], "hidden": list(range(1, max(2, layers)))}
    layer = claim.measure.layer
    if layer is None:
        return range(1, (amount or layers) + 1)
    if isinstance(layer, str):
        return named[layer]
    return [layer] if isinstance(layer, int) else layer
