"""Records of a user's own training, brought as files: the arrays of a stored run, and its settings as JSON.

One record is an archive `NAME.npz` whose member `run` holds the settings as JSON text, or which lies beside a file
`NAME.json` (`run.json` beside `arrays.npz`, as in a report's own `runs/`) that holds them. A folder holds several: its
archives, or its folders with an `arrays.npz` each; their seeds and variants say which belong together.
"""

from __future__ import annotations

import difflib
import itertools
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np
from pydantic import ValidationError

from reportgen.engine.schedules import rates
from reportgen.engine.spec import EPOCH_COLUMNS, SCORES, Component, DataSpec, NetworkSpec, RunSpec, TrainingSpec
from reportgen.errors import StudyError, UsageError
from reportgen.layout import RUNS
from reportgen.runs.brought_arrays import SETTINGS, Array, checked, read_archive
from reportgen.runs.brought_names import variant_names
from reportgen.runs.record import RunRecord
from reportgen.runs.store import FORMAT, STATUSES
from reportgen.study.messages import study_error
from reportgen.study.plan import run_spec
from reportgen.study.settings import Settings

KEYS = ("seed", "variant", "status", "network", "training", "facts", "final")
FACTS = (
    *("train_n", "val_n", "test_n", "features", "classes", "class_counts", "parameters", "probe_n"),
    *("input_mean", "input_std", "input_second_moment", "input_offset_share", "input_feature_std", "constant_features"),
    *("batch_dependent_fraction", "bn_identity_gap", "train_mode_scale", "val_loss_sd"),
    *("baseline_train_n", "baseline_left_out_n", "baseline_val_n", "baseline_majority"),
    *("baseline_linear", "baseline_neighbours", "baseline_linear_left_out", "baseline_neighbours_left_out"),
)
KINDS = ("batchnorm", "dropout")
"""Settings of the network that no array shows, and that a record may leave open."""

ARCHIVE = "arrays.npz"
VARIANT = "variant"


@dataclass(frozen=True)
class Brought:
    """A record, the file that it came from, and the variant that it says it belongs to.

    untold: settings that the record leaves open, and that stand at their defaults.
    """

    path: Path
    variant: str
    record: RunRecord
    untold: tuple[str, ...] = ()


def read_records(path: Path) -> list[Brought]:
    """Return the record in a file, or all records in a folder, in the order of their names.

    Raises
    ------
    UsageError : there is no such file or folder, or no record in it.
    StudyError : a record cannot be read, or is not as the format wants it; the first such one.
    """
    if not path.exists():
        raise UsageError("there is no such file or folder", str(path), "an .npz file, or a folder of them")
    files = [path] if path.is_file() else _archives(path)
    if not files:
        raise UsageError("no record is in this folder", str(path), "files such as seed0.npz")
    found = [_record(file, number) for number, file in enumerate(files)]
    names = variant_names((b.path, b.variant) for b in found if b.variant.startswith("{"))
    named = [replace(b, variant=names.get(b.variant, b.variant)) for b in found]
    _check_seeds(named)
    return named


def _archives(folder: Path) -> list[Path]:
    if (folder / ARCHIVE).is_file():
        return [folder / ARCHIVE]
    inner = folder / RUNS if (folder / RUNS).is_dir() else folder
    return [*sorted(inner.glob("*.npz")), *sorted(inner.glob(f"*/{ARCHIVE}"))]


def _check_seeds(found: list[Brought]) -> None:
    first: dict[tuple[str, int], Path] = {}
    for brought in found:
        place = (brought.variant, brought.record.spec.seed)
        if place in first:
            text = f"seed {place[1]} of {brought.variant!r} is also in {first[place].name}"
            raise StudyError(text, str(brought.path), "a seed or a variant of its own for each record")
        first[place] = brought.path


