"""Warnings of `reportgen check` about settings that are allowed but make a plan pointless."""

from __future__ import annotations

from reportgen.engine.tables.schedules import warmup_epochs
from reportgen.study.planning.plan import Plan


def plan_warnings(plan: Plan) -> list[str]:
    """Return the warnings, each once for all variants that it concerns."""
    labels = {variant.id: variant.label for variant in plan.variants if variant.trial is None}
    concerned: dict[str, dict[str, None]] = {}
    for run in plan.runs:
        length, epochs = warmup_epochs(run.spec.training.schedule), run.spec.training.epochs
        if length > epochs > 0 and run.variant in labels:
            text = f"the warm-up of {length:g} epochs is longer than the training ({epochs})"
            concerned.setdefault(text, {})[labels[run.variant]] = None
    return [text if len(own) == len(labels) else f"{text}: {', '.join(own)}" for text, own in concerned.items()]
