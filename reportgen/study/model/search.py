"""Search of a study: settings with their ranges, the method, the stages and the metric."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from pydantic_core import PydanticCustomError

from reportgen.study.metrics.table import METRICS
from reportgen.study.model.claims import metric_name
from reportgen.study.model.components import Problems, below, problem, shown, suggest, whole_number
from reportgen.study.model.network import Network
from reportgen.study.model.ranges import OPTIONS, Range, read_range
from reportgen.study.model.settings import SECTIONS, VARIABLE, Training

_PARTS = (("training", Training), ("network", Network))
METHODS = ("random", "grid")
GOALS = ("max", "min")
STAGE_KEYS = ("samples", "epochs", "shrink", "seeds")
USUAL_SAMPLES = 20
USUAL_SHRINK = 0.3
_STAGES_EXAMPLE = "[{samples: 20, epochs: 3}, {samples: 10}]"
_EXAMPLE = "training.lr: {log_uniform: [1e-5, 1]}"
FEW_TRIALS, FEW_EPOCHS = 4, 3
MOST_SAMPLES = 10_000
MOST_STAGES = 20
MOST_SEEDS = 1000
MOST_EPOCHS = 1_000_000
EPOCHS = "training.epochs"
USUAL_PATHS = tuple(f"{name}.{key}" for name, part in _PARTS for key in part.model_fields)
Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Stage:
    """One round of trials.

    Attributes
    ----------
    epochs : None for the epochs of the study, multiplied by `share`.
    shrink : the fraction of the previous stage's range to keep around its best trial.
    seeds : the number of the study's seeds for each trial, None for all.
    """

    samples: int
    epochs: int | None = None
    share: float = 1.0
    shrink: float = 1.0
    seeds: int | None = None


@dataclass(frozen=True)
class Search:
    """A search of a study.

    Attributes
    ----------
    repeat : whether each seed makes its own search with its own random trials; otherwise every trial is trained on all
        seeds.
    most : the largest number of trials in a stage, spread evenly over its trials; None for all.
    written : the search as the study file gives it.
    """

    ranges: Mapping[str, Range]
    method: str
    metric: str
    maximize: bool
    repeat: bool
    stages: tuple[Stage, ...]
    most: int | None = None
    written: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def small(self) -> Search:
        """Return the search with a few short trials in each stage."""
        short = [replace(s, epochs=None if s.epochs is None else min(s.epochs, FEW_EPOCHS)) for s in self.stages]
        return replace(self, stages=tuple(short), most=FEW_TRIALS)


def read_search(tree: Any) -> Search | None:
    """Return the search of a study, None if it has none; raises a validation error for all that is invalid."""
    if tree is None or tree is False or tree == "none" or isinstance(tree, Search):
        return tree if isinstance(tree, Search) else None
    if not isinstance(tree, dict):
        message = f"expected a mapping (key: value), found {shown(tree)}"
        raise problem("wrong-type", message, f"such as {_EXAMPLE}")
    problems = Problems()
    ranges = _ranges(tree, problems)
    method, metric, maximize, repeat = "", "", None, False
    with problems.collect():
        method = _one_of(tree, "method", METHODS, "random")
    if method == "random":
        _check_points(ranges, problems)
    with problems.collect():
        metric = _metric(tree)
    with problems.collect():
        maximize = _maximize(tree, metric)
    with problems.collect():
        repeat = _repeat(tree)
    stages = _stages(tree, ranges, repeat, problems)
    problems.raise_all()
    return Search(ranges, method, metric, bool(maximize), repeat, stages, written=tree)


def _ranges(tree: Mapping[str, Any], problems: Problems) -> dict[str, Range]:
    """Return the valid ranges of the searched settings."""
    ranges: dict[str, Range] = {}
    searched = {str(key): value for key, value in tree.items() if key not in OPTIONS}
    if not searched:
        problems.found.append(problem("missing-key", "the search names no setting", f"such as {_EXAMPLE}"))
    for path, value in searched.items():
        with problems.collect():
            ranges[path] = _range(path, value)
    return ranges


def _metric(tree: Mapping[str, Any]) -> str:
    metric = tree.get("metric", "val_accuracy")
    if not isinstance(metric, str):
        message = f"expected the name of a metric, found {shown(metric)}"
        raise problem("wrong-type", message, "such as val_accuracy", ("metric",))
    return below("metric", partial(metric_name, metric))


def _range(path: str, value: Any) -> Range:
    if path.split(".")[0] not in VARIABLE or path in SECTIONS or not all(path.split(".")):
        otherwise = f"use a setting such as training.lr, or one of {', '.join(OPTIONS)}"
        near = suggest(path, [*OPTIONS, *USUAL_PATHS], otherwise)
        raise problem("unknown-setting", f"cannot search {path!r}", near, (path,), key=True)
    return below(path, lambda: read_range(value))


def _one_of(tree: Mapping[str, Any], key: str, names: tuple[str, ...], usual: str) -> str:
    value = tree.get(key, usual)
    if value not in names:
        raise problem("unknown-value", f"unknown {key} {shown(value)}", suggest(str(value), list(names)), (key,))
    return str(value)


def _check_points(ranges: Mapping[str, Range], problems: Problems) -> None:
    """Add an error for each range with a number of points, which only a grid has."""
    for path, span in ranges.items():
        if span.points is not None:
            message = "points applies to method: grid only"
            hint = "set samples to the number of random trials"
            problems.found.append(problem("inapplicable-key", message, hint, (path, "points"), key=True))


def _repeat(tree: Mapping[str, Any]) -> bool:
    repeat = tree.get("repeat", False)
    if not isinstance(repeat, bool):
        raise problem("wrong-type", f"expected true or false, found {shown(repeat)}", "", ("repeat",))
    return repeat


def _maximize(tree: Mapping[str, Any], metric: str) -> bool | None:
    """Return whether a higher value of the metric is better, according to `goal` or to the row of the metric.

    Without `goal`, an unknown metric "" gives None.
    """
    if "goal" in tree:
        return _one_of(tree, "goal", GOALS, "max") == "max"
    if not metric:
        return None
    higher_is_better: bool | None = METRICS[metric].higher_is_better
    if higher_is_better is not None:
        return higher_is_better
    message = f"the search does not specify whether to maximize or minimize {metric}"
    raise problem("unclear-goal", message, "add goal: max or goal: min", ("metric",))


def _stages(
    tree: Mapping[str, Any], ranges: Mapping[str, Range], repeat: bool, problems: Problems
) -> tuple[Stage, ...]:
    """Return the stages; if only their number is given, the epochs double from stage to stage up to the study's.

    Adds an error for each invalid option, and then returns no stages.
    """
    known = len(problems.found)
    rows: list[Any] = []
    shares: list[float] = []
    seeds = total = None
    with problems.collect():
        seeds = _seeds(tree, repeat)
    with problems.collect():
        total = _count(tree, "samples", MOST_SAMPLES)
    with problems.collect():
        rows, shares = _rows(tree, ranges)
    for index, row in enumerate(rows):
        _check_stage(index, row, ranges, repeat, problems)
    if len(problems.found) > known or not rows:
        return ()
    samples = [0] * len(rows)
    with problems.collect():
        samples = _samples(total, rows)
    return tuple(
        Stage(samples[index], row.get("epochs"), share, _shrink(index, row), row.get("seeds", seeds))
        for index, (row, share) in enumerate(zip(rows, shares, strict=True))
    )


def _rows(tree: Mapping[str, Any], ranges: Mapping[str, Range]) -> tuple[list[Any], list[float]]:
    """Return the stages as the study gives them, and the share of the study's epochs that each has by default."""
    stages = tree.get("stages", 1)
    if isinstance(stages, list) and 1 <= len(stages) <= MOST_STAGES:
        return stages, [1.0] * len(stages)
    if isinstance(stages, list):
        message = f"expected a list of 1 to {MOST_STAGES} stages, found {len(stages)}"
        raise problem("wrong-length", message, f"such as {_STAGES_EXAMPLE}", ("stages",))
    if isinstance(stages, bool) or not isinstance(stages, int):
        message = f"expected the number of stages or a list of stages, found {shown(stages)}"
        raise problem("wrong-type", message, f"such as 3 or {_STAGES_EXAMPLE}", ("stages",))
    count = whole_number(stages, "a number of stages", 1, MOST_STAGES, ("stages",))
    return [{}] * count, [1.0 if EPOCHS in ranges else 0.5 ** (count - 1 - index) for index in range(count)]


