"""`--quick`: a study made small, to see whether it does what its author means."""

from __future__ import annotations

from typing import Any

from reportgen.study.plan import Plan

WATERMARK = "A quick look at a small version of the study: no verdicts"
SEEDS = 2  # too few for a verdict
LIMITS = {"training.epochs": 3, "data.samples": 500, "data.train": 400}


def quick_overrides(plan: Plan) -> dict[str, Any]:
    """Return the settings that make a study small; what it varies stays as it is."""
    small = {path: limit for path, limit in LIMITS.items() if _large(plan, path)}
    sizes = {"ensembles": True} if isinstance(plan.study.ensembles, tuple) else {}  # those that so few seeds fill
    return {"seeds": list(plan.study.seeds[:SEEDS]), **sizes, **small}


def _large(plan: Plan, path: str) -> bool:
    """Tell whether all variants have the same value there, and one beyond the limit."""
    values = {variant.settings.get(path) for variant in plan.variants}
    varied = any(path in variant.varied for variant in plan.variants)
    if path == "data.train" and values == {None}:
        return not varied and all(variant.settings.get("data.samples") is None for variant in plan.variants)
    return not varied and all(isinstance(value, int) and value > LIMITS[path] for value in values)
