"""Analyses with plausible numbers from formulas, so that figures can be tested without training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from reportgen.analysis.results import Analysis, ClaimResult, Estimate, VariantSummary
from reportgen.data.spec import DataSpec
from reportgen.engine.network_spec import LayerSpec, NetworkSpec
from reportgen.engine.probes.probe_spec import ProbeSpec
from reportgen.engine.spec import EPOCH_COLUMNS, SCORES, STATISTICS, RunSpec, TrainingSpec
from reportgen.registry import Component
from reportgen.runs.record import RunRecord
from reportgen.study.loading.loader import load_study
from reportgen.study.model.claims import Claim
from reportgen.study.planning.plan import Plan, Variant

LECTURE_STDS = [0.213081, 0.047551, 0.010630, 0.002378, 0.000532, 0.000119, 0.000026, 0.000006, 0.000001, 0.000000]


def spec(layers: int, seed: int, epochs: int) -> RunSpec:
    """Return a spec with that many layers, output included."""
    layer = LayerSpec(50, Component("tanh"), Component.of("gaussian", std=0.01, gain=1.0))
    last = LayerSpec(10, Component("identity"), Component.of("xavier", gain=1.0))
    return RunSpec(
        data=DataSpec(Component("gaussian"), 1000, 500, 10),
        preprocess=(),
        network=NetworkSpec((*[layer] * (layers - 1), last)),
        training=TrainingSpec(epochs=epochs),
        probes=ProbeSpec(),
        seed=seed,
    )


def record(
    seed: int = 0,
    layers: int = 11,
    epochs: int = 0,
    start: float = 0.2,
    ratio: float = 0.23,
    status: str = "ok",
    mean_share: float = 0.0,
    statistics: Mapping[str, Any] | None = None,
) -> RunRecord:
    """Return a record whose layer stds are start * ratio ** (layer - 1), blurred by seed, and whose loss falls."""
    rng = np.random.default_rng(seed)
    steps = np.array([0, 10, 20]) if epochs else np.array([0])
    with np.errstate(over="ignore"):
        growth, back = ratio ** np.arange(layers, dtype=float), ratio ** np.arange(layers, dtype=float)[::-1]
        std = start * growth * rng.normal(1, 0.03, (len(steps), layers))
    arrays: dict[str, Any] = {f"probe_{name}": np.full((len(steps), layers), np.nan) for name in STATISTICS}
    arrays["probe_step"] = steps
    arrays["probe_activation_std"] = std
    arrays["probe_activation_mean"] = std * rng.normal(mean_share, 0.02, std.shape)
    arrays["probe_gradient_std"] = 1e-3 * back * rng.normal(1, 0.05, std.shape)
    arrays["probe_weight_norm"] = 5 + rng.normal(0, 0.1, std.shape) + steps[:, None] / 20
    arrays["probe_dead_fraction"] = np.clip(rng.normal(0.05, 0.02, std.shape), 0, 1)
    arrays["probe_saturated_fraction"] = np.clip(std * 2, 0, 1)
    arrays["probe_update_ratio"] = np.where(steps[:, None] > 0, 1e-3 * rng.lognormal(0, 0.3, std.shape), np.nan)
    arrays |= _histograms(std, arrays["probe_gradient_std"])
    arrays |= _curves(rng, epochs, status)
    for name, values in (statistics or {}).items():
        arrays[f"probe_{name}"] = np.broadcast_to(np.asarray(values, float), std.shape).copy()
    final = dict.fromkeys(SCORES, np.nan) | {
        name: float(arrays[f"epoch_{name}"][-1])
        for name in ("train_loss", "train_accuracy", "val_loss", "val_accuracy")
    }
    return RunRecord(
        key=f"{seed:020d}",
        spec=spec(layers, seed, epochs),
        status=status,
        stopped_at_step=None if status == "ok" else 15,
        steps=20 * bool(epochs),
        train_seconds=0.1,
        final=final,
        facts={"train_n": 800, "val_n": 200, "test_n": 0, "features": 500, "classes": 10, "probe_n": 800},
        arrays=arrays,
    )


def _histograms(std: Any, gradient_std: Any) -> dict[str, Any]:
    """Return counts as of 800 probe examples: 40000 values of a hidden layer, 8000 of the output layer."""
    times = np.append(np.full(std.shape[1] - 1, 20), 4)[:, None]
    edges, log_edges = np.linspace(-1, 1, 31), np.linspace(-16, 2, 73)
    values = np.tanh(np.random.default_rng(1).normal(size=2000))
    looks = [[np.histogram(np.clip(values * s, -1, 1), edges)[0] for s in row] for row in std]
    sizes = np.abs(np.random.default_rng(2).normal(size=2000))
    with np.errstate(divide="ignore"):
        back = [[np.histogram(np.log10(sizes * s), log_edges)[0] for s in row] for row in gradient_std]
    return {
        "probe_activation_histogram": np.array(looks) * times,
        "activation_edges": np.tile(edges, (std.shape[1], 1)),
        "probe_gradient_histogram": np.array(back) * times,
        "gradient_edges": log_edges,
        "probe_unit_dead": np.zeros((len(std), 0), np.uint8),
        "unit_layer": np.zeros(0, int),
    }


def _curves(rng: Any, epochs: int, status: str) -> dict[str, Any]:
    """Return scores by epoch; those of a diverged run end halfway, as the engine leaves them."""
    kept = epochs + 1 if status == "ok" else max(1, epochs // 2) + 1
    x = np.arange(kept)
    loss = 0.3 + 2 * np.exp(-3 * x / max(epochs, 1)) + rng.normal(0, 0.03, kept)
    if status == "diverged":
        loss = loss * 10.0 ** np.minimum(x, 30)
    columns = dict.fromkeys(EPOCH_COLUMNS, np.zeros(kept)) | {
        "epoch": x,
        "step": 10 * x,
        "batch_loss": np.where(x > 0, loss + 0.05, np.nan),
        "train_loss": loss,
        "val_loss": loss + 0.1,
        "train_accuracy": np.clip(1 - loss / 2.5, 0, 1),
        "val_accuracy": np.clip(0.97 - loss / 2.5, 0, 1),
    }
    return {f"epoch_{name}": np.asarray(values, float) for name, values in columns.items()} | {
        "step_loss": np.full(20, 1.0)
    }


def estimate(values: Sequence[float]) -> Estimate:
    """Return mean and a rough interval."""
    kept = np.array([value for value in values if np.isfinite(value)])
    if not kept.size:
        return Estimate(np.nan, np.nan, np.nan, 0)
    half = 2.8 * kept.std(ddof=1) / np.sqrt(kept.size) if kept.size > 1 else np.nan
    return Estimate(float(kept.mean()), float(kept.mean() - half), float(kept.mean() + half), int(kept.size))


def summary(
    label: str, records: Sequence[RunRecord], varied: Mapping[str, str] | None = None, id_: str | None = None
) -> VariantSummary:
    """Return a row of the variants' table over these records."""
    name = id_ or "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in label.lower())
    variant = Variant(name, label, {}, varied or {})
    statuses = {status: sum(r.status == status for r in records) for status in ("ok", "diverged", "stopped", "failed")}
    good = [r for r in records if r.status in ("ok", "stopped")]
    scores = {name: estimate([r.final[name] for r in good]) for name in SCORES}
    return VariantSummary(variant, tuple(records), statuses, scores, 1000, 1.0)