def _check_stage(index: int, row: Any, ranges: Mapping[str, Range], repeat: bool, problems: Problems) -> None:
    """Add an error for each invalid value of a stage of a study."""
    place = ("stages", index)
    if not isinstance(row, dict):
        message = f"expected a mapping (key: value), found {shown(row)}"
        problems.found.append(problem("wrong-type", message, "such as {samples: 20, epochs: 3}", place))
        return
    for key in row:
        if key not in STAGE_KEYS:
            near = suggest(str(key), list(STAGE_KEYS))
            problems.found.append(problem("unknown-key", f"unknown key {shown(key)}", near, (*place, key), key=True))
    if "epochs" in row and EPOCHS in ranges:
        message, own = f"a stage cannot set epochs, because the search varies {EPOCHS}", (*place, "epochs")
        hint = "remove epochs from the stages"
        problems.found.append(problem("conflicting-settings", message, hint, own, key=True))
    if "seeds" in row and repeat:
        problems.found.append(_one_seed_each((*place, "seeds")))
    for key, most in (("samples", MOST_SAMPLES), ("epochs", MOST_EPOCHS), ("seeds", MOST_SEEDS)):
        with problems.collect():
            _count(row, key, most, place)
    with problems.collect():
        _shrink(index, row)


def _one_seed_each(place: Place) -> PydanticCustomError:
    message = "seeds cannot be combined with repeat, which makes one search for each seed"
    return problem("conflicting-settings", message, "remove seeds", place, key=True)


