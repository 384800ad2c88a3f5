"""Shorthands for data specifications and data sets in tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reportgen import data
from reportgen.data.dataset import Dataset
from reportgen.data.spec import DataSpec
from reportgen.registry import Component

OPTIONS = set(DataSpec.__slots__) - {"source"}


def spec(name: str, **settings: Any) -> DataSpec:
    """Return a DataSpec; settings that are not options are parameters of the data set."""
    options = {key: value for key, value in settings.items() if key in OPTIONS}
    return DataSpec(Component.of(name, **{k: v for k, v in settings.items() if k not in OPTIONS}), **options)


def made(name: str, *steps: Component, run_seed: int = 0, folder: Path | None = None, **settings: Any) -> Dataset:
    """Return the data set for these settings."""
    return data.load(spec(name, **settings), steps, run_seed, folder)
