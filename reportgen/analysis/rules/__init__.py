"""The diagnoses: one rule a file, each declaring RULE; this collects them by id."""

from __future__ import annotations

import importlib
import pkgutil

from reportgen.analysis.finding import Rule


def _collect() -> dict[str, Rule]:
    rules = {}
    for module in pkgutil.iter_modules(__path__):
        if not module.name.startswith("_"):
            rule: Rule = importlib.import_module(f"{__name__}.{module.name}").RULE
            rules[rule.id] = rule
    return rules


RULES: dict[str, Rule] = _collect()
"""Every rule by its id, which is the name of its file."""
