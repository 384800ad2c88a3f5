"""Other rule sets on the same logs: runmedic on the files, and the published sets as far as logs suffice for them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.diagnosis.alarms import Alarm, Published
from benchmarks.diagnosis.build import Measured

OF_LOGS: Mapping[str, Sequence[str]] = {
    "sagemaker": ("ExplodingTensor", "LossNotDecreasing", "Overfit", "Overtraining", "UnchangedTensor"),
    "autotrainer": ("exploding gradient", "oscillating loss", "slow convergence"),
    "deepdiagnosis": ("numerical error", "loss not decreasing", "accuracy not increasing"),
    "umlaut": ("NaN in loss", "learning rate out of range", "overfitting", "suspicious validation accuracy"),
}
"""Rules of the published sets that read losses, accuracies and the learning rate alone."""

RUNMEDIC = "runmedic 0.1.1"
RUNMEDIC_SAYS: Mapping[str, Sequence[str]] = {
    "non_finite": ("nan_divergence", "exploding_activations", "exploding_gradients", "lr_too_high"),
    "divergence": ("lr_too_high", "nan_divergence", "loss_oscillation"),
    "no_learning": (
        *("lr_too_low", "lr_too_high", "no_signal", "vanishing_gradients", "vanishing_activations", "dead_relu"),
        *("symmetric_init", "unnormalized_input", "init_plateau", "saturation"),
    ),
    "overfitting": ("overfitting",),
    "loss_spikes": ("loss_oscillation", "lr_too_high", "gradient_spikes", "resumed_run"),
    "grad_spikes": ("exploding_gradients", "lr_too_high", "gradient_spikes"),
    "val_below_train": ("train_eval_mismatch", "over_regularization"),
    "constant_lr_plateau": ("loss_oscillation", "lr_too_high"),
}
"""For each check of runmedic, the rules of this project that it may stand for, chosen generously."""


def published_alarms(rule_set: Published, case: Measured, seeds: Sequence[int]) -> tuple[Alarm, ...]:
    """Return the alarms of a published set that logs suffice for, in more than half of the runs with these seeds."""
    fired = [set(rule_set.check(record)) for record in case.own if record.spec.seed in seeds]
    rules = OF_LOGS[rule_set.name]
    often = [rule for rule in rules if 2 * sum(rule in names for names in fired) > len(fired)]
    return tuple(Alarm(rule, frozenset(rule_set.says[rule])) for rule in often)


def runmedic_checks(python: str, paths: Sequence[Path]) -> dict[Path, tuple[str, ...]]:
    """Return the checks of runmedic that warn for each log; python: the interpreter where it is installed."""
    names = [str(path) for path in paths]
    run = subprocess.run(
        [python, "-c", _SCRIPT], input=json.dumps(names), capture_output=True, text=True, check=True, timeout=1800
    )
    return {Path(name): tuple(checks) for name, checks in json.loads(run.stdout).items()}


_SCRIPT = """
import json, sys
from runmedic import loaders, roles
from runmedic.checks import run_checks
found = {}
for path in json.load(sys.stdin):
    try:
        findings = [f for run in loaders.load(path) for f in run_checks(run, roles.detect(run))]
    except Exception as error:
        findings = []
    found[path] = sorted({f.check for f in findings if f.severity in ("critical", "warning")})
json.dump(found, sys.stdout)
"""


def runmedic_alarms(checks: Sequence[tuple[str, ...]]) -> tuple[Alarm, ...]:
    """Return the checks that warn in more than half of the runs, as alarms."""
    names = sorted({name for one in checks for name in one})
    often = [name for name in names if 2 * sum(name in one for one in checks) > len(checks)]
    return tuple(Alarm(name, frozenset(RUNMEDIC_SAYS.get(name, ()))) for name in often)
