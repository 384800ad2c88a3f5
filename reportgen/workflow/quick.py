"""`--quick`: a small version of a study, to try it out."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from reportgen import disk
from reportgen.data import shape
from reportgen.errors import MissingError, StudyError
from reportgen.languages.translate import N_
from reportgen.paths import RESULTS
from reportgen.study.planning.plan import Plan

WATERMARK = N_("A quick look at a small version of the study: no verdicts")
REDUCED = N_("A quick look at a small version of the study ({reductions}): no verdicts")
EPOCHS, REPETITIONS = N_("{count} of {total} epochs"), N_("{count} of {total} seeds")
EXAMPLES, TRAINING_EXAMPLES = N_("{count} of {total} examples"), N_("{number} training examples")
FEWER_TRIALS, PCA = N_("fewer trials of its search"), N_("as many examples as its PCA needs")
SEEDS = 2  # too few for a verdict
LIMITS = {"training.epochs": 3, "data.samples": 500}
TRAIN = 400
SIZES = ("data.samples", "data.train")
GROWTH = 1.25
SPARE = 0.9  # leaves room, since splits are rounded class by class


def quick_overrides(plan: Plan, typed: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of the small version, with its watermark; varied and typed settings stay unchanged.

    The watermark is English; a report translates it.
    """
    limits = LIMITS | {"training.epochs": max(LIMITS["training.epochs"], 1 + _rewind(plan))}
    small: dict[str, Any] = {path: limit for path, limit in limits.items() if _large(plan, path, limit)}
    if _varies(plan, "data.train") or _is_typed("data.train", typed):
        small.pop("data.samples", None)  # fewer samples might leave too few training examples
    elif (train := _train(plan, small.get("data.samples"))) is not None:
        small["data.train"] = train
    components = _pca_components(plan)
    roomy = _with_enough_examples(plan, small, components)
    is_grown, small = components > 0 and roomy != small, roomy
    small["seeds"] = list(plan.study.seeds[:SEEDS])
    if isinstance(plan.study.ensembles, tuple) and "seeds" not in typed:
        small["ensembles"] = True  # only sizes that so few seeds allow
    small = {path: value for path, value in small.items() if not _is_typed(path, typed)}
    parts = [*_reductions(plan, small, typed), *([PCA] if is_grown else [])]
    return small | {"watermark": REDUCED.format(reductions=", ".join(parts)) if parts else WATERMARK}


def _reductions(plan: Plan, small: Mapping[str, Any], typed: Mapping[str, Any]) -> list[str]:
    """Return descriptions of the reductions, such as "3 of 20 epochs"."""
    settings, seeds = plan.variants[0].settings, len(plan.study.seeds)
    parts = []
    if "training.epochs" in small:
        parts.append(EPOCHS.format(count=small["training.epochs"], total=f"{settings['training.epochs']:,}"))
    if len(small.get("seeds", plan.study.seeds)) < seeds:
        parts.append(REPETITIONS.format(count=len(small["seeds"]), total=f"{seeds:,}"))
    if "data.samples" in small:
        parts.append(EXAMPLES.format(count=f"{small['data.samples']:,}", total=f"{settings['data.samples']:,}"))
    if "data.train" in small:
        parts.append(TRAINING_EXAMPLES.format(number=f"{small['data.train']:,}"))
    if any(variant.trial for variant in plan.variants) and not any(path.startswith("search") for path in typed):
        parts.append(FEWER_TRIALS)
    return parts


def quick_folder(folder: Path) -> Path:
    """Return the folder for a quick look: the given one, unless it contains a full report."""
    return quick_folder(folder.with_name(f"{folder.name}-quick")) if _holds_full_report(folder) else folder


def _rewind(plan: Plan) -> int:
    """Return the largest epoch to which pruning rewinds, which training must pass."""
    return max((run.spec.training.pruning.rewind for run in plan.runs if run.spec.training.pruning), default=0)


def _large(plan: Plan, path: str, limit: int) -> bool:
    """Return whether all variants have the same value of a setting, and it exceeds the limit."""
    values = [variant.settings.get(path) for variant in plan.variants]
    return not _varies(plan, path) and all(isinstance(value, int) and value > limit for value in values)


def _varies(plan: Plan, path: str) -> bool:
    return any(path in variant.varied for variant in plan.variants)


def _train(plan: Plan, limit: int | None) -> int | None:
    """Return the reduced number of training examples, None if unchanged; `limit` is the reduced number of samples."""
    settings = [variant.settings for variant in plan.variants]
    train, samples = settings[0].get("data.train"), settings[0].get("data.samples")
    if train is None:
        own = limit is None and all(values.get("data.samples") is None for values in settings)
        return TRAIN if own and all(n > TRAIN for n in _sizes(plan)) else None
    fewer = min(train, TRAIN) if limit is None else max(1, int(SPARE * train * limit / samples))
    return fewer if fewer < train else None


def _pca_components(plan: Plan) -> int:
    """Return the largest number of components of PCA, 0 without PCA."""
    return max((step.get("components") or 0 for run in plan.runs for step in run.spec.preprocess), default=0)


def _with_enough_examples(plan: Plan, small: dict[str, Any], components: int) -> dict[str, Any]:
    """Return the settings with sizes large enough for the number of classes and of components of PCA."""
    full, needed = plan.runs[0].spec.data, max(components, 1)
    sizes = {path: getattr(full, path.partition(".")[2]) for path in SIZES if path in small}
    while any(path in small for path in sizes) and any(n < needed for n in _sizes(plan, small)):
        grown = {path: math.ceil(GROWTH * small[path]) for path in sizes if path in small}
        small = {path: value for path, value in small.items() if path not in sizes}
        small |= {path: size for path, size in grown.items() if sizes[path] is None or size < sizes[path]}
    return small


def _sizes(plan: Plan, small: Mapping[str, Any] | None = None) -> list[int]:
    """Return the numbers of training examples of the runs, empty if the data are not available.

    Sizes in `small` replace those of the plan; if they are too small for the number of classes, the result is [0].
    """
    changed = {path.partition(".")[2]: size for path, size in (small or {}).items() if path in SIZES}
    specs = {replace(run.spec.data, **changed) for run in plan.runs}
    try:
        return [shape(spec, (), plan.study.folder)[0] for spec in specs]
    except MissingError:
        return []
    except StudyError:
        return [0]


def _is_typed(path: str, typed: Mapping[str, Any]) -> bool:
    """Return whether the command line sets a path, directly or in a mapping of its section."""
    section, _, key = path.partition(".")
    above = typed.get(section)
    return path in typed or bool(key and isinstance(above, dict) and key in above)


def _holds_full_report(folder: Path) -> bool:
    """Return whether the folder contains a full report; a damaged report counts as full."""
    try:
        results: Any = json.loads(disk.read_regular(folder / RESULTS))
        return not results["study"].get("watermark")
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return False
    except (OSError, ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return True
