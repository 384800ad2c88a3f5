"""Data files for random networks: the drawn examples as splits of which one is spoiled."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator

from benchmarks.diagnosis.draw import Study, between, log_uniform
from reportgen.data import Dataset, load
from reportgen.study.model.data_settings import Data

Arrays = dict[str, Any]

PARTS = {"inputs": "x_val", "labels": "y_val"}
"""Parts of the validation examples and their arrays."""


def _raw(rng: Generator, arrays: Arrays) -> Arrays:
    """Return validation inputs with another scale and mean."""
    spread = float(arrays["x_train"].std())
    moved = log_uniform(rng, 4, 50) * arrays["x_val"] + between(rng, 3, 30) * spread
    return arrays | {"x_val": moved.astype(np.float32)}


def _shuffled(rng: Generator, arrays: Arrays) -> Arrays:
    """Return validation labels in random order."""
    return arrays | {"y_val": rng.permutation(arrays["y_val"])}


def _renumbered(rng: Generator, arrays: Arrays) -> Arrays:
    """Return validation labels with other numbers for the classes."""
    classes = int(arrays["y_train"].max()) + 1
    return arrays | {"y_val": (arrays["y_val"] + int(rng.integers(1, classes))) % classes}


def _sorted(rng: Generator, arrays: Arrays) -> Arrays:
    """Return training examples sorted by class."""
    order = np.argsort(arrays["y_train"], kind="stable")
    return arrays | {name: arrays[name][order] for name in ("x_train", "y_train")}


def unlike(rng: Generator, study: Study) -> dict[str, Any] | None:
    """Return the change to validation examples that are unlike the training examples."""
    kind = (_raw, _shuffled, _renumbered)[int(rng.integers(3))]
    return {"data": {"name": "npz", "path": data_file(rng, study, kind)}}


def in_order(rng: Generator, study: Study) -> dict[str, Any] | None:
    """Return the change to batches sorted by class."""
    batch = study["training"]["batch_size"]
    if batch == "full" or batch < 4:
        return None
    data = {"name": "npz", "path": data_file(rng, study, _sorted), "shuffle": False}
    return {"data": data, "training.shuffle": False}


def spoiled_part(sound: Study, faulty: Study) -> str | None:
    """Return the part of the validation examples that a fault spoils: "inputs" or "labels"; None if it spoils neither.

    A setting repairs all faults that spoil neither, such as the order of training examples.
    """
    if sound["data"] == faulty["data"] or faulty["data"]["name"] != "npz":
        return None
    before, after = _load(sound), _load(faulty)
    changed = [part for part, name in PARTS.items() if not np.array_equal(getattr(before, name), getattr(after, name))]
    return changed[0] if changed else None


def _load(study: Study) -> Dataset:
    return load(Data.model_validate(study["data"]).spec, (), 0)


def data_file(rng: Generator, study: Study, kind: Callable[[Generator, Arrays], Arrays]) -> str:
    """Write the spoiled examples and return the path, whose name depends on the contents."""
    drawn = _load(study)
    names = ("x_train", "y_train", "x_val", "y_val")
    arrays = kind(rng, {name: getattr(drawn, name) for name in names})
    digest = hashlib.sha256(b"".join(np.ascontiguousarray(arrays[name]).tobytes() for name in names)).hexdigest()
    path = Path(tempfile.gettempdir()) / "reportgen-random-data" / f"{digest[:16]}.npz"
    path.parent.mkdir(exist_ok=True)
    if not path.exists():
        np.savez(path, **arrays)
    return str(path)
