"""What a study searches: settings with their ranges, by which method, in which stages, and what is best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic_core import PydanticCustomError

from reportgen.study.model.components import below, problem, shown, suggest
from reportgen.study.model.ranges import OPTIONS, Range, read_range
from reportgen.study.model.settings import Network, Training
from reportgen.study.planning.variants import SECTIONS, VARIABLE

_PARTS = (("training", Training), ("network", Network))
METHODS = ("random", "grid")
GOALS = ("max", "min")
STAGE_KEYS = ("samples", "epochs", "shrink", "seeds")
USUAL_SAMPLES = 20
USUAL_SHRINK = 0.3
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

    epochs: None for the study's own, of which `share` is taken. shrink: how much of the former stage's range it keeps,
    around its best. seeds: how many of the study's seeds each trial gets, None for all.
    """

    samples: int
    epochs: int | None = None
    share: float = 1.0
    shrink: float = 1.0
    seeds: int | None = None


@dataclass(frozen=True)
class Search:
    """A search as a study asks for it.

    repeat: each seed makes a search of its own, with its own draws; otherwise a trial is trained on every seed.
    most: of a stage's trials so many are kept, spread evenly; None for all.
    """

    ranges: Mapping[str, Range]
    method: str
    metric: str
    maximize: bool
    repeat: bool
    stages: tuple[Stage, ...]
    most: int | None = None

    def small(self) -> Search:
        """Return the search with a few short trials in each stage, to see what it does."""
        short = [replace(s, epochs=None if s.epochs is None else min(s.epochs, FEW_EPOCHS)) for s in self.stages]
        return replace(self, stages=tuple(short), most=FEW_TRIALS)


def read_search(given: Any) -> Search | None:
    """Return the search that a study asks for, None for none; raises the validation error of what is wrong."""
    if given is None or given is False or given == "none" or isinstance(given, Search):
        return given if isinstance(given, Search) else None
    if not isinstance(given, dict):
        raise problem(
            "?", f"expected a mapping (key: value), found {shown(given)}", "training.lr: {log_uniform: [1e-5, 1]}"
        )
    ranges = {str(key): _range(str(key), value) for key, value in given.items() if key not in OPTIONS}
    if not ranges:
        raise problem("?", "nothing is searched", "a setting and its range: training.lr: {log_uniform: [1e-5, 1]}")
    method = _one_of(given, "method", METHODS, "random")
    _check_points(ranges, method)
    metric = given.get("metric", "val_accuracy")
    if not isinstance(metric, str):
        raise problem("?", f"expected the name of a metric, found {shown(metric)}", "such as val_accuracy", ("metric",))
    return Search(ranges, method, metric, _maximize(given, metric), _repeat(given), _stages(given, ranges))


def _range(path: str, value: Any) -> Range:
    if path.split(".")[0] not in VARIABLE or path in SECTIONS or not all(path.split(".")):
        otherwise = f"a setting such as training.lr, or one of {', '.join(OPTIONS)}"
        near = suggest(path, [*OPTIONS, *USUAL_PATHS], otherwise)
        raise problem("?", f"{path!r} is no setting that can be searched", near, (path,), key=True)
    return below(path, lambda: read_range(value))


def _one_of(given: Mapping[str, Any], key: str, names: tuple[str, ...], usual: str) -> str:
    value = given.get(key, usual)
    if value not in names:
        raise problem("?", f"unknown {key} {shown(value)}", suggest(str(value), list(names)), (key,))
    return str(value)


def _check_points(ranges: Mapping[str, Range], method: str) -> None:
    for path, one in ranges.items():
        if one.points is not None and method != "grid":
            hint = "samples says how many are drawn at random"
            raise problem("?", "points goes with method: grid", hint, (path, "points"), key=True)


def _repeat(given: Mapping[str, Any]) -> bool:
    repeat = given.get("repeat", False)
    if not isinstance(repeat, bool):
        raise problem("?", f"expected true or false, found {shown(repeat)}", "", ("repeat",))
    return repeat


def _maximize(given: Mapping[str, Any], metric: str) -> bool:
    """Return whether more of the metric is better: as the study says, or as its name does."""
    if "goal" in given:
        return _one_of(given, "goal", GOALS, "max") == "max"
    if metric.endswith(("accuracy", "loss")):
        return metric.endswith("accuracy")
    raise problem(
        "?", f"whether more or less {metric} is better is not clear", "add goal: max, or goal: min", ("metric",)
    )


