"""Plan of a study: its variants, and a run of each variant for each seed.

The first stage of a search is planned at once, and each later stage from the scores of the previous one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reportgen.data import shape
from reportgen.data.datasets import DATASETS
from reportgen.engine.probes.probe_spec import ProbeSpec
from reportgen.engine.spec import RunSpec, TrainingSpec
from reportgen.study.model.components import plain, plain_value
from reportgen.study.model.settings import VARIABLE, Settings, Training
from reportgen.study.model.study import Study
from reportgen.study.planning.network import Inputs, network_spec
from reportgen.study.planning.trials import Scores, Trial, trials_of
from reportgen.study.planning.variants import Point


@dataclass(frozen=True)
class Variant:
    """One combination of the varied settings, or one trial of a search.

    Attributes
    ----------
    id : unique, of [a-z0-9-].
    label : unique, for readers.
    settings : every setting by its dotted path, including defaults.
    varied : the labels of the varied values by dotted path.
    trial : None without a search.
    """

    id: str
    label: str
    settings: Mapping[str, Any]
    varied: Mapping[str, str]
    trial: Trial | None = None


@dataclass(frozen=True)
class PlannedRun:
    """A run to train: one variant with one seed. `purpose` is empty unless the run is an extra one, for a remedy."""

    variant: str
    seed: int
    spec: RunSpec
    purpose: str = ""


@dataclass(frozen=True)
class Plan:
    """All runs of a study, ordered by variant and seed."""

    study: Study
    variants: tuple[Variant, ...]
    runs: tuple[PlannedRun, ...]


def make_plan(study: Study, scores: Scores | None = None, projected: bool = False) -> Plan:
    """Return the variants and runs of a study, including all stages of searches that scores determine.

    Parameters
    ----------
    scores : the scores of trials by variant and seed, NaN for a run without a score.
    projected : include the other stages too, as if the first trial of each stage were the best one. The number of
        their runs is exact, but their settings are a guess.
    """
    variants: list[Variant] = []
    runs: list[PlannedRun] = []
    for point in study.points:
        search = point.search
        if search is None:
            variants.append(_variant(point, point.settings))
            runs += _runs(study, point.id, point.settings, study.seeds)
            continue
        search = search.small() if study.watermark and not study.search_is_typed else search
        for trial in trials_of(search, point, study.seeds, scores or {}, projected):
            settings = point.changed(trial.changes)
            variants.append(_trial_variant(point, trial, settings))
            runs += _runs(study, trial.id, settings, trial.seeds)
    return Plan(study, tuple(variants), tuple(runs))


def first_stages(plan: Plan) -> Plan:
    """Return the part of a projected plan that needs no scores: all variants, and the trials of the first stages."""
    variants = tuple(variant for variant in plan.variants if variant.trial is None or variant.trial.stage == 1)
    ids = {variant.id for variant in variants}
    return Plan(plan.study, variants, tuple(run for run in plan.runs if run.variant in ids))


def changed(plan: Plan, variant: str, change: Mapping[str, Any], purpose: str) -> list[PlannedRun]:
    """Return the runs of one variant with changed settings and the same seeds, such as for a remedy.

    Raises
    ------
    KeyError : a path of the change continues into a value that has no keys.
    ValidationError : the changed settings are invalid.
    """
    study, trial = plan.study, next(v.trial for v in plan.variants if v.id == variant)
    wanted = trial.point if trial else variant
    point = next(point for point in study.points if point.id == wanted)
    settings = point.changed({**(trial.changes if trial else {}), **change})
    seeds = [run.seed for run in plan.runs if run.variant == variant]
    return [replace(run, purpose=purpose) for run in _runs(study, variant, settings, seeds)]


def _runs(study: Study, variant: str, settings: Settings, seeds: Sequence[int]) -> list[PlannedRun]:
    classes = class_count(settings, study.folder)
    spec = run_spec(settings, 0, classes, study.folder)
    if study.ensembles:  # ensembles average the predictions of the runs
        spec = replace(spec, evaluation=replace(spec.evaluation, predictions=True))
    return [PlannedRun(variant, seed, replace(spec, seed=seed)) for seed in seeds]


def class_count(settings: Settings, folder: Path) -> int:
    """Return the number of classes; reads the data file if the settings do not determine it."""
    row = DATASETS[settings.data.source.name]
    known = settings.data.classes or row.fixed.get("classes")
    return known or shape(settings.data.spec, (), folder)[2]


def _variant(point: Point, settings: Settings) -> Variant:
    varied = {choice.path: choice.label for choice in point.choices}
    unsearched = {"search": None} if "search" in varied else {}  # a variant without a search, among others with one
    return Variant(point.id, point.label, flat_settings(settings) | unsearched, varied)


def _trial_variant(point: Point, trial: Trial, settings: Settings) -> Variant:
    """Return the variant of a trial; its settings include those of the search, below `search`."""
    options = {f"search.{key}": value for key, value in trial.asked.written.items()}
    place = {"search": trial.search, "search.stage": trial.stage, "search.trial": trial.number}
    varied = {choice.path: choice.label for choice in point.choices} | {"search": trial.search} | trial.words
    return Variant(trial.id, trial.label, flat_settings(settings) | options | place, varied, trial)


def run_spec(settings: Settings, seed: int, classes: int, folder: Path | None = None) -> RunSpec:
    """Return the specification of a run; `folder` is the folder of the study, the base of paths of data."""
    inputs = Inputs(settings.data.spec, settings.preprocess, folder)
    return RunSpec(
        data=settings.data.spec,
        preprocess=settings.preprocess,
        network=network_spec(settings.network, classes, inputs),
        training=_training(settings.training),
        probes=ProbeSpec(**settings.probes.model_dump()),
        seed=seed,
        evaluation=settings.evaluation.spec,
    )


def _training(training: Training) -> TrainingSpec:
    same = ("loss", "optimizer", "lr", "schedule", "epochs", "l2", "l1", "clip_norm", "shuffle", "stop_above")
    return TrainingSpec(
        **{name: getattr(training, name) for name in same},
        batch_size=0 if training.batch_size == "full" else training.batch_size,
        augment=training.augment.spec if training.augment else None,
        patience=training.early_stopping.patience if training.early_stopping else None,
        pruning=training.pruning.spec if training.pruning else None,
    )


def flat_settings(settings: Settings) -> dict[str, Any]:
    """Return every setting, including defaults, as plain JSON values by dotted path."""
    flat: dict[str, Any] = {}
    for name in VARIABLE:
        section = getattr(settings, name)
        if name == "preprocess":
            flat[name] = [plain(step) for step in section]
            continue
        for key in type(section).model_fields:
            flat[f"{name}.{key}"] = plain_value(getattr(section, key))
    del flat["network.layers" if settings.network.layers is None else "network.hidden"]
    source = settings.data.source
    del flat["data.source"]
    return {"data.name": source.name} | {f"data.{k}": plain_value(v) for k, v in source.params if v is not None} | flat
