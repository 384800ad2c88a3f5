"""Checks that the runs of a claim have its metric, at its step or epoch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from reportgen.data import shape
from reportgen.data.datasets import DATASETS
from reportgen.data.preprocessing.steps import STEPS
from reportgen.engine.spec import EPOCH_COLUMNS, PROBE_METRICS, SCORES, RunSpec
from reportgen.errors import MissingError, StudyError
from reportgen.study.checks.best import plain_metric
from reportgen.study.model.claims import Claim
from reportgen.study.model.metrics import COMPOSED, COST_METRICS, LAYER_METRICS

At = Callable[..., str]


def check_measured(claim: Claim, specs: Sequence[RunSpec], at: At) -> None:
    """Raise a StudyError if some of the runs do not have the claim's metric, or not as a single number."""
    _check_one_number(claim, at)
    _check_split(claim, specs, at)
    _check_batchnorm(claim, specs, at)
    _check_needs(claim, specs, at)


def check_time(claim: Claim, specs: Sequence[RunSpec], folder: Path, at: At) -> None:
    """Raise a StudyError if some of the runs do not reach the claim's epoch, or have no probe at its step."""
    _check_epoch(claim, specs, at)
    step = claim.measure.step
    if claim.measure.metric == "update_ratio" and step in (0, "first"):
        message = "update_ratio does not exist before the first update"
        raise StudyError("out-of-range", message, at("measure", "step"), "set step: last, or a step above 0")
    if isinstance(step, int) and step > 0:
        _check_step(step, specs, folder, at)


def _check_one_number(claim: Claim, at: At) -> None:
    metric, expect = claim.measure.metric, claim.expect
    if metric in LAYER_METRICS:
        return
    if claim.measure.reduce is not None:
        message, place = f"reduce does not apply to {metric}", at("measure", "reduce", key=True)
        raise StudyError("inapplicable-key", message, place, "remove reduce")
    if isinstance(expect.near, list):
        message = f"{metric} is a single number, but near is a list for layers"
        raise StudyError("not-comparable", message, at("expect", "near"), "set near to a number")
    if expect.monotone is not None and expect.along is None:
        message = f"{metric} is not measured by layer, so monotone needs along"
        raise StudyError("not-comparable", message, at("expect", "monotone"), "add along: a path that varies")


def _check_split(claim: Claim, specs: Sequence[RunSpec], at: At) -> None:
    metric = (claim.measure.score or plain_metric(claim.measure.metric)).replace("accuracy_gap", "val_accuracy")
    for prefix, split in (("val_", "validation"), ("test_", "test")):
        lacking = [s for s in specs if getattr(s.data, split) == 0 and split not in DATASETS[s.data.source.name].given]
        if metric.startswith(prefix) and lacking:
            hint = f"set data.{split} above 0"
            place = "score" if claim.measure.score else "metric"
            named = claim.measure.score or claim.measure.metric
            raise StudyError("not-measured", f"{named} needs a {split} split", at("measure", place), hint)


def _check_batchnorm(claim: Claim, specs: Sequence[RunSpec], at: At) -> None:
    metric = claim.measure.metric
    without = any(layer.batchnorm is None for spec in specs for layer in spec.network.layers[:-1])
    if (metric.startswith("bn_") or metric == "batch_dependent_fraction") and without:
        hint = "set network.batchnorm: true, or select variants with it in where"
        raise StudyError("not-measured", f"{metric} needs batch normalization", at("measure", "metric"), hint)


def _check_needs(claim: Claim, specs: Sequence[RunSpec], at: At) -> None:
    """Reject the cost of an activation without a hidden layer, and the kept variance without PCA."""
    metric = claim.measure.metric
    if metric in COST_METRICS and any(len(spec.network.layers) < 2 for spec in specs):
        raise StudyError(
            "not-measured", f"{metric} needs a hidden layer", at("measure", "metric"), "set network.hidden"
        )
    able = [name for name, step in STEPS.items() if metric in step.reports]
    if able and not all(any(step.name in able for step in spec.preprocess) for spec in specs):
        step = " or ".join(able)
        hint = f"add {step} to preprocess, or select variants with it in where"
        raise StudyError("not-measured", f"{metric} needs the preprocessing step {step}", at("measure", "metric"), hint)


def _check_epoch(claim: Claim, specs: Sequence[RunSpec], at: At) -> None:
    metric, epoch = claim.measure.metric, claim.measure.epoch
    if epoch is None:
        return
    if metric not in (*EPOCH_COLUMNS, *COMPOSED):
        at_step = metric in LAYER_METRICS or metric in PROBE_METRICS
        hint = "use step: a number, first or last" if at_step else "remove epoch"
        message, place = f"epoch does not apply to {metric}", at("measure", "epoch", key=True)
        raise StudyError("inapplicable-key", message, place, hint)
    fewest = min(spec.training.epochs for spec in specs)
    if isinstance(epoch, int) and epoch > fewest:
        raise StudyError("out-of-range", f"unknown epoch {epoch}", at("measure", "epoch"), f"0 to {fewest}")
    if epoch == 0 and metric not in (*SCORES, *COMPOSED, "penalty"):
        raise StudyError("out-of-range", f"{metric} starts at epoch 1", at("measure", "epoch"), f"1 to {fewest}")


def _check_step(step: int, specs: Sequence[RunSpec], folder: Path, at: At) -> None:
    from reportgen.engine.cost import total_steps  # importing the engine takes a second, and few claims name a step
    from reportgen.engine.train import probe_steps

    for spec in {(s.data, s.training.batch_size, s.training.epochs, s.probes): s for s in specs}.values():
        try:
            total = total_steps(spec, shape(spec.data, (), folder)[0])
        except MissingError:  # `run` reports data that are missing on this machine
            return
        looks = probe_steps(spec.probes.looks, total)
        if step not in looks:
            hint = f"the probes are at steps {', '.join(str(look) for look in looks)}"
            raise StudyError("not-measured", f"there is no probe at step {step}", at("measure", "step"), hint)