def _stages(given: Mapping[str, Any], ranges: Mapping[str, Range]) -> tuple[Stage, ...]:
    """Return the stages; a number alone means that epochs double from one to the next, up to the study's own."""
    stages = given.get("stages", 1)
    if isinstance(stages, list) and 1 <= len(stages) <= MOST_STAGES:
        rows = [_checked(index, row, given, ranges) for index, row in enumerate(stages)]
        return tuple(
            Stage(samples, row.get("epochs"), 1.0, _shrink(index, row), row.get("seeds", _seeds(given)))
            for index, (row, samples) in enumerate(zip(rows, _samples(given, rows), strict=True))
        )
    if isinstance(stages, bool) or not isinstance(stages, int) or not 1 <= stages <= MOST_STAGES:
        hint = f"a number from 1 to {MOST_STAGES}, or a list such as [{{samples: 20, epochs: 3}}, {{samples: 10}}]"
        raise problem("?", f"expected stages, found {shown(stages)}", hint, ("stages",))
    shares = [1.0 if EPOCHS in ranges else 0.5 ** (stages - 1 - index) for index in range(stages)]
    samples = _samples(given, [{}] * stages)
    return tuple(
        Stage(samples[index], None, shares[index], _shrink(index, {}), _seeds(given)) for index in range(stages)
    )


def _checked(index: int, row: Any, given: Mapping[str, Any], ranges: Mapping[str, Range]) -> dict[str, Any]:
    """Return a stage as the study gives it, or raise what is wrong with it."""
    place = ("stages", index)
    if not isinstance(row, dict):
        raise problem("?", f"expected a stage, found {shown(row)}", "such as {samples: 20, epochs: 3}", place)
    for key in row:
        if key not in STAGE_KEYS:
            raise problem(
                "?", f"unknown key {shown(key)}", suggest(str(key), list(STAGE_KEYS)), (*place, key), key=True
            )
    if "epochs" in row and EPOCHS in ranges:
        raise problem("?", f"{EPOCHS} is searched", "leave epochs out of the stages", (*place, "epochs"), key=True)
    if "seeds" in row and _repeat(given):
        raise _one_seed_each((*place, "seeds"))
    for key, most in (("samples", MOST_SAMPLES), ("epochs", MOST_EPOCHS), ("seeds", MOST_SEEDS)):
        _count(row, key, most, place)
    return row


def _one_seed_each(place: Place) -> PydanticCustomError:
    return problem("?", "with repeat, each seed is a search of its own", "leave seeds out", place, key=True)


def _seeds(given: Mapping[str, Any]) -> int | None:
    if "seeds" in given and _repeat(given):
        raise _one_seed_each(("seeds",))
    return _count(given, "seeds", MOST_SEEDS)


def _samples(given: Mapping[str, Any], rows: list[dict[str, Any]]) -> list[int]:
    """Return how many samples each stage has: its own, or an even share of what is left of the search's."""
    total, own = _count(given, "samples", MOST_SAMPLES), [row["samples"] for row in rows if "samples" in row]
    without = len(rows) - len(own)
    if total is None:
        return [row.get("samples", USUAL_SAMPLES) for row in rows]
    if not without and sum(own) != total:
        raise problem(
            "?", f"the stages have {sum(own)} samples, and the search {total}", "leave samples out", ("samples",)
        )
    left = total - sum(own)
    if left < without:
        raise problem("?", f"{total} samples are too few for {len(rows)} stages", "at least one for each", ("samples",))
    dealt = iter([left // max(without, 1) + (k < left % max(without, 1)) for k in range(without)])
    return [row["samples"] if "samples" in row else next(dealt) for row in rows]


def _count(given: Mapping[str, Any], key: str, most: int, place: Place = ()) -> int | None:
    if key not in given:
        return None
    value = given[key]
    if isinstance(value, bool) or not isinstance(value, int):
        raise problem("?", f"expected a whole number, found {shown(value)}", f"1 to {most}", (*place, key))
    if not 1 <= value <= most:
        raise problem("?", f"{value} {key} are not possible", f"1 to {most}", (*place, key))
    return value


def _shrink(index: int, row: Mapping[str, Any]) -> float:
    """Return the part of the former stage's range that a stage keeps: all of it in the first."""
    if index == 0:
        if "shrink" in row:
            place = ("stages", index, "shrink")
            raise problem("?", "the first stage has the whole range", "leave shrink out", place, key=True)
        return 1.0
    value = row.get("shrink", USUAL_SHRINK)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= 1:
        hint = "the part of the former stage's range that is kept, above 0 and at most 1"
        raise problem("?", f"expected a part, found {shown(value)}", hint, ("stages", index, "shrink"))
    return float(value)
