"""Assignment of columns to roles: those that the user names, then the best name for each role."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from reportgen.errors import StudyError
from reportgen.external.logs.options import COLUMN_OPTIONS, LogOptions
from reportgen.external.logs.raw import RawColumn, RawLog
from reportgen.external.logs.roles import Meaning, meaning_of
from reportgen.languages.translate import N_
from reportgen.runs.training_log import ROLES, LogNote, Resolution

PERCENT = 100.0
MOST_SHARE = 1.001
"""Accuracies up to this are shares: sums of float32 values may exceed 1 a little."""
LEAST_PERCENT = 1.5
"""A column whose largest value lies between the two is neither a share nor a percentage."""

PERPLEXITIES = ("ppl", "perplexity")
STAND_INS = (
    *PERPLEXITIES,
    *("mse", "mean_squared_error", "msle", "rmse", "root_mean_squared_error", "mae", "mean_absolute_error"),
)
"""Scores that are taken for the loss of a log without one, the preferred first."""

UNKNOWN = N_("its name has no known role")
TEST = N_("a test score is not a validation score")
IF_VALIDATION = N_("if it is one here, name it with {option}")
NOT_OF_TRAINING = N_("not measured on training examples")
UNCLEAR_ACCURACY = N_(
    "the name does not state whether it is of training or validation: name it with --accuracy or --val-accuracy"
)
UNCLEAR_SCORE = N_(
    "the name does not state whether it is of training or validation: name it with a prefix such as val_"
)
TAKEN_FROM = N_("{role} is taken from {column}")
IT_HAS = N_("it has the value {value}")


@dataclass(frozen=True, eq=False)
class Assigned:
    """A column with its role.

    resolution : None if neither the format nor the name says it.
    words : what is measured, without split and resolution; columns of the same words are the same quantity.
    is_part : whether it is a part of a loss.
    """

    column: RawColumn
    role: str
    resolution: Resolution | None
    rank: int
    words: str
    higher_is_better: bool | None = None
    is_part: bool = False


@dataclass(frozen=True, eq=False)
class Assignment:
    """All columns with a role, the preferred ones first, and the reasons for ignoring the others."""

    columns: tuple[Assigned, ...]
    ignored: dict[str, str]
    notes: tuple[LogNote, ...] = ()


def assign_roles(raw: RawLog, options: LogOptions) -> Assignment:
    """Return the columns with their roles.

    Raises
    ------
    StudyError : a column that the user named does not exist or cannot have its role.
    """
    ignored = dict(raw.ignored)
    named = _named_columns(raw, options)
    meanings = {
        column.name: meaning_of(column.meaning or column.name)
        for column in raw.columns
        if column.name not in {one.column.name for one in named}
    }
    found = list(named)
    for column in raw.columns:
        if column.name in meanings:
            one = _assigned(column, meanings[column.name], [*meanings.values(), *map(_as_meaning, named)])
            if isinstance(one, str):
                ignored[column.name] = one
            elif one.role in options.columns:
                given = N_("{role} is given with {option}")
                ignored[column.name] = given.format(role=ROLES[one.role], option=COLUMN_OPTIONS[one.role])
            else:
                found.append(one)
    kept = []
    for role in ROLES:
        chosen, others = _preferred(role, [one for one in found if one.role == role])
        kept += chosen
        ignored |= others
    columns, notes = _with_loss(kept)
    return Assignment(columns, ignored, notes)


def _with_loss(kept: Sequence[Assigned]) -> tuple[tuple[Assigned, ...], tuple[LogNote, ...]]:
    """Return the columns with the loss-like score of both splits as their loss if the log has no loss at all."""
    if any(one.role.endswith("loss") for one in kept):
        return tuple(kept), ()
    words = {one.words for one in kept if one.role.endswith("score") and _is_positive(one.column)}
    chosen = next((name for name in STAND_INS if name in words), None)
    if chosen is None:
        return tuple(kept), ()
    columns = tuple(_as_loss(one, chosen) for one in kept)
    names = ", ".join(repr(one.column.name) for one in kept if one.words == chosen and one.role.endswith("score"))
    text = (
        N_("the log has no loss besides {columns}, whose logarithm, the cross-entropy, is taken for the loss")
        if chosen in PERPLEXITIES
        else N_("the log has no loss besides {columns}, which is taken for the loss")
    )
    return columns, (LogNote("score-as-loss", text.format(columns=names)),)


def _as_loss(one: Assigned, words: str) -> Assigned:
    if one.words != words or not one.role.endswith("score") or not _is_positive(one.column):
        return one
    values = np.log(one.column.values) if words in PERPLEXITIES else one.column.values
    return replace(one, role=one.role.replace("score", "loss"), column=replace(one.column, values=values))


def _is_positive(column: RawColumn) -> bool:
    """Return whether a logarithm can be taken of all values, and so whether they may be of a perplexity or an error."""
    return not (column.values <= 0).any()


def _named_columns(raw: RawLog, options: LogOptions) -> list[Assigned]:
    by_name = {column.name.strip(): column for column in raw.columns}
    return [_named_column(raw, role, name, by_name.get(name.strip())) for role, name in options.columns.items()]


def _named_column(raw: RawLog, role: str, name: str, column: RawColumn | None) -> Assigned:
    where, option = str(raw.path), COLUMN_OPTIONS[role]
    if column is None:
        reason = raw.ignored.get(name)
        message = f"{option}: no column {name!r}" + (f" of numbers ({reason})" if reason else "")
        near = difflib.get_close_matches(name, [one.name for one in raw.columns], n=1)
        columns = ", ".join(one.name for one in raw.columns[:12]) or "none"
        hint = f"did you mean {near[0]!r}?" if near else f"columns: {columns}"
        raise StudyError("missing-column", message, where, hint)
    meaning = meaning_of(column.name)
    problem = accuracy_problem(column) if role.endswith("accuracy") else None
    if problem:
        raise StudyError("out-of-range", f"{option}: column {name!r} is not an accuracy, since {problem}", where)
    stated = column.resolution or (meaning.resolution if meaning else None)
    return Assigned(column, role, stated, -1, column.name)


def _as_meaning(one: Assigned) -> Meaning | None:
    split, _, quantity = one.role.partition("_")
    if quantity == "loss":
        return Meaning("loss", "val" if split == "val" else None, one.resolution, -1, None, "")
    return None


def _assigned(column: RawColumn, meaning: Meaning | None, others: Sequence[Meaning | None]) -> Assigned | str:
    """Return a column with its role, or the reason for ignoring it. others: meanings of all columns of the log."""
    if meaning is None:
        return UNKNOWN
    if meaning.split == "test":
        option = COLUMN_OPTIONS.get(f"val_{meaning.quantity}")
        is_alone = option and not any(other is not None and other.split == "val" for other in others)
        return f"{TEST}; {IF_VALIDATION.format(option=option)}" if is_alone else TEST
    quantity = "loss" if meaning.quantity == "part" else meaning.quantity
    stated = column.resolution or meaning.resolution
    is_part = meaning.quantity == "part"
    one = Assigned(column, quantity, stated, meaning.rank, meaning.words, meaning.higher_is_better, is_part)
    if quantity in ("lr", "gradient_norm"):
        return NOT_OF_TRAINING if meaning.split == "val" else one
    split = meaning.split or _split_of_unnamed(meaning, [other for other in others if other is not None])
    if split is None:
        return UNCLEAR_ACCURACY if quantity == "accuracy" else UNCLEAR_SCORE
    problem = accuracy_problem(column) if quantity == "accuracy" else None
    if problem:
        return N_("not an accuracy, since {problem}").format(problem=problem)
    return replace(one, role=f"{split}_{quantity}")


def _split_of_unnamed(meaning: Meaning, others: Sequence[Meaning]) -> str | None:
    """Return the split of a name without one, None if it is ambiguous.

    A loss without a split is the training loss. A score without one is of training too if the training loss has none
    either, if there is the same score of validation, or if it is logged for single steps; otherwise it may be either.
    """
    if meaning.quantity in ("loss", "part"):
        return "train"
    same = [other for other in others if other.words == meaning.words]
    unnamed = any(other.quantity in ("loss", "part") and other.split is None for other in others)
    is_of_training = any(other.split == "val" or other.resolution == "step" for other in same)
    return "train" if unnamed or is_of_training else None


def accuracy_problem(column: RawColumn) -> str | None:
    """Return why the values are neither shares nor percentages, None if they are."""
    finite = column.values[np.isfinite(column.values)]
    if not finite.size:
        return None
    low, high = float(finite.min()), float(finite.max())
    if low < 0:
        return IT_HAS.format(value=f"{low:g}")
    if high > PERCENT * MOST_SHARE or MOST_SHARE < high < LEAST_PERCENT:
        return IT_HAS.format(value=f"{high:g}")
    return None


def _preferred(role: str, candidates: Sequence[Assigned]) -> tuple[list[Assigned], dict[str, str]]:
    """Return the columns of the preferred quantity of a role, and why the others are ignored; scores are all kept."""
    if not candidates:
        return [], {}
    ordered = sorted(candidates, key=lambda one: (one.rank, -one.column.values.size))
    if role.endswith("score"):
        return ordered, {}
    parts = [one for one in ordered if one.is_part]
    if len(parts) == len(ordered) > 1:
        text = N_("a part of the {role}, whose total the log does not have: name the one to take with {option}")
        reason = text.format(role=ROLES[role], option=COLUMN_OPTIONS[role])
        return [], {one.column.name: reason for one in parts}
    best = ordered[0]
    reason = TAKEN_FROM.format(role=ROLES[role], column=repr(best.column.name))
    return (
        [one for one in ordered if one.words == best.words],
        {one.column.name: reason for one in ordered if one.words != best.words},
    )
