"""From a study to the explicit list of runs: variants, seeds and their RunSpecs.

A search is planned as far as scores are known: its first stage at once, each further stage from the scores of the one
before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reportgen.data import shape
from reportgen.data.datasets import DATASETS
from reportgen.data.spec import DataSpec
from reportgen.engine.spec import LayerSpec, NetworkSpec, ProbeSpec, RunSpec, TrainingSpec
from reportgen.registry import Component
from reportgen.study.model.components import plain, plain_value
from reportgen.study.model.data_settings import Data
from reportgen.study.model.settings import VARIABLE, Network, Settings, Training
from reportgen.study.model.study import Study
from reportgen.study.planning.trials import Scores, Trial, trials_of
from reportgen.study.planning.variants import Point


@dataclass(frozen=True)
class Variant:
    """One point of what varies, or one trial of a search.

    id: unique, of [a-z0-9-]; label: for people, unique; settings: every setting by its dotted path, defaults
    included; varied: the varied paths alone, to the label that stands for the value; trial: None where nothing is
    searched.
    """

    id: str
    label: str
    settings: Mapping[str, Any]
    varied: Mapping[str, str]
    trial: Trial | None = None


@dataclass(frozen=True)
class PlannedRun:
    """One variant with one seed, before it has run; apart: what it is for, where it is not the variant's own run."""

    variant: str
    seed: int
    spec: RunSpec
    purpose: str = ""


@dataclass(frozen=True)
class Plan:
    """All runs of a study, in the order of variants and seeds."""

    study: Study
    variants: tuple[Variant, ...]
    runs: tuple[PlannedRun, ...]


def make_plan(study: Study, scores: Scores | None = None, projected: bool = False) -> Plan:
    """Return the study's variants and runs, with every stage of its searches that the scores of trials decide.

    scores: by variant and seed, NaN for a run that has none. outlook: the other stages too, as they would be if the
    first trial of a stage were its best; their number is right, their settings are a guess.
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
            variants.append(_of_trial(point, trial, settings))
            runs += _runs(study, trial.id, settings, trial.seeds)
    return Plan(study, tuple(variants), tuple(runs))


def changed(plan: Plan, variant: str, change: Mapping[str, Any], purpose: str) -> list[PlannedRun]:
    """Return the runs of one variant with some settings changed: the counterfactual of a remedy, on the same seeds.

    apart: what the runs are for, in words.
    Raises pydantic's ValidationError where the change makes no valid settings.
    """
    study, trial = plan.study, next(v.trial for v in plan.variants if v.id == variant)
    wanted = trial.point if trial else variant
    point = next(point for point in study.points if point.id == wanted)
    settings = point.changed({**(trial.changes if trial else {}), **change})
    seeds = [run.seed for run in plan.runs if run.variant == variant]
    return [replace(run, purpose=purpose) for run in _runs(study, variant, settings, seeds)]


def _runs(study: Study, variant: str, settings: Settings, seeds: Sequence[int]) -> list[PlannedRun]:
    classes = class_count(settings, study.folder)
    spec = run_spec(settings, 0, classes)
    if study.ensembles:  # ensembles average the predictions of the runs
        spec = replace(spec, evaluation=replace(spec.evaluation, predictions=True))
    return [PlannedRun(variant, seed, replace(spec, seed=seed)) for seed in seeds]


def class_count(settings: Settings, folder: Path) -> int:
    """Return the number of classes, which are the units of the output layer; a file is read where only it can tell."""
    row = DATASETS[settings.data.source.name]
    known = settings.data.classes or row.fixed.get("classes")
    return known or shape(data_spec(settings.data), (), folder)[2]


def _variant(point: Point, settings: Settings) -> Variant:
    varied = {choice.path: choice.label for choice in point.choices}
    unsearched = {"search": None} if "search" in varied else {}  # a variant that says so, among others that search
    return Variant(point.id, point.label, flat_settings(settings) | unsearched, varied)


def _of_trial(point: Point, trial: Trial, settings: Settings) -> Variant:
    """Return a trial as a variant: what is searched stands among its settings, below `search`."""
    asked = {f"search.{key}": value for key, value in trial.asked.written.items()}
    place = {"search": trial.search, "search.stage": trial.stage, "search.trial": trial.number}
    varied = {choice.path: choice.label for choice in point.choices} | {"search": trial.search} | trial.words
    return Variant(trial.id, trial.label, flat_settings(settings) | asked | place, varied, trial)


def run_spec(settings: Settings, seed: int, classes: int) -> RunSpec:
    """Return the specification of the run with one seed."""
    return RunSpec(
        data=data_spec(settings.data),
        preprocess=settings.preprocess,
        network=_network(settings.network, classes),
        training=_training(settings.training),
        probes=ProbeSpec(**settings.probes.model_dump()),
        seed=seed,
        evaluation=settings.evaluation.spec,
    )


def data_spec(data: Data) -> DataSpec:
    """Return the specification of the data."""
    values = {name: getattr(data, name) for name in type(data).model_fields if name != "keep"}
    validation = 0.0 if data.validation is None else data.validation
    return DataSpec(**(values | {"validation": validation, "keep": tuple(sorted(data.keep.items()))}))


def _network(network: Network, classes: int) -> NetworkSpec:
    """Return one LayerSpec a layer, the output layer with a unit for each class last."""
    count = len(network.hidden)

    def by_layer(value: Any) -> list[Any]:
        return list(value) if isinstance(value, (tuple, list)) else [value] * count

    hidden = [
        LayerSpec(units, activation, init, float(bias), batchnorm, dropout)
        for units, activation, init, bias, batchnorm, dropout in zip(
            network.hidden,
            by_layer(network.activation),
            by_layer(network.init),
            by_layer(network.bias),
            by_layer(network.batchnorm),
            by_layer(network.dropout),
            strict=True,
        )
    ]
    return NetworkSpec((*hidden, LayerSpec(classes, Component("identity"), _output_init(network), 0.0)))


def _output_init(network: Network) -> Component:
    if network.output_init is not None:
        return network.output_init
    init = network.init
    if isinstance(init, Component):
        return init
    return init[-1] if init else Component.of("xavier", gain=1.0)


def _training(training: Training) -> TrainingSpec:
    same = ("loss", "optimizer", "lr", "schedule", "epochs", "l2", "l1", "clip_norm", "shuffle", "stop_above")
    return TrainingSpec(
        **{name: getattr(training, name) for name in same},
        batch_size=0 if training.batch_size == "full" else training.batch_size,
        augment=training.augment_spec,
        patience=training.early_stopping.patience if training.early_stopping else None,
    )


def flat_settings(settings: Settings) -> dict[str, Any]:
    """Return every setting by its dotted path as plain JSON values, defaults included."""
    flat: dict[str, Any] = {}
    for name in VARIABLE:
        section = getattr(settings, name)
        if name == "preprocess":
            flat[name] = [plain(step) for step in section]
            continue
        for key in type(section).model_fields:
            flat[f"{name}.{key}"] = plain_value(getattr(section, key))
    source = settings.data.source
    del flat["data.source"]
    return {"data.name": source.name} | {f"data.{k}": plain_value(v) for k, v in source.params if v is not None} | flat
