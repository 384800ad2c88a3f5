"""Checks of what a claim measures: that the runs it speaks of have such a number, at that step or epoch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from reportgen.data import shape
from reportgen.data.datasets import DATASETS
from reportgen.data.preprocessing.steps import STEPS
from reportgen.engine.spec import EPOCH_COLUMNS, LOOK_METRICS, SCORES, RunSpec
from reportgen.errors import MissingError, StudyError
from reportgen.study.checks.best import plain_metric
from reportgen.study.model.claims import Claim
from reportgen.study.model.metrics import COMPOSED, COST_METRICS, LAYER_METRICS

At = Callable[..., str]


def check_measured(claim: Claim, specs: Sequence[RunSpec], at: At) -> None:
    """Raise a StudyError where some of the runs do not have what the claim measures, or it is no single number."""
    _check_one_number(claim, at)
    _check_split(claim, specs, at)
    _check_batchnorm(claim, specs, at)
    _check_needs(claim, specs, at)


def check_time(claim: Claim, specs: Sequence[RunSpec], folder: Path, at: At) -> None:
    """Raise a StudyError where some of the runs do not come to the claim's epoch, or are not looked at in its step."""
    _check_epoch(claim, specs, at)
    step = claim.measure.step
    if claim.measure.metric == "update_ratio" and step in (0, "first"):
        raise StudyError(
            "?", "update_ratio begins with the first update", at("measure", "step"), "step: last, or above 0"
        )
    if isinstance(step, int) and step > 0:
        _check_step(step, specs, folder, at)


def _check_one_number(claim: Claim, at: At) -> None:
    metric, expect = claim.measure.metric, claim.expect
    if metric in LAYER_METRICS:
        return
    if claim.measure.reduce is not None:
        raise StudyError("?", f"{metric} is one number already", at("measure", "reduce", key=True), "leave reduce out")
    if isinstance(expect.near, list):
        raise StudyError("?", f"{metric} is one number, not one by layer", at("expect", "near"), "near: a number")
    if expect.monotone is not None and expect.along is None:
        hint = "along: a path that varies"
        raise StudyError("?", f"{metric} has no layers to go along", at("expect", "monotone"), hint)


def _check_split(claim: Claim, specs: Sequence[RunSpec], at: At) -> None:
    metric = (claim.measure.score or plain_metric(claim.measure.metric)).replace("accuracy_gap", "val_accuracy")
    for prefix, split in (("val_", "validation"), ("test_", "test")):
        lacking = [s for s in specs if getattr(s.data, split) == 0 and split not in DATASETS[s.data.source.name].given]
        if metric.startswith(prefix) and lacking:
            hint = f"set data.{split} above 0"
            place = "score" if claim.measure.score else "metric"
            named = claim.measure.score or claim.measure.metric
            raise StudyError("?", f"{named} needs a {split} split", at("measure", place), hint)


def _check_batchnorm(claim: Claim, specs: Sequence[RunSpec], at: At) -> None:
    metric = claim.measure.metric
    without = any(layer.batchnorm is None for spec in specs for layer in spec.network.layers[:-1])
    if (metric.startswith("bn_") or metric == "batch_dependent_fraction") and without:
        hint = "set network.batchnorm: true, or name such variants in where"
        raise StudyError("?", f"{metric} needs batch normalization", at("measure", "metric"), hint)


def _check_needs(claim: Claim, specs: Sequence[RunSpec], at: At) -> None:
    """Refuse the cost of an activation that is not there, and the variance kept by a step that is not taken."""
    metric = claim.measure.metric
    if metric in COST_METRICS and any(len(spec.network.layers) < 2 for spec in specs):
        raise StudyError("?", f"{metric} needs a hidden layer", at("measure", "metric"), "set network.hidden")
    able = [name for name, step in STEPS.items() if metric in step.reports]
    if able and not all(any(step.name in able for step in spec.preprocess) for spec in specs):
        needed = f"{metric} needs the step {' or '.join(able)}"
        raise StudyError("?", needed, at("measure", "metric"), "or name such variants in where")


def _check_epoch(claim: Claim, specs: Sequence[RunSpec], at: At) -> None:
    metric, epoch = claim.measure.metric, claim.measure.epoch
    if epoch is None:
        return
    if metric not in (*EPOCH_COLUMNS, *COMPOSED):
        at_step = metric in LAYER_METRICS or metric in LOOK_METRICS
        fault, hint = ("is measured at a step", "step: a number, first or last") if at_step else ("has no epoch", None)
        raise StudyError("?", f"{metric} {fault}", at("measure", "epoch", key=True), hint or "leave epoch out")
    fewest = min(spec.training.epochs for spec in specs)
    if isinstance(epoch, int) and epoch > fewest:
        raise StudyError("?", f"there is no epoch {epoch}", at("measure", "epoch"), f"0 to {fewest}")
    if epoch == 0 and metric not in (*SCORES, *COMPOSED, "penalty"):
        raise StudyError("?", f"{metric} begins with epoch 1", at("measure", "epoch"), f"1 to {fewest}")


def _check_step(step: int, specs: Sequence[RunSpec], folder: Path, at: At) -> None:
    from reportgen.engine.cost import total_steps  # the engine takes a second to load, and few claims name a step
    from reportgen.engine.train import look_steps

    for spec in {(s.data, s.training.batch_size, s.training.epochs, s.probes): s for s in specs}.values():
        try:
            total = total_steps(spec, shape(spec.data, (), folder)[0])
        except MissingError:  # the data are not on this machine; whoever trains will say so
            return
        looks = look_steps(spec.probes.looks, total)
        if step not in looks:
            hint = f"the looks are at {', '.join(str(look) for look in looks)}"
            raise StudyError("?", f"the layers are not looked at in step {step}", at("measure", "step"), hint)
