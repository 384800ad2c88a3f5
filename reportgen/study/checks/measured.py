"""Checks that the runs of a claim have its metric, at its step or epoch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from reportgen.data import shape
from reportgen.data.preprocessing.steps import STEPS
from reportgen.engine.spec import RunSpec
from reportgen.errors import MissingError, StudyError
from reportgen.study.metrics.table import METRICS
from reportgen.study.model.claims import Claim

At = Callable[..., str]


def check_measured(claim: Claim, specs: Sequence[RunSpec], at: At) -> None:
    """Raise a StudyError if some of the runs do not have the claim's metric, or not as a single number."""
    _check_one_number(claim, at)
    _check_needs(claim, specs, at)
    _check_preprocessing(claim, specs, at)


def check_time(claim: Claim, specs: Sequence[RunSpec], folder: Path, at: At) -> None:
    """Raise a StudyError if some of the runs do not reach the claim's epoch, or have no probe at its step."""
    _check_epoch(claim, specs, at)
    _check_round(claim, specs, at)
    step = claim.measure.step
    if step in (0, "first") and not METRICS[claim.measure.metric].initial:
        message = f"{claim.measure.metric} does not exist before the first update"
        raise StudyError("out-of-range", message, at("measure", "step"), "set step: last, or a step above 0")
    if isinstance(step, int) and step > 0:
        _check_step(step, specs, folder, at)


def _check_one_number(claim: Claim, at: At) -> None:
    metric, expect = claim.measure.metric, claim.expect
    if METRICS[metric].by_layer is not None:
        return
    if claim.measure.reduce is not None:
        message, place = f"reduce does not apply to {metric}", at("measure", "reduce", key=True)
        raise StudyError("inapplicable-key", message, place, "remove reduce")
    if expect.row.by_layer(expect):
        message = f"{metric} is a single number, but {expect.kind} expects one for each layer"
        raise StudyError("not-comparable", message, at("expect", expect.kind), expect.row.single)


def _check_needs(claim: Claim, specs: Sequence[RunSpec], at: At) -> None:
    """Raise a StudyError if some of the runs do not meet a condition of the metric, or of the score of a time."""
    for key, name in (("metric", claim.measure.metric), ("score", claim.measure.score)):
        for need in METRICS[name].needs if name is not None else ():
            if not all(map(need.met, specs)):
                place = at("measure") if need.place is None else at("measure", key)
                raise StudyError("not-measured", f"{name} {need.text}", place, need.hint)


def _check_preprocessing(claim: Claim, specs: Sequence[RunSpec], at: At) -> None:
    """Reject a metric that a preprocessing step measures if some of the runs do not have such a step."""
    metric = claim.measure.metric
    able = [name for name, step in STEPS.items() if metric in step.reports]
    if able and not all(any(step.name in able for step in spec.preprocess) for spec in specs):
        step = " or ".join(able)
        hint = f"add {step} to preprocess, or select variants with it in where"
        raise StudyError("not-measured", f"{metric} needs the preprocessing step {step}", at("measure", "metric"), hint)


def _check_epoch(claim: Claim, specs: Sequence[RunSpec], at: At) -> None:
    metric, epoch = claim.measure.metric, claim.measure.epoch
    if epoch is None:
        return
    row = METRICS[metric]
    if "epoch" not in row.place.keys:
        hint = "use step: a number, first or last" if "step" in row.place.keys else "remove epoch"
        message, place = f"epoch does not apply to {metric}", at("measure", "epoch", key=True)
        raise StudyError("inapplicable-key", message, place, hint)
    fewest = min(spec.training.epochs for spec in specs)
    if isinstance(epoch, int) and epoch > fewest:
        raise StudyError("out-of-range", f"unknown epoch {epoch}", at("measure", "epoch"), f"0 to {fewest}")
    if epoch == 0 and not row.initial:
        raise StudyError("out-of-range", f"{metric} starts at epoch 1", at("measure", "epoch"), f"1 to {fewest}")


def _check_round(claim: Claim, specs: Sequence[RunSpec], at: At) -> None:
    number = claim.measure.round
    fewest = min((spec.training.pruning.rounds for spec in specs if spec.training.pruning), default=0)
    if isinstance(number, int) and number > fewest:
        raise StudyError("out-of-range", f"unknown round {number}", at("measure", "round"), f"0 to {fewest}")


def _check_step(step: int, specs: Sequence[RunSpec], folder: Path, at: At) -> None:
    from reportgen.engine.cost import training_steps  # importing the engine takes a second, and few claims name a step
    from reportgen.engine.probes.arrays import probe_steps

    for spec in {(s.data, s.training.batch_size, s.training.epochs, s.probes): s for s in specs}.values():
        try:
            total = training_steps(spec, shape(spec.data, (), folder)[0])
        except MissingError:  # `run` reports data that are missing on this machine
            return
        looks = probe_steps(spec.probes.looks, total)
        if step not in looks:
            hint = f"the probes are at steps {', '.join(str(look) for look in looks)}"
            raise StudyError("not-measured", f"there is no probe at step {step}", at("measure", "step"), hint)
