"""The rules of the diagnosis: one file a rule, in the folder of its stage; each declares RULE."""

from __future__ import annotations

import importlib
import pkgutil

from reportgen.analysis.finding import Rule


def _collect() -> dict[str, Rule]:
    found = pkgutil.walk_packages(__path__, f"{__name__}.")
    rules: list[Rule] = [importlib.import_module(module.name).RULE for module in found if not module.ispkg]
    return {rule.id: rule for rule in sorted(rules, key=lambda rule: rule.id)}


RULES: dict[str, Rule] = _collect()
"""Every rule by its id, which is the name of its file."""