def _record(path: Path, number: int) -> Brought:
    """Return one record; `number` is its seed where it names none."""
    arrays = read_archive(path)
    place, head = _head(path, arrays)
    if head.get("format") == FORMAT:
        return _stored(path, place, head, arrays)
    _refuse_unknown(place, head, KEYS)
    facts = _mapping(place, head, "facts")
    _refuse_unknown(f"{place}: facts", facts, FACTS)
    classes = facts.get("classes")
    if isinstance(classes, bool) or not isinstance(classes, int) or classes < 1:
        raise StudyError("facts.classes is missing or no number from 1 on", place, "such as classes: 10")
    seed = head.get("seed", number)
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise StudyError("seed is no whole number", place, "such as seed: 0")
    spec = _spec(place, head, classes, seed)
    untold = tuple(f"network.{name}" for name in KINDS if name not in head["network"])
    return Brought(path, str(head.get(VARIANT, VARIANT)), _made(path, head, spec, facts, arrays), untold)


def _head(path: Path, arrays: Mapping[str, Array]) -> tuple[str, dict[str, Any]]:
    """Return where the settings stand, and the settings."""
    beside = path.with_name("run.json") if path.name == ARCHIVE else path.with_suffix(".json")
    if SETTINGS in arrays and arrays[SETTINGS].dtype.kind == "U" and arrays[SETTINGS].size == 1:
        place, text = f"{path}: {SETTINGS}", str(arrays[SETTINGS].reshape(()))
    elif beside.is_file():
        place, text = str(beside), beside.read_text(encoding="utf-8", errors="replace")
    else:
        hint = f"the member {SETTINGS!r} as JSON text, or the file {beside.name}"
        raise StudyError("the settings of the run are missing", str(path), hint)
    try:
        head = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise StudyError(f"the settings are no JSON: {error}", place, 'such as {"seed": 0, "network": ...}') from error
    if not isinstance(head, dict):
        raise StudyError("the settings are no mapping", place, 'such as {"seed": 0, "network": ...}')
    return place, head


