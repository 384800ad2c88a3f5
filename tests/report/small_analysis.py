"""A small analysis of two variants and two seeds."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from reportgen.analysis.finding import Finding, Guessing, Remedy
from reportgen.analysis.results import Analysis, ClaimResult, Estimate, VariantSummary
from reportgen.engine.spec import SCORES
from reportgen.study.planning.plan import Plan, Variant
from tests.runs.records import planned, record

NAN = float("nan")
PROVENANCE = {
    "workers": 2,
    "reportgen": "0.1.0",
    "python": "3.11.7",
    "numpy": "2.4",
    "numba": "0.68",
    "platform": "Linux",
    "train_seconds": 1.0,
    "command": "reportgen run init",
    "started": "2026-01-01T00:00:00Z",
    "finished": "2026-01-01T00:01:00Z",
}


def small_analysis(**changes: Any) -> Analysis:
    """Return the analysis; the second run of the second variant diverged."""
    variants = tuple(_variant(name, lr) for name, lr in (("small", 0.01), ("large", 0.5)))
    runs = tuple(planned(seed, name, lr=lr) for name, lr in (("small", 0.01), ("large", 0.5)) for seed in (0, 1))
    records = {(run.variant, run.seed): record(run) for run in runs}
    records["large", 1] = record(runs[3], status="diverged", stopped_at_step=5, final=dict.fromkeys(SCORES, NAN))
    study: Any = SimpleNamespace(
        **{"id": "init", "title": "Größe", "question": "Which, then?", "answer": None, "seeds": (0, 1)},
        **{"introduction": "", "closing": ""},
        **{"sha256": "ab" * 32, "watermark": None, "student": None, "claims": (), "lang": "en", "predict_first": False},
    )
    summaries = tuple(_summary(variant, tuple(records[variant.id, seed] for seed in (0, 1))) for variant in variants)
    values = {
        "plan": Plan(study, variants, runs),
        "variants": summaries,
        "claims": (_claim(),),
        "findings": (_finding(None), _finding(REMEDY)),
        "comparisons": (),
        "theory": {},
        "provenance": PROVENANCE,
    }
    return Analysis(**(values | changes))


REMEDY = Remedy({"network.init": "he_normal"}, "val_loss", 2.0, 1.0, -1.0, (-1.5, NAN), "helped", Guessing(2.0, 3, 0))


def _variant(name: str, lr: float) -> Variant:
    settings = {"training.lr": lr, "network.hidden": [4], "network.batchnorm": False, "data.keep": {"1": 0.5}}
    return Variant(name, f"{name} rate", settings | {"training.clip_norm": None}, {"training.lr": name})


def _summary(variant: Variant, records: tuple[Any, ...]) -> VariantSummary:
    scores = {name: Estimate(0.5, 0.25, NAN, 2) for name in SCORES[:4]}
    statuses = {status: sum(one.status == status for one in records) for status in ("ok", "diverged")}
    return VariantSummary(variant, records, statuses, scores, 26, 0.5)


def _claim() -> ClaimResult:
    return ClaimResult(
        id="small-is-small",
        says='Small, "quoted" = small.',
        sources=("csci-497p",),
        lecture=11,
        required=False,
        verdict="inconclusive",
        measured=0.1 + 0.2,
        interval=(NAN, NAN),
        n=2,
        expected="below 1",
        metric="activation_std",
        variants=("small",),
        per_seed={0: 0.1, 1: 0.2},
        p_value=float("inf"),
    )


def _finding(remedy: Remedy | None) -> Finding:
    return Finding(
        rule="dead-relu",
        severity="warning",
        variant="small",
        seeds=(0, 1),
        layers=(1, 2),
        step=None,
        evidence={"dead": np.float32(0.5), "by_layer": np.array([1.0, NAN])},
        message="Half are dead.",
        advice="Lower the rate.",
        sources=("nn1-notes", "stanford-scribe"),
        remedies=() if remedy is None else (remedy,),
    )