def _seeds(tree: Mapping[str, Any], repeat: bool) -> int | None:
    if "seeds" in tree and repeat:
        raise _one_seed_each(("seeds",))
    return _count(tree, "seeds", MOST_SEEDS)


def _samples(total: int | None, rows: list[dict[str, Any]]) -> list[int]:
    """Return the number of samples of each stage: its own, or an equal share of the remaining samples."""
    own = [row["samples"] for row in rows if "samples" in row]
    without = len(rows) - len(own)
    if total is None:
        return [row.get("samples", USUAL_SAMPLES) for row in rows]
    if not without and sum(own) != total:
        message = f"the stages have {sum(own)} samples in total, but the search has {total}"
        raise problem("invalid-search", message, "remove samples from the search", ("samples",))
    left = total - sum(own)
    if left < without:
        message = f"{total} samples are too few for {len(rows)} stages"
        raise problem("invalid-search", message, "at least one sample for each stage", ("samples",))
    dealt = iter([left // max(without, 1) + (k < left % max(without, 1)) for k in range(without)])
    return [row["samples"] if "samples" in row else next(dealt) for row in rows]


def _count(tree: Mapping[str, Any], key: str, most: int, place: Place = ()) -> int | None:
    if key not in tree:
        return None
    return whole_number(tree[key], "a whole number", 1, most, (*place, key))


def _shrink(index: int, row: Mapping[str, Any]) -> float:
    """Return the fraction of the previous stage's range that a stage keeps; 1 for the first stage."""
    if index == 0:
        if "shrink" in row:
            place = ("stages", index, "shrink")
            raise problem(
                "inapplicable-key", "the first stage cannot shrink its range", "remove shrink", place, key=True
            )
        return 1.0
    value = row.get("shrink", USUAL_SHRINK)
    wrong = isinstance(value, bool) or not isinstance(value, (int, float))
    if wrong or not 0 < value <= 1:
        code, hint = "wrong-type" if wrong else "out-of-range", "the fraction of the previous stage's range to keep"
        message = f"expected a number above 0 and at most 1, found {shown(value)}"
        raise problem(code, message, hint, ("stages", index, "shrink"))
    return float(value)
