"""Strong regularization in words: how it acts, and what to do about it.

A kind of regularization is "penalty", "dropout" (with stochastic depth) or "smoothing".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reportgen.analysis.diagnosis.evidence.learning_rate import rounded
from reportgen.analysis.diagnosis.evidence.means import mean
from reportgen.analysis.diagnosis.evidence.regularization import (
    branch_drop_rate,
    cost_of_dropout,
    cost_of_penalty,
    cost_of_smoothing,
    dropout_rate,
    shrinkage,
)
from reportgen.analysis.diagnosis.evidence.siblings import weight_decay
from reportgen.analysis.diagnosis.evidence.symptoms import number, percent
from reportgen.analysis.finding import Proposal
from reportgen.analysis.words.listing import listing
from reportgen.analysis.words.names import sentence
from reportgen.engine.tables.losses import LOSSES, smoothing_of
from reportgen.engine.tables.optimizers import OPTIMIZERS
from reportgen.languages.translate import _
from reportgen.runs.record import RunRecord

WEAKER = 100.0
"""Factor by which the first proposal weakens a penalty."""


def strengths_of(records: Sequence[RunRecord]) -> dict[str, float]:
    """Return how strongly each kind of regularization acts, as means over runs."""
    return {
        "penalty_over_loss": mean([cost_of_penalty(r) for r in records]),
        "weights_kept": mean([shrinkage(r) for r in records]),
        "dropout_over_guess": mean([cost_of_dropout(r) for r in records]),
        "least_over_guess": mean([cost_of_smoothing(r) for r in records]),
    }


def words_for(records: Sequence[RunRecord], acting: set[str]) -> str:
    """Return as a sentence what the kinds of regularization do that act."""
    facts, effects = strengths_of(records), list[str]()
    if "penalty" in acting or not acting:
        if facts["penalty_over_loss"] > 0:
            effects.append(
                _("twice the penalty term is {penalty_over_loss} times the data loss").format(
                    penalty_over_loss=number(facts["penalty_over_loss"])
                )
            )
        effects.append(
            _("the product of the weight norms is {weights_kept} times its initial value").format(
                weights_kept=number(facts["weights_kept"])
            )
        )
    if "dropout" in acting:
        effects += _words_for_draws(records[0], facts["dropout_over_guess"])
    if "smoothing" in acting:
        effects.append(
            _("the smallest loss with label smoothing of {share} is {least} of the loss of guessing").format(
                share=number(smoothing_of(records[0].spec.training.loss)), least=percent(facts["least_over_guess"])
            )
        )
    return sentence(listing(effects))


def _words_for_draws(record: RunRecord, cost: float) -> list[str]:
    """Return what dropout and stochastic depth do, each with its strength."""
    rate, dropped = dropout_rate(record), branch_drop_rate(record)
    adds = _("adds {cost} times the loss of guessing to the training loss").format(cost=number(cost))
    units = adds if cost > 0 else _("keeps {rate} of the units").format(rate=percent(1 - rate))
    passes = adds if cost > 0 else _("skips a residual block in {share} of the steps").format(share=percent(dropped))
    words = [_("a dropout rate of {rate} {adds}").format(rate=number(rate), adds=units)] if rate else []
    depth = _("stochastic depth with a survival of {survival} {adds}")
    return words + ([depth.format(survival=number(1 - dropped), adds=passes)] if dropped else [])


def advice_for(acting: set[str], record: RunRecord) -> str:
    """Return what to do about each kind of regularization that acts, the penalty if none does."""
    draws = dropout_rate(record) and "dropout" in acting
    skips = branch_drop_rate(record) and "dropout" in acting
    if acting == {"penalty", "dropout"} and draws and not skips:
        return _("Divide the penalty by 100, and remove dropout.")
    advice = [
        _("Divide the penalty by 100 or more.") if "penalty" in acting or not acting else "",
        _("Remove dropout, or lower its rate.") if draws else "",
        _("Remove stochastic depth, or raise its survival probability.") if skips else "",
        _("Remove label smoothing, or lower it to 0.1.") if "smoothing" in acting else "",
    ]
    return " ".join(filter(None, advice))


def proposals_for(record: RunRecord, acting: set[str]) -> tuple[Proposal, ...]:
    """Return the settings to try: weaker regularization of the kinds that act, and none."""
    training = record.spec.training
    strengths = {"training.l2": training.l2, "training.l1": training.l1}
    if decay := OPTIMIZERS[training.optimizer.name].decay:
        strengths[f"training.optimizer.{decay}"] = weight_decay(record.spec)
    weaker = {path: rounded(value / WEAKER) for path, value in strengths.items() if value and "penalty" in acting}
    off = {path: 0.0 for path in weaker}
    others: dict[str, Any] = {}
    if "dropout" in acting:
        others |= {"network.dropout": 0.0} if dropout_rate(record) or not branch_drop_rate(record) else {}
        others |= {"network.stochastic_depth": None} if branch_drop_rate(record) else {}
    if "smoothing" in acting:
        others[f"training.loss.{LOSSES[training.loss.name].smoothing}"] = 0.0
    first = Proposal(weaker | others, _("weaker regularization"))
    return (first, Proposal(off | others, _("no penalty"))) if weaker else (first,)