def analysis(
    variants: Sequence[VariantSummary],
    claims: Sequence[Claim] = (),
    results: Sequence[ClaimResult] = (),
    theory: Mapping[str, Mapping[str, Any]] | None = None,
    figures: tuple[str, ...] = (),
) -> Analysis:
    """Return an analysis of these variants; of its study only claims and figures are there."""
    empty: dict[str, Any] = {"lang": "en", "watermark": None, "answer": None, "vary": {}, "variants": {}, "written": {}}
    study: Any = SimpleNamespace(claims=tuple(claims), figures=figures, id="example", title="Example", **empty)
    plan = Plan(study, tuple(row.variant for row in variants), ())
    return Analysis(plan, tuple(variants), tuple(results), (), (), theory or {}, {})


def of_study(path: Path, text: str, seeds: int = 2, epochs: int = 30) -> Analysis:
    """Return an analysis of the study file in this text, with made-up records of every variant; no claim is tested."""
    path.write_text("title: Example\nquestion: Which?\n" + text, encoding="utf-8")
    plan = load_study(path)
    rows = [
        replace(
            summary(variant.label, [record(seed, 4, epochs, ratio=0.2 + 0.01 * at) for seed in range(seeds)]),
            variant=variant,
        )
        for at, variant in enumerate(plan.variants)
    ]
    return Analysis(plan, tuple(rows), (), (), (), {}, {})


def result(claim: Claim, variants: Sequence[str] = (), **fields: Any) -> ClaimResult:
    """Return the verdict of a claim, "supported" with a plausible value unless given otherwise."""
    values: dict[str, Any] = {
        "id": claim.id, "says": claim.says, "sources": ("csci-497p",), "lecture": claim.lecture,
        "required": claim.required, "verdict": "supported", "measured": 0.5, "interval": (0.4, 0.6), "n": 5,
        "expected": "below 1", "metric": claim.measure.metric, "variants": tuple(variants),
        "per_seed": {seed: 0.45 + 0.025 * seed for seed in range(5)},
    }  # fmt: skip
    return ClaimResult(**(values | fields))


def claim(id_: str = "dies", **fields: Any) -> Claim:
    """Return a claim on the standard deviation of the last layer at initialization."""
    values: dict[str, Any] = {
        "id": id_,
        "says": "Small weights let the signal die out.",
        "measure": {"metric": "activation_std", "layer": "last", "step": 0},
        "expect": {"below": 1e-4},
    }
    return Claim.model_validate(values | fields)


def lecture_grid(epochs: int = 0, seeds: int = 5) -> Analysis:
    """Return the lecture's comparison: tanh and ReLU, six inits, with printed numbers and theory."""
    ratios = {"zero": (0.0, 1.0), "small": (0.213, 0.2236), "large": (0.98, 1.0), "xavier": (0.63, 0.93),
              "glorot": (0.6, 0.92), "he": (0.74, 0.97)}  # fmt: skip
    rows, theory = [], {}
    for activation, share in (("tanh", 0.0), ("relu", 0.65)):
        for init, (start, ratio) in ratios.items():
            growth = {"large": 15.0, "xavier": 0.7}.get(init, ratio) if activation == "relu" else ratio
            status = "diverged" if (activation, init) == ("relu", "large") and epochs else "ok"
            records = [
                record(s, 11, epochs, start * 1.1, growth, status if s < 3 else "ok", share) for s in range(seeds)
            ]
            varied = {"network.activation": activation, "network.init": init}
            rows.append(summary(f"{activation}, {init}", records, varied, f"{activation}-{init}"))
            if init != "zero":
                theory[f"{activation}-{init}"] = {"activation_std": start * 1.1 * growth ** np.arange(10)}
    printed_ = claim(
        "printed",
        measure={"metric": "activation_std", "layer": list(range(1, 11)), "step": 0},
        expect={"near": LECTURE_STDS, "rtol": 0.2},
    )
    claims = [claim("dies"), printed_]
    results = [result(one, ["tanh-small"]) for one in claims]
    return analysis(rows, claims, results, theory)