def _mapping(place: str, head: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = head.get(name, {})
    if not isinstance(found, dict):
        raise StudyError(f"{name} is no mapping", place, f'such as "{name}": {{...}}')
    return found


def _refuse_unknown(place: str, given: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"one of {', '.join(known)}"
            raise StudyError(f"unknown key {name!r}", place, hint)


def _spec(place: str, head: Mapping[str, Any], classes: int, seed: int) -> RunSpec:
    """Return the settings as a run's, checked like those of a study."""
    training = _mapping(place, head, "training")
    if "lr" not in training:
        raise StudyError("training.lr is missing", place, "the learning rate, such as 0.1")
    data = {"name": "gaussian", "samples": classes, "features": 1, "classes": classes}
    tree = {"data": data, "network": _mapping(place, head, "network"), "training": training}
    try:
        settings = Settings.model_validate(tree)
    except ValidationError as error:
        raise study_error(error, tree, lambda path, _: f"{place}: {'.'.join(map(str, path))}") from error
    return replace(run_spec(settings, seed, classes), data=DataSpec(Component("npz")))


def _made(
    path: Path, head: Mapping[str, Any], spec: RunSpec, facts: dict[str, Any], given: Mapping[str, Array]
) -> RunRecord:
    """Return the record of checked arrays, with what follows from them."""
    units = tuple(layer.units for layer in spec.network.layers[:-1])
    arrays = checked(path, given, units, int(facts["classes"]))
    losses = arrays["step_loss"]
    lost = np.flatnonzero(~np.isfinite(losses))
    spec = _with_measured_init(head, spec, arrays)
    status = head.get("status", "diverged" if lost.size else "ok")
    if status not in STATUSES or (status == "ok" and lost.size):
        found = f"status {status!r}" if status not in STATUSES else f"status 'ok' with a loss of {losses[lost[0]]}"
        raise StudyError(found, str(path), f"one of {', '.join(STATUSES)}")
    steps = int(lost[0]) + 1 if lost.size else losses.size
    planned = spec.training.epochs if "epochs" in head["training"] else 0
    arrays |= _scores_by_epoch(arrays, steps, replace(spec.training, epochs=planned))
    epochs = len(arrays["epoch_epoch"]) - 1 if "epoch_epoch" in arrays else 0
    known = {name: float(arrays[f"epoch_{name}"][-1]) for name in SCORES if f"epoch_{name}" in arrays}
    if "val_confusion" in arrays:
        facts = {"val_n": int(arrays["val_confusion"].sum())} | facts
    if "features" in facts:
        widths = (int(facts["features"]), *(layer.units for layer in spec.network.layers))
        facts = {"parameters": sum((a + 1) * b for a, b in itertools.pairwise(widths))} | facts
    return RunRecord(
        key=path.stem,
        spec=replace(spec, training=replace(spec.training, epochs=epochs)),
        status=status,
        stopped_at_step=None if status == "ok" else steps,
        steps=steps,
        train_seconds=0.0,
        final=known | _final(str(path), head),
        facts=facts,
        arrays=arrays,
    )


def _with_measured_init(head: Mapping[str, Any], spec: RunSpec, arrays: Mapping[str, Array]) -> RunSpec:
    """Return the settings with the measured spread of weights at step 0 for an initialization that nobody named."""
    looks = arrays.get("probe_step")
    if "init" in head["network"] or looks is None or looks[0] != 0 or "probe_weight_std" not in arrays:
        return spec
    spreads = [float(std) for std in arrays["probe_weight_std"][0]]
    layers = tuple(
        replace(layer, init=Component.of("gaussian", gain=1.0, std=std)) if math.isfinite(std) else layer
        for layer, std in zip(spec.network.layers, spreads, strict=True)
    )
    return replace(spec, network=NetworkSpec(layers))


def _final(place: str, head: Mapping[str, Any]) -> dict[str, float]:
    final = _mapping(place, head, "final")
    _refuse_unknown(f"{place}: final", final, SCORES)
    return {name: math.nan if value is None else float(value) for name, value in final.items()}


def _scores_by_epoch(arrays: Mapping[str, Array], steps: int, training: TrainingSpec) -> dict[str, Array]:
    """Return columns that follow from others where scores by epoch are there: epoch, step, lr, mean batch loss."""
    rows = next((len(arrays[f"epoch_{name}"]) for name in EPOCH_COLUMNS if f"epoch_{name}" in arrays), 0)
    if not rows:
        return {}
    at = arrays.get("epoch_step", np.linspace(0, steps, rows).round())
    parts = [arrays["step_loss"][int(a) : int(b)] for a, b in itertools.pairwise(at)]
    means = [float(np.mean(part)) if part.size else math.nan for part in parts]
    usual = {
        "epoch_epoch": np.arange(float(rows)),
        "epoch_step": np.asarray(at, np.float64),
        "epoch_lr": _rates(training, at),
        "epoch_batch_loss": np.array([math.nan, *means]),
    }
    return {name: values for name, values in usual.items() if name not in arrays}


def _rates(training: TrainingSpec, at: Array) -> Array:
    """Return the learning rate of the last step before each epoch's end, by the schedule; at: steps, the first row 0.

    Without a number of planned epochs, training is taken to have been planned for as many as there are.
    """
    done, steps = max(len(at) - 1, 1), np.maximum(at - 1, 0).astype(np.int64)
    each = max(round(float(at[-1]) / done), 1)
    return rates(training.schedule, training.lr, steps, each, max(training.epochs, done))


def _stored(path: Path, place: str, head: Mapping[str, Any], arrays: Mapping[str, Array]) -> Brought:
    """Return a run that a study of ours stored; its variant is its settings without the seed, as text."""
    try:
        spec = _typed(RunSpec, head["spec"])
        final = {name: math.nan if value is None else float(value) for name, value in head["final"].items()}
        names = ("key", "status", "stopped_at_step", "steps", "train_seconds", "facts")
        record = RunRecord(spec=spec, final=final, arrays=arrays, **{name: head[name] for name in names})
        return Brought(path, replace(spec, seed=0).canonical(), record)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StudyError(f"the stored run is not as it was written: {error}", place, "train it again") from error


def _typed(kind: Any, value: Any) -> Any:
    """Return JSON's plain value as the frozen type that it was written from."""
    origin, inside = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return None if value is None else _typed(next(k for k in inside if k is not type(None)), value)
    if origin is tuple:
        kinds = [inside[0]] * len(value) if inside[-1] is Ellipsis else inside
        return tuple(_typed(k, v) for k, v in zip(kinds, value, strict=True))
    if is_dataclass(kind) and isinstance(kind, type):
        hints = get_type_hints(kind)
        return kind(**{f.name: _typed(hints[f.name], value[f.name]) for f in fields(kind) if f.name in value})
    return tuple(value) if isinstance(value, list) else value
