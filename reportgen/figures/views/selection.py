"""Which variants a figure highlights: one rule for all figures.

The baseline is always among them. The others are those that the claims compare, then those that the claims name; where
the claims single out none, an even selection. Where these are too many, whole comparisons are chosen, those that most
claims make first, then in the order of the claims.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reportgen.analysis.results import VariantSummary
from reportgen.figures.views.factors import factors_of, sides_of
from reportgen.study.planning.plan import Plan, Variant
from reportgen.study.planning.where import matching_variants

MOST = 5
"""How many lines a panel highlights at most."""

LISTED = 6
"""Up to how many of the other variants a caption lists by name."""


@dataclass(frozen=True)
class Selection:
    """What a figure highlights of several groups of variants, and why.

    highlighted, others: names of groups, in the order of the study. why: the rule in words, empty where all are
    highlighted.
    """

    highlighted: tuple[str, ...]
    others: tuple[str, ...] = ()
    why: str = ""

    def in_colour(self, panels: int = 1) -> str:
        """Return the caption's sentence of a figure that draws the others in grey; empty where there are none."""
        if not self.others:
            return ""
        where = " in each panel" if panels > 1 else ""
        return f"Colours show {self.why} ({self._share('variants')}{where}); {self._rest()} drawn in grey."

    def in_rows(self, noun: str = "variants") -> str:
        """Return the caption's sentence of a figure that leaves the others out; empty where there are none.

        noun: the word for what the groups are.
        """
        if not self.others:
            return ""
        return f"The figure shows {self.why} ({self._share(noun)}); {self._rest()} in the tables only."

    def _share(self, noun: str) -> str:
        return f"{len(self.highlighted)} of {len(self.highlighted) + len(self.others)} {noun}"

    def _rest(self) -> str:
        verb = "is" if len(self.others) == 1 else "are"
        comma = "; " if any(", " in name for name in self.others) else ", "
        names = f" ({comma.join(self.others)})" if len(self.others) <= LISTED else ""
        return f"the other {len(self.others)}{names} {verb}" if len(self.others) > 1 else f"the other one{names} {verb}"


def select(plan: Plan, groups: Mapping[str, Sequence[Variant]], most: int = MOST) -> Selection:
    """Return which of these groups of variants a figure highlights, by their names; each group is a line or a row."""
    if len(groups) <= most:
        return Selection(tuple(groups))
    baseline, found = _baseline(plan, groups)
    kept, why = _claimed(plan, groups, baseline, most)
    if len(kept) == 1:
        others = [name for name in groups if name != baseline]
        kept, why = {baseline, *_spread(others, most - 1)}, "an even selection of the others"
    word = "baseline" if found else "first variant"
    return Selection(
        tuple(name for name in groups if name in kept),
        tuple(name for name in groups if name not in kept),
        f"the {word} “{baseline}” and {why}",
    )


def select_rows(plan: Plan, rows: Sequence[VariantSummary], most: int) -> tuple[list[VariantSummary], str]:
    """Return the rows of at most so many variants, in the order given, and the caption's sentence on the choice."""
    by_label = {row.variant.label: row for row in rows}
    chosen = select(plan, {label: [row.variant] for label, row in by_label.items()}, most)
    return [by_label[label] for label in chosen.highlighted], chosen.in_rows()


def _baseline(plan: Plan, groups: Mapping[str, Sequence[Variant]]) -> tuple[str, bool]:
    """Return the group that has the baseline values of most factors, and whether one is more than a first value."""
    factors = factors_of(plan, [variant for group in groups.values() for variant in group])

    def agreement(name: str) -> int:
        return max((sum(f.of(variant) == f.baseline for f in factors) for variant in groups[name]), default=0)

    return max(groups, key=agreement), any(factor.chosen for factor in factors)


def _claimed(plan: Plan, groups: Mapping[str, Sequence[Variant]], baseline: str, most: int) -> tuple[set[str], str]:
    """Return the baseline with the groups that claims compare, or else name, as many as fit, and the rule in words."""
    sides = [[_inside(groups, side) for side in sides_of(plan, claim)] for claim in plan.study.claims]
    compared = Counter(frozenset().union(*claim) for claim in sides if len(claim) > 1)
    named = Counter(frozenset(claim[0]) for claim in sides)
    kept, verbs, whole = {baseline}, [], True
    for counts, verb in ((compared, "compare"), (named, "name")):
        before = set(kept)
        for found, _ in counts.most_common():
            kept |= found if len(kept | found) <= most else set()
        verbs += [verb] if kept > before else []
        whole = whole and all(found <= kept for found in counts)
    return kept, f"the variants that the claims {' or '.join(verbs)}{'' if whole else ' most often'}"


def _inside(groups: Mapping[str, Sequence[Variant]], side: Mapping[str, object]) -> set[str]:
    """Return the groups that a side of a claim singles out: none where it speaks of all."""
    inside = {name for name, group in groups.items() if matching_variants(group, side)}
    return inside if len(inside) < len(groups) else set()


def _spread(names: Sequence[str], most: int) -> list[str]:
    """Return so many of the names, evenly spread, the last one included."""
    return [names[round((at + 1) * len(names) / most) - 1] for at in range(most)]
