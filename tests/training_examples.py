"""Made-up training by other programs: logs, findings and groups of runs, without a file behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from reportgen.analysis.diagnosis.outcome import PartialDiagnosis
from reportgen.analysis.diagnosis.rules import RULES
from reportgen.analysis.finding import Abstention, Finding, Severity
from reportgen.analysis.training_groups import TrainingGroup
from reportgen.runs.training_log import Curve, TrainingLog


def curve(role: str, values: Sequence[float], **given: Any) -> Curve:
    """Return a curve by epoch, with the values at 1, 2 and so on."""
    y = np.asarray(values, float)
    fields: dict[str, Any] = {"column": role, "resolution": "epoch", "positions": np.arange(1.0, y.size + 1)}
    return Curve(role=role, values=y, **fields | given)


def log(name: str = "run", epochs: int = 10, seed: int = 0, **given: Any) -> TrainingLog:
    """Return a log of losses and accuracies that overfits after a third of its epochs."""
    noise, t = np.random.default_rng(seed), np.arange(1, epochs + 1)
    fall = np.exp(-t / (epochs / 4))
    curves = (
        curve("train_loss", 2 * fall + 0.05 + 0.01 * noise.random(epochs)),
        curve("val_loss", 2 * fall + 0.3 + 0.6 * t / epochs + 0.02 * noise.random(epochs)),
        curve("train_accuracy", 1 - 0.8 * fall),
        curve("val_accuracy", 0.9 - 0.7 * fall - 0.05 * t / epochs),
    )
    fields: dict[str, Any] = {"path": Path("logs") / name, "format": "csv", "unit": "epoch", "curves": curves}
    return TrainingLog(name=name, **fields | given)


def steps_log(name: str = "run", steps: int = 2000, seed: int = 0, diverges: bool = False, **given: Any) -> TrainingLog:
    """Return a log by step with learning rates, gradient norms and statistics of three layers."""
    noise, t = np.random.default_rng(seed), np.arange(0, steps, 10.0)
    loss = 0.3 + 2 * np.exp(-t / (steps / 5)) + 0.1 * noise.random(t.size)
    if diverges:
        loss = loss * np.where(t > 0.7 * steps, np.exp((t - 0.7 * steps) / (steps / 40)), 1)
        loss[t > 0.9 * steps] = np.nan
    every = np.arange(steps / 10, steps + 1, steps / 10)
    curves = (
        Curve("train_loss", "loss", "window", t, loss),
        Curve("val_loss", "eval_loss", "epoch", every, 0.5 + 2 * np.exp(-every / (steps / 5))),
        Curve("lr", "learning_rate", "step", t, 0.1 * np.minimum(1, t / 200) * np.cos(t / steps * 1.5)),
        Curve("gradient_norm", "grad_norm", "step", t, 1 + noise.random(t.size)),
    )
    layers = {
        f"fc{k}.weight": {
            statistic: Curve("other", f"fc{k}.weight/{statistic}", "step", t, 10.0**-k * np.exp(-t / steps))
            for statistic in ("mean", "std")
        }
        for k in range(3)
    }
    fields: dict[str, Any] = {"path": Path("logs") / name, "format": "tensorboard", "unit": "step", "curves": curves}
    return TrainingLog(name=name, layers=layers, **fields | given)


def finding(rule: str, severity: Severity = "warning", group: str = "run", **given: Any) -> Finding:
    """Return a finding of a rule with made-up words."""
    fields: dict[str, Any] = {
        "seeds": (0,),
        "layers": (),
        "step": None,
        "evidence": {"share": 0.25},
        "message": f"The {rule} was measured as 0.25, above the limit of 0.1.",
        "advice": "Set training.lr to 0.01.",
        "sources": RULES[rule].sources,
    }
    return Finding(rule, severity, group, **fields | given)


def group(
    name: str = "run",
    findings: Sequence[Finding] = (),
    runs: Sequence[TrainingLog] = (),
    abstained: Mapping[str, Abstention] | None = None,
    **given: Any,
) -> TrainingGroup:
    """Return a group of runs; by default one run by epoch, on which three rules found nothing."""
    passed = given.pop("passed", ("loss_oscillation", "lr_too_high", "nan_divergence"))
    diagnosis = PartialDiagnosis(name, tuple(findings), passed, given.pop("not_judged", {}), abstained or {})
    fields: dict[str, Any] = {"id": name, "runs": tuple(runs) or (log(name),)}
    return TrainingGroup(name=name, diagnosis=diagnosis, **fields | given)


SHORT = Abstention("the log has 4 epochs and the rule needs 8", "log at least 8 epochs")


def diverged(name: str = "diverged") -> TrainingGroup:
    """Return a run that diverged, with two findings close to each other and a consequence."""
    findings = [
        finding("lr_too_high", "error", name, step=1400),
        finding("nan_divergence", "error", name, step=1800, consequence_of="lr_too_high"),
        finding("loss_oscillation", "warning", name, step=1420, consequence_of="lr_too_high"),
        finding("undertrained", "info", name),
    ]
    return group(name, findings, [steps_log(name, diverges=True)], {"overfitting": SHORT})
