"""The variants that a figure highlights, chosen by one rule for all figures.

The baseline is always highlighted. The others are the variants that claims compare, then the variants that claims name.
If these are too many, whole comparisons are chosen: those that most claims make first, then in the order of the claims.
If claims compare and name none, the selection is evenly spaced.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reportgen.analysis.results import VariantSummary
from reportgen.analysis.words.listing import alternatives, listing
from reportgen.figures.drawing.surface import surface
from reportgen.figures.views.factors import factors_of, sides_of
from reportgen.languages.translate import N_, _, ngettext, pgettext, quoted
from reportgen.runs.record import RunRecord
from reportgen.study.planning.plan import Plan, Variant
from reportgen.study.planning.where import matching_variants

LISTED = 6
"""The largest number of other variants that a caption lists by name."""


@dataclass(frozen=True)
class Selection:
    """The groups of variants that a figure highlights, by name and in the order of the study.

    reason: the rule in words, empty if all groups are highlighted.
    """

    highlighted: tuple[str, ...]
    others: tuple[str, ...] = ()
    reason: str = ""

    def in_colour(self, panels: int = 1) -> str:
        """Return the sentence of a caption if the figure draws the others in grey; empty if there are no others."""
        if not self.others:
            return ""
        if not surface().others:
            return self.in_rows()
        where = _(" in each panel") if panels > 1 else ""
        return _("Colours show {reason} ({share}{where}); {rest} grey.").format(
            reason=self.reason, share=self._share(_("variants")), where=where, rest=self._rest()
        )

    def in_rows(self, noun: str = N_("variants")) -> str:
        """Return the sentence of a caption if the figure omits the others; empty if there are no others.

        noun: a noun for the groups, in the plural.
        """
        if not self.others:
            return ""
        return _("The figure shows {reason} ({share}); {rest} only in the tables.").format(
            reason=self.reason, share=self._share(_(noun)), rest=self._rest()
        )

    def _share(self, noun: str) -> str:
        return _("{shown} of {total} {noun}").format(
            shown=len(self.highlighted), total=len(self.highlighted) + len(self.others), noun=noun
        )

    def _rest(self) -> str:
        names = f" ({', '.join(map(quoted, self.others))})" if len(self.others) <= LISTED else ""
        text = ngettext("the other one{names} is", "the other {count}{names} are", len(self.others))
        return text.format(count=len(self.others), names=names)


def select(plan: Plan, groups: Mapping[str, Sequence[Variant]], most: int | None = None) -> Selection:
    """Return the groups of variants that a figure highlights; a group is a line or a row of the figure.

    most: their largest number, by default that of the surface.
    """
    most = surface().lines if most is None else most
    if len(groups) <= most:
        return Selection(tuple(groups))
    baseline, found = _baseline(plan, groups)
    chosen, why = _claimed(plan, groups, baseline, most)
    if len(chosen) == 1:
        others = [name for name in groups if name != baseline]
        chosen, why = {baseline, *_spread(others, most - 1)}, _("evenly spaced others")
    word = _("baseline") if found else _("first variant")
    return Selection(
        tuple(name for name in groups if name in chosen),
        tuple(name for name in groups if name not in chosen),
        _("the {word} “{baseline}” and {why}").format(word=word, baseline=baseline, why=why),
    )


def select_rows(plan: Plan, rows: Sequence[VariantSummary], most: int) -> tuple[list[VariantSummary], str]:
    """Return the rows of at most `most` variants, in the same order, and a sentence on the choice for the caption."""
    by_label = {row.variant.label: row for row in rows}
    selection = select(plan, {label: [row.variant] for label, row in by_label.items()}, most)
    return [by_label[label] for label in selection.highlighted], selection.in_rows()


def run_to_show(records: Sequence[RunRecord]) -> RunRecord:
    """Return the run that represents a variant: the one with the smallest seed among those that did not diverge."""
    return min(records, key=lambda record: (record.status == "diverged", record.spec.seed))


def run_words(shown: Sequence[tuple[VariantSummary, RunRecord]]) -> str:
    """Return the words of a caption on the runs that represent the variants."""
    seeds = [str(seed) for seed in sorted({record.spec.seed for _, record in shown})]
    which = (
        _("of the run with seed {seeds}").format(seeds=seeds[0])
        if len(seeds) == 1
        else _("of the runs with seeds {seeds}").format(seeds=listing(seeds))
    )
    runs = max(len(row.records) for row, _ in shown)
    return _("{which} (one of {runs} runs)").format(which=which, runs=runs) if runs > 1 else which


def _baseline(plan: Plan, groups: Mapping[str, Sequence[Variant]]) -> tuple[str, bool]:
    """Return the group with the baseline values of most factors, and whether a factor has a chosen baseline."""
    factors = factors_of(plan, [variant for group in groups.values() for variant in group])

    def agreement(name: str) -> int:
        return max((sum(f.of(variant) == f.baseline for f in factors) for variant in groups[name]), default=0)

    return max(groups, key=agreement), any(factor.chosen for factor in factors)


def _claimed(plan: Plan, groups: Mapping[str, Sequence[Variant]], baseline: str, most: int) -> tuple[set[str], str]:
    """Return the baseline and the groups that claims compare or name, as many as fit, and the rule in words."""
    sides = [[_inside(groups, side) for side in sides_of(plan, claim)] for claim in plan.study.claims]
    compared = Counter(frozenset().union(*claim) for claim in sides if len(claim) > 1)
    named = Counter(frozenset(claim[0]) for claim in sides)
    chosen, verbs, complete = {baseline}, [], True
    for counts, verb in ((compared, _("compare")), (named, pgettext("verb", "name"))):
        before = set(chosen)
        for found in (group for group, _count in counts.most_common()):
            chosen |= found if len(chosen | found) <= most else set()
        verbs += [verb] if chosen > before else []
        complete = complete and all(found <= chosen for found in counts)
    return chosen, _("the variants that the claims {verbs}{often}").format(
        verbs=alternatives(verbs), often="" if complete else _(" most often")
    )


def _inside(groups: Mapping[str, Sequence[Variant]], side: Mapping[str, object]) -> set[str]:
    """Return the groups that a side of a claim selects; none if it selects all."""
    inside = {name for name, group in groups.items() if matching_variants(group, side)}
    return inside if len(inside) < len(groups) else set()


def _spread(names: Sequence[str], most: int) -> list[str]:
    """Return `most` evenly spaced names, including the last one."""
    return [names[round((at + 1) * len(names) / most) - 1] for at in range(most)]
