"""Reader of external records: the arrays of a run trained in another program, and its settings as JSON.

A record is an archive `NAME.npz` with the settings as JSON text in its member `run`, or in a file `NAME.json` in the
same folder (`run.json` for `arrays.npz`, as in the `runs/` of a report). A folder of records contains such archives,
or folders with an `arrays.npz` each. Records of one variant with different seeds belong together.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from reportgen.data.spec import DataSpec
from reportgen.engine.spec import SCORES, RunSpec, TrainingSpec
from reportgen.errors import StudyError, UsageError
from reportgen.external.arrays import Array, check_arrays, read_archive
from reportgen.external.checks import check_finite, check_with_facts, nonfinite_value
from reportgen.external.epochs import scores_by_epoch, with_first_row, without_validation
from reportgen.external.layer_settings import with_layers
from reportgen.external.settings import (
    ARCHIVE,
    KEYS,
    VARIANT,
    facts_of,
    final_of,
    mapping_of,
    refuse_unknown,
    seed_of,
    settings_of,
    status_of,
    variant_of,
)
from reportgen.external.stored import stored_of, variant_names
from reportgen.paths import RUNS
from reportgen.registry import Component
from reportgen.runs.record import RunRecord
from reportgen.runs.store import FORMAT
from reportgen.study.loading.messages import study_error
from reportgen.study.model.settings import Settings
from reportgen.study.planning.plan import run_spec

OPTIONAL_SETTINGS = ("batchnorm", "dropout")
"""Settings of the network that the arrays do not determine and a record may omit."""


@dataclass(frozen=True)
class ExternalRecord:
    """A record with its file and the name of its variant.

    unspecified: settings that the record omits; they have their defaults.
    """

    path: Path
    variant: str
    record: RunRecord
    unspecified: tuple[str, ...] = ()


def read_records(
    path: Path, files: Sequence[Path] | None = None, errors: list[StudyError] | None = None
) -> list[ExternalRecord]:
    """Return the record in a file, or all records in a folder, sorted by name.

    files : the archives to read, those of `record_files` by default.
    errors : gets the errors of the records of a folder that cannot be read, if others can.

    Raises
    ------
    UsageError : the file or folder does not exist, or has no record.
    StudyError : a record cannot be read or is invalid; the first such record.
    """
    if not path.exists():
        raise UsageError("file-not-found", "no such file or folder", str(path), "an .npz file or a folder of them")
    files = record_files(path) if files is None else files
    if not files:
        raise UsageError("no-records", "the folder has no records", str(path), "files such as seed0.npz")
    records, failed = list[ExternalRecord](), list[StudyError]()
    for number, file in enumerate(files):
        try:
            records.append(_record(file, number))
        except StudyError as error:
            if errors is None or path.is_file():
                raise
            failed.append(error)
    if errors is not None:
        errors += failed
    _check_settings(records)
    names = variant_names((record.path, record.variant) for record in records if record.variant.startswith("{"))
    named = [replace(record, variant=names.get(record.variant, record.variant)) for record in _by_file(records)]
    _check_seeds(named)
    return named


def _by_file(records: list[ExternalRecord]) -> list[ExternalRecord]:
    """Return the records; a single one without a variant has the name of its file, or of the folder of `arrays.npz`."""
    unnamed = [record for record in records if record.variant == VARIANT]
    if len(unnamed) != 1:
        return records
    path = unnamed[0].path.resolve()
    name = path.parent.name if path.name == ARCHIVE else path.stem
    if not name.strip() or not name.isprintable() or name in {record.variant for record in records}:
        return records
    return [replace(record, variant=name) if record is unnamed[0] else record for record in records]


def record_files(path: Path) -> list[Path]:
    """Return the file, or the archives of records in a folder, sorted by name."""
    return [path] if path.is_file() else _archives(path)


def _archives(folder: Path) -> list[Path]:
    if (folder / ARCHIVE).is_file():
        return [folder / ARCHIVE]
    runs = folder / RUNS if (folder / RUNS).is_dir() else folder
    return [*sorted(runs.glob("*.npz")), *sorted(runs.glob(f"*/{ARCHIVE}"))]


def _check_seeds(records: list[ExternalRecord]) -> None:
    """Raise StudyError if two records have the same variant and seed."""
    first: dict[tuple[str, int], Path] = {}
    for external in records:
        key = (external.variant, external.record.spec.seed)
        if key in first:
            text = f"{first[key].name} already has seed {key[1]} of variant {external.variant!r}"
            raise StudyError("duplicate-record", text, str(external.path), "another seed or variant for each record")
        first[key] = external.path


def _check_settings(records: list[ExternalRecord]) -> None:
    """Raise StudyError if records of one variant have different settings, since a diagnosis compares their seeds."""
    first: dict[str, ExternalRecord] = {}
    for external in records:
        other = first.setdefault(external.variant, external)
        settings, expected = _shared_settings(external.record), _shared_settings(other.record)
        name = next((name for name in settings if settings[name] != expected[name]), None)
        if name is not None:
            text = f"variant {external.variant!r} has a different {name} in {other.path.name}"
            raise StudyError("mixed-settings", text, f"{external.path}: {name}", "one variant for each set of settings")


def _shared_settings(record: RunRecord) -> dict[str, Any]:
    """Return by name the settings that all records of a variant must share.

    These are all settings except the measured initialization and the recorded number of epochs.
    """
    layers = record.spec.network.layers
    training = {f"training.{f.name}": getattr(record.spec.training, f.name) for f in fields(TrainingSpec)}
    return {
        "network.hidden": [layer.units for layer in layers[:-1]],
        "facts.classes": layers[-1].units,
        "network.activation": [layer.activation for layer in layers[:-1]],
        "network.batchnorm": [layer.batchnorm for layer in layers],
        "network.norm": [layer.norm for layer in layers],
        "network.dropout": [layer.dropout for layer in layers],
        "layers": [(layer.kind, layer.window, layer.adds) for layer in layers],
    } | {name: value for name, value in training.items() if name != "training.epochs"}


def _record(path: Path, number: int) -> ExternalRecord:
    """Return one record; `number` is its seed if its settings have none."""
    arrays = read_archive(path)
    place, head = settings_of(path, arrays)
    if head.get("format") == FORMAT:
        return ExternalRecord(path, *stored_of(path, place, head))
    refuse_unknown(place, head, KEYS)
    facts = facts_of(place, head)
    spec = _spec(place, head, facts["classes"], seed_of(place, head, number))
    unspecified = tuple(f"network.{name}" for name in OPTIONAL_SETTINGS if name not in head["network"])
    return ExternalRecord(
        path, variant_of(place, head), _complete_record(path, place, head, spec, facts, arrays), unspecified
    )


def _spec(place: str, head: Mapping[str, Any], classes: int, seed: int) -> RunSpec:
    """Return the settings as a run specification; raises StudyError as for the settings of a study."""
    training = mapping_of(place, head, "training")
    if "lr" not in training:
        raise StudyError("missing-key", "the learning rate is missing", f"{place}: training.lr", "such as 0.1")
    data = {"name": "gaussian", "samples": classes, "features": 1, "classes": classes}
    tree = {"data": data, "network": mapping_of(place, head, "network"), "training": training}
    try:
        settings = Settings.model_validate(tree, context={"is_recorded": True})
    except ValidationError as error:
        raise study_error(error, tree, lambda path, _: f"{place}: {'.'.join(map(str, path))}") from error
    spec = run_spec(settings, seed, classes)
    return replace(spec, data=DataSpec(Component("npz")), network=with_layers(place, head, spec.network))


def _complete_record(
    path: Path, place: str, head: Mapping[str, Any], spec: RunSpec, facts: dict[str, Any], stored: Mapping[str, Array]
) -> RunRecord:
    """Return the record with checked arrays and with the values derived from them."""
    units = tuple(layer.units for layer in spec.network.layers[:-1])
    arrays = without_validation(check_arrays(path, stored, units, facts["classes"]), facts)
    arrays = with_first_row(arrays, head["training"].get("epochs"), _steps_per_epoch(head["training"], facts))
    status = status_of(place, head, nonfinite_value(arrays))
    if status == "ok":
        check_finite(path, arrays)
    check_with_facts(path, arrays, facts)
    losses = arrays["step_loss"]
    nonfinite = np.flatnonzero(~np.isfinite(losses))
    spec = _with_measured_init(head, spec, arrays)
    steps = int(nonfinite[0]) + 1 if nonfinite.size else losses.size
    planned = spec.training.epochs if "epochs" in head["training"] else 0
    arrays |= scores_by_epoch(arrays, steps, replace(spec.training, epochs=planned))
    epochs = len(arrays["epoch_epoch"]) - 1 if "epoch_epoch" in arrays else 0
    last = {name: float(arrays[f"epoch_{name}"][-1]) for name in SCORES if f"epoch_{name}" in arrays}
    if "val_confusion" in arrays:
        facts = {"val_n": int(arrays["val_confusion"].sum())} | facts
    if "features" in facts and spec.network.is_complete:
        widths = (int(facts["features"]), *(layer.units for layer in spec.network.layers))
        facts = {"parameters": sum((a + 1) * b for a, b in itertools.pairwise(widths))} | facts
    return RunRecord(
        key=path.stem,
        spec=replace(spec, training=replace(spec.training, epochs=epochs)),
        status=status,
        stopped_at_step=None if status == "ok" else steps,
        steps=steps,
        train_seconds=0.0,
        final=last | final_of(place, head),
        facts=facts,
        arrays=arrays,
    )


def _steps_per_epoch(training: Mapping[str, Any], facts: Mapping[str, Any]) -> tuple[int, ...]:
    """Return the possible numbers of steps per epoch, with and without an incomplete batch; empty if unknown."""
    batch, examples = training.get("batch_size"), facts.get("train_n")
    if batch == "full":
        return (1,)
    return () if batch is None or examples is None else (-(-examples // batch), examples // batch)


def _with_measured_init(head: Mapping[str, Any], spec: RunSpec, arrays: Mapping[str, Array]) -> RunSpec:
    """Return the specification with the measured standard deviation of the weights at step 0 as initialization.

    An initialization in the settings is not changed.
    """
    steps = arrays.get("probe_step")
    if "init" in head["network"] or steps is None or steps[0] != 0 or "probe_weight_std" not in arrays:
        return spec
    stds = [float(std) for std in arrays["probe_weight_std"][0]]
    layers = tuple(
        replace(layer, init=Component.of("gaussian", gain=1.0, std=std)) if math.isfinite(std) else layer
        for layer, std in zip(spec.network.layers, stds, strict=True)
    )
    return replace(spec, network=spec.network.with_layers(layers))
