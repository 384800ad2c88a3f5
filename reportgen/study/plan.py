"""From a study to the explicit list of runs: variants, seeds and their RunSpecs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reportgen.engine.spec import RunSpec
from reportgen.study.model import Study


@dataclass(frozen=True)
class Variant:
    """One point of what varies.

    id: unique, of [a-z0-9-]; label: for people, unique; settings: every setting by its dotted path, defaults
    included; varied: the varied paths alone, to the label that stands for the value.
    """

    id: str
    label: str
    settings: Mapping[str, Any]
    varied: Mapping[str, str]


@dataclass(frozen=True)
class PlannedRun:
    """One variant with one seed, before it has run."""

    variant: str
    seed: int
    spec: RunSpec


@dataclass(frozen=True)
class Plan:
    """All runs of a study, in the order of variants and seeds."""

    study: Study
    variants: tuple[Variant, ...]
    runs: tuple[PlannedRun, ...]
