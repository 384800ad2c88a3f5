"""The answer of a report as a sentence: the study's own with its measured values, or the verdicts in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reportgen.analysis.claims.answer import Condition, Quoted, measured_answer
from reportgen.analysis.claims.verdicts import LEAST_SEEDS
from reportgen.analysis.results import Analysis, ClaimResult
from reportgen.analysis.words.formatting import number, whole
from reportgen.analysis.words.listing import listing
from reportgen.analysis.words.measured import amount
from reportgen.analysis.words.names import sentence
from reportgen.analysis.words.nouns import are, counted_noun
from reportgen.languages.translate import _, ngettext
from reportgen.languages.translate import quoted as in_quotes
from reportgen.report.document.claim_view import counted
from reportgen.study.model.claims import BY_INTEREST, Verdict

DECIDED = ("contradicted", "supported")
"""The verdicts that are a finding."""

MOST_CITED = 2
"""Largest number of claims that a sentence repeats in full; of more claims it repeats the first."""


@dataclass(frozen=True)
class AnswerView:
    """The answer of a report.

    Attributes
    ----------
    says : one or a few sentences, Markdown
    written : whether the sentence is the study's own; otherwise it is made from the verdicts
    claims, contradicted : ids of the claims that the study's own sentence needs
    withheld : why the study's own sentence is not shown, empty if it is, or if there is none
    """

    says: str
    written: bool = False
    claims: tuple[str, ...] = ()
    contradicted: tuple[str, ...] = ()
    withheld: str = ""


def answer_of(analysis: Analysis) -> AnswerView:
    """Return the answer of a study; a quick look, which has no verdicts, has no answer of its own."""
    own = measured_answer(analysis)
    if own is None or analysis.plan.study.watermark:
        return AnswerView(from_verdicts(analysis))
    ids = {
        verdict: tuple(condition.result.id for condition in own.conditions if condition.verdict == verdict)
        for verdict in ("supported", "contradicted")
    }
    if own.unmet or own.unmeasured:
        instead = from_verdicts(analysis)
        reason = (
            _withheld(analysis, own.unmet, instead)
            if own.unmet
            else _("The study’s own answer is not shown, because it quotes a value that was not measured.")
        )
        return AnswerView(instead, False, ids["supported"], ids["contradicted"], reason)
    says = "".join(part if isinstance(part, str) else quoted(part) for part in own.parts)
    return AnswerView(" ".join(says.split()), True, ids["supported"], ids["contradicted"])


def _withheld(analysis: Analysis, unmet: Sequence[Condition], shown: str) -> str:
    """Return in one sentence why the study's own answer is not shown; it quotes no claim that `shown` quotes."""
    seeds = len(analysis.plan.study.seeds)
    over, verdicts = counted_noun(seeds, "seed"), {condition.result.verdict for condition in unmet}
    if seeds < LEAST_SEEDS:
        text = _("With only {seeds}, no claim can be decided, so the study’s own answer is not shown.")
        return text.format(seeds=over)
    if len(verdicts) > 1 or any(condition.verdict != "supported" for condition in unmet):
        text = ngettext(
            "With these {seeds}, a claim behind the study’s own answer has another verdict than it needs, so it is not "
            "shown.",
            "With these {seeds}, {count} claims behind the study’s own answer have other verdicts than it needs, so it "
            "is not shown.",
            len(unmet),
        )
        return text.format(seeds=over, count=whole(len(unmet)))
    is_verdict, claim = are(verdicts.pop(), len(unmet)), _cited(unmet[0].result)
    if len(unmet) == 1 and claim not in shown:
        text = _("With these {seeds}, the claim {claim} {is_verdict}, so the study’s own answer is not shown.")
        return text.format(seeds=over, claim=claim, is_verdict=is_verdict)
    text = ngettext(
        "With these {seeds}, a claim behind the study’s own answer {is_verdict}, so the answer is not shown.",
        "With these {seeds}, {count} claims behind the study’s own answer {is_verdict}, so the answer is not shown.",
        len(unmet),
    )
    return text.format(seeds=over, count=whole(len(unmet)), is_verdict=is_verdict)


def quoted(part: Quoted) -> str:
    """Return a measured value as text, in the unit of its metric and with three digits, or one decimal in percent."""
    result = part.result
    value = result.measured if result.quartiles is None else result.quartiles[1]
    if part.form == "inverse" and value:
        return number(float(f"{1 / value:.3g}"))  # 912,345 is 912,000
    text = amount(result, abs(value) if part.form == "size" else value, (math.nan, math.nan))
    return text.removeprefix("+") if part.form == "size" else text


def from_verdicts(analysis: Analysis) -> str:
    """Return the verdicts of a study in words, the contradicted claims first."""
    claims, seeds = analysis.claims, len(analysis.plan.study.seeds)
    over = counted_noun(seeds, "seed")
    if not claims:
        several = len(analysis.variants) > 1
        compares, measures = _("It compares {variants} over {seeds}."), _("It measures {variants} over {seeds}.")
        text = (compares if several else measures).format(variants=counted(analysis.plan.variants), seeds=over)
        none = _("This study makes no claims.")
        return f"{none} {text}"
    if analysis.plan.study.watermark:
        text = _("A quick look gives no verdicts. The measurements for {claims} are below.")
        return text.format(claims=counted_noun(len(claims), "claim"))
    groups = {verdict: [claim for claim in claims if claim.verdict == verdict] for verdict in BY_INTEREST}
    if len(claims) == 1:
        return _single(claims[0])
    known = {verdict: group for verdict, group in groups.items() if group}
    if len(known) == 1:
        verdict = next(iter(known))
        all_, both = _("All {count} claims {are}."), _("Both claims {are}.")
        every = (all_ if len(claims) > 2 else both).format(count=whole(len(claims)), are=are(verdict, len(claims)))
        return f"{every} {_examples(claims)}"
    return _mixed(known, len(claims))


def _single(claim: ClaimResult) -> str:
    verdict = {
        "supported": _("The measurements support the claim"),
        "contradicted": _("The measurements contradict the claim"),
        "inconclusive": _("The measurements do not settle the claim"),
    }[claim.verdict]
    return f"{verdict}: {_cited(claim)}"


def _mixed(groups: Mapping[Verdict, list[ClaimResult]], total: int) -> str:
    """Return the number of claims with each verdict, then the first contradicted and the first supported claims.

    These are what the study found. Claims without a decision are no finding.
    """
    parts = []
    for index, (verdict, group) in enumerate(groups.items()):
        text = _("{count} of the {total} claims {are}") if index == 0 else "{count} {are}"
        parts.append(text.format(count=whole(len(group)), total=whole(total), are=are(verdict, len(group))))
    found = [f"{sentence(_(verdict))}: {_first(group)}" for verdict, group in groups.items() if verdict in DECIDED]
    return " ".join([f"{listing(parts)}.", *found])


def _first(claims: Sequence[ClaimResult]) -> str:
    """Return the claims in quotes, or the first one and the number of the others."""
    if len(claims) <= MOST_CITED:
        return " ".join(map(_cited, claims))
    more = _(" and {count} more").format(count=whole(len(claims) - 1))
    return f"{_cited(claims[0])}{more}."


def _examples(claims: Sequence[ClaimResult]) -> str:
    """Return the first claims in quotes."""
    if len(claims) <= MOST_CITED:
        return " ".join(map(_cited, claims))
    first = _("The first:")
    return f"{first} {_cited(claims[0])}"


def _cited(claim: ClaimResult) -> str:
    return in_quotes(" ".join(claim.says.split()))
