"""Counts of the cases that a benchmark of damage tries, and of everything that must not happen in them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Counts:
    """The outcome of many cases.

    Attributes
    ----------
    tried : number of cases.
    named : number of cases in which the output names the damaged file.
    wrong : everything that must not happen, each with its kind, such as "mixture", before a colon.
    """

    tried: int = 0
    named: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, kind: str, text: str) -> None:
        """Add something that must not happen."""
        self.wrong.append(f"{kind}: {text}")
