"""The rules of the diagnosis. Each rule has its own module in the folder of its stage, and defines RULE."""

from __future__ import annotations

import importlib
import pkgutil

from reportgen.analysis.finding import Rule
from reportgen.registry import Table


def _collect() -> Table[Rule]:
    found = pkgutil.walk_packages(__path__, f"{__name__}.")
    rules: list[Rule] = [importlib.import_module(module.name).RULE for module in found if not module.ispkg]
    return Table(Rule, sorted(rules, key=lambda rule: rule.id))


RULES = _collect()
"""Every rule by its id, which is the name of its file."""
