"""Reader of external records, files of training done elsewhere: the arrays of a run, and its settings as JSON.

One record is an archive `NAME.npz` whose member `run` holds the settings as JSON text, or which lies beside a file
`NAME.json` (`run.json` beside `arrays.npz`, as in a report's own `runs/`) that holds them. A folder holds several: its
archives, or its folders with an `arrays.npz` each; their seeds and variants say which belong together.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from reportgen.data.spec import DataSpec
from reportgen.engine.spec import SCORES, NetworkSpec, RunSpec, TrainingSpec
from reportgen.errors import StudyError, UsageError
from reportgen.external.arrays import Array, checked, read_archive
from reportgen.external.checks import check_finite, check_with_facts, lost_in
from reportgen.external.epochs import scores_by_epoch, with_first_row, without_validation
from reportgen.external.names import variant_names
from reportgen.external.settings import (
    ARCHIVE,
    KEYS,
    facts_of,
    final_of,
    mapping_of,
    refuse_unknown,
    seed_of,
    settings_of,
    status_of,
    variant_of,
)
from reportgen.external.stored import stored_of
from reportgen.paths import RUNS
from reportgen.registry import Component
from reportgen.runs.record import RunRecord
from reportgen.runs.store import FORMAT
from reportgen.study.loading.messages import study_error
from reportgen.study.model.settings import Settings
from reportgen.study.planning.plan import run_spec

KINDS = ("batchnorm", "dropout")
"""Settings of the network that no array shows, and that a record may leave open."""


@dataclass(frozen=True)
class ExternalRecord:
    """A record, the file that it came from, and the variant that it says it belongs to.

    untold: settings that the record leaves open, and that stand at their defaults.
    """

    path: Path
    variant: str
    record: RunRecord
    untold: tuple[str, ...] = ()


def read_records(path: Path) -> list[ExternalRecord]:
    """Return the record in a file, or all records in a folder, in the order of their names.

    Raises
    ------
    UsageError : the file or folder does not exist, or has no record.
    StudyError : a record cannot be read or is invalid; the first such record.
    """
    if not path.exists():
        raise UsageError("file-not-found", "no such file or folder", str(path), "an .npz file or a folder of them")
    files = [path] if path.is_file() else _archives(path)
    if not files:
        raise UsageError("no-records", "the folder has no records", str(path), "files such as seed0.npz")
    found = [_record(file, number) for number, file in enumerate(files)]
    _check_settings(found)
    names = variant_names((b.path, b.variant) for b in found if b.variant.startswith("{"))
    named = [replace(b, variant=names.get(b.variant, b.variant)) for b in found]
    _check_seeds(named)
    return named


def _archives(folder: Path) -> list[Path]:
    if (folder / ARCHIVE).is_file():
        return [folder / ARCHIVE]
    inner = folder / RUNS if (folder / RUNS).is_dir() else folder
    return [*sorted(inner.glob("*.npz")), *sorted(inner.glob(f"*/{ARCHIVE}"))]


def _check_seeds(found: list[ExternalRecord]) -> None:
    """Raise StudyError if two records have the same variant and seed."""
    first: dict[tuple[str, int], Path] = {}
    for brought in found:
        place = (brought.variant, brought.record.spec.seed)
        if place in first:
            text = f"{first[place].name} already has seed {place[1]} of variant {brought.variant!r}"
            raise StudyError("duplicate-record", text, str(brought.path), "another seed or variant for each record")
        first[place] = brought.path


def _check_settings(found: list[ExternalRecord]) -> None:
    """Raise StudyError if records of one variant have different settings, since a diagnosis compares their seeds."""
    first: dict[str, ExternalRecord] = {}
    for brought in found:
        other = first.setdefault(brought.variant, brought)
        own, theirs = _compared(brought.record), _compared(other.record)
        name = next((name for name in own if own[name] != theirs[name]), None)
        if name is not None:
            text = f"variant {brought.variant!r} has another {name} in {other.path.name}"
            raise StudyError("mixed-settings", text, f"{brought.path}: {name}", "one variant for each set of settings")


def _compared(record: RunRecord) -> dict[str, Any]:
    """Return the settings that records of one variant share, by name: all but what is measured or follows from rows."""
    layers = record.spec.network.layers
    training = {f"training.{f.name}": getattr(record.spec.training, f.name) for f in fields(TrainingSpec)}
    return {
        "network.hidden": [layer.units for layer in layers[:-1]],
        "facts.classes": layers[-1].units,
        "network.activation": [layer.activation for layer in layers[:-1]],
        "network.batchnorm": [layer.batchnorm for layer in layers],
        "network.dropout": [layer.dropout for layer in layers],
    } | {name: value for name, value in training.items() if name != "training.epochs"}


def _record(path: Path, number: int) -> ExternalRecord:
    """Return one record; `number` is its seed where it names none."""
    arrays = read_archive(path)
    place, head = settings_of(path, arrays)
    if head.get("format") == FORMAT:
        return ExternalRecord(path, *stored_of(place, head, arrays))
    refuse_unknown(place, head, KEYS)
    facts = facts_of(place, head)
    spec = _spec(place, head, facts["classes"], seed_of(place, head, number))
    untold = tuple(f"network.{name}" for name in KINDS if name not in head["network"])
    return ExternalRecord(path, variant_of(place, head), _made(path, place, head, spec, facts, arrays), untold)


def _spec(place: str, head: Mapping[str, Any], classes: int, seed: int) -> RunSpec:
    """Return the settings as a run specification; raises StudyError as for the settings of a study."""
    training = mapping_of(place, head, "training")
    if "lr" not in training:
        raise StudyError("missing-key", "the learning rate is missing", f"{place}: training.lr", "such as 0.1")
    data = {"name": "gaussian", "samples": classes, "features": 1, "classes": classes}
    tree = {"data": data, "network": mapping_of(place, head, "network"), "training": training}
    try:
        settings = Settings.model_validate(tree)
    except ValidationError as error:
        raise study_error(error, tree, lambda path, _: f"{place}: {'.'.join(map(str, path))}") from error
    return replace(run_spec(settings, seed, classes), data=DataSpec(Component("npz")))


def _made(
    path: Path, place: str, head: Mapping[str, Any], spec: RunSpec, facts: dict[str, Any], given: Mapping[str, Array]
) -> RunRecord:
    """Return the record of checked arrays, with what follows from them."""
    units = tuple(layer.units for layer in spec.network.layers[:-1])
    arrays = without_validation(checked(path, given, units, facts["classes"]), facts)
    arrays = with_first_row(arrays, head["training"].get("epochs"), _steps_an_epoch(head["training"], facts))
    status = status_of(place, head, lost_in(arrays))
    if status == "ok":
        check_finite(path, arrays)
    check_with_facts(path, arrays, facts)
    losses = arrays["step_loss"]
    lost = np.flatnonzero(~np.isfinite(losses))
    spec = _with_measured_init(head, spec, arrays)
    steps = int(lost[0]) + 1 if lost.size else losses.size
    planned = spec.training.epochs if "epochs" in head["training"] else 0
    arrays |= scores_by_epoch(arrays, steps, replace(spec.training, epochs=planned))
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
        final=known | final_of(place, head),
        facts=facts,
        arrays=arrays,
    )


def _steps_an_epoch(training: Mapping[str, Any], facts: Mapping[str, Any]) -> tuple[int, ...]:
    """Return how many steps an epoch may take, with and without a last, smaller batch; nothing where unknown."""
    batch, examples = training.get("batch_size"), facts.get("train_n")
    if batch == "full":
        return (1,)
    return () if batch is None or examples is None else (-(-examples // batch), examples // batch)


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
