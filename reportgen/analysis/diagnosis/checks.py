"""The forms of the rules that judge complete records."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from reportgen.analysis.finding import Evidence, Finding, Rule

Check = Callable[[Evidence], Finding | None]


def checks(rules: Mapping[str, Rule]) -> dict[str, Check]:
    """Return by id the forms on complete records of the rules that have one."""
    return {id_: rule.check for id_, rule in rules.items() if rule.check is not None}
