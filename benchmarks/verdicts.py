"""Error rates of verdicts, and coverage of confidence intervals, on simulated studies.

`python -m benchmarks.verdicts [--studies 2000] [--seeds 5] [--json FILE] [--markdown FILE]` simulates studies whose
true values are on the boundary of their claims, evaluates the claims like those of any study, and counts the verdicts.
On the boundary every verdict is false, and at most 5% are allowed. The 95% intervals of numeric claims should contain
the true value in 93 to 97% of the studies, or more often if a lower limit of the error widens them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.claims.evaluate import evaluate_claims
from reportgen.engine.spec import SCORES
from reportgen.runs.record import RunRecord
from reportgen.study.loading.loader import load_study
from reportgen.study.planning.plan import Plan, PlannedRun

Rng = np.random.Generator
Draw = Callable[[PlannedRun, Rng], dict[str, Any]]

HEAD = """
title: A simulated study
question: Are its verdicts right?
data: {name: gaussian, samples: 400, features: 5, classes: 4, validation: 0.25}
network: {hidden: [5, 5]}
training: {epochs: 10}
vary:
  network.activation: [tanh, relu]
  training.lr: [0.1, 0.2, 0.3, 0.4]
"""
ONE = "where: {network.activation: tanh, training.lr: lr 0.1}"
ALL = "where: {network.activation: tanh}"
OTHER = "{network.activation: relu}"
SPREAD, EXAMPLES, EPOCHS = 0.2, 100, 10
LOSS = "measure: {metric: val_loss}"
TIME = "measure: {metric: epochs_to, score: train_loss, level: 1}"


@dataclass(frozen=True)
class Null:
    """A kind of claim on its boundary: the claims, the simulated results of a run, and the true value."""

    name: str
    claims: tuple[str, ...]
    draw: Draw
    truth: float | None = None


def _loss(run: PlannedRun, rng: Rng) -> dict[str, Any]:
    return {"val_loss": 1 + SPREAD * rng.standard_normal()}


def _log_loss(run: PlannedRun, rng: Rng) -> dict[str, Any]:
    level = 0.5 if "tanh" in run.variant else 1.0
    return {"val_loss": level * math.exp(SPREAD * rng.standard_normal())}


def _shifted(run: PlannedRun, rng: Rng) -> dict[str, Any]:
    return {"val_loss": (1.5 if "tanh" in run.variant else 1.0) + 0.05 * rng.standard_normal()}


def _accuracy(run: PlannedRun, rng: Rng) -> dict[str, Any]:
    return {"val_accuracy": rng.binomial(EXAMPLES, 0.9) / EXAMPLES}


def _share(run: PlannedRun, rng: Rng) -> dict[str, Any]:
    return {"status": "diverged" if rng.random() < 0.5 else "ok"}


def _time(run: PlannedRun, rng: Rng) -> dict[str, Any]:
    """Return a loss that falls linearly and reaches the level too late in a third of the runs."""
    needed = EPOCHS * math.exp(-0.2 + 0.5 * rng.standard_normal())
    return {"train_loss": 2 - np.arange(EPOCHS + 1) / needed}


def _one_a_little_better(run: PlannedRun, rng: Rng) -> dict[str, Any]:
    return {"val_loss": (0.9 if "0p2" in run.variant else 1.0) + SPREAD * rng.standard_normal()}


def _one_much_better(run: PlannedRun, rng: Rng) -> dict[str, Any]:
    return {"val_loss": (0.2 if "0p2" in run.variant else 1.0) + 0.1 * rng.standard_normal()}


LESS = f"expect: {{less_than: {OTHER}}}"
TUNED = f"{LOSS}, {ALL}, tune: {{along: training.lr}}, {LESS}"
NULLS = (
    Null("below a level", (f"{LOSS}, {ONE}, expect: {{below: 1}}",), _loss, 1.0),
    Null("near a number, at the edge", (f"{LOSS}, {ONE}, expect: {{near: 2, atol: 1}}",), _loss, 1.0),
    Null("less than another", (f"{LOSS}, {ONE}, {LESS}",), _loss, 0.0),
    Null(
        "less than another, by a factor",
        (f"{LOSS}, {ONE}, expect: {{less_than: {OTHER}, factor: 2}}",),
        _log_loss,
        0.5,
    ),
    Null("the same, at the margin", (f"{LOSS}, {ONE}, expect: {{same_as: {OTHER}, within: 0.5}}",), _shifted, 0.5),
    Null(
        "a ratio below a level",
        (f"measure: {{metric: val_loss, relative_to: {OTHER}}}, {ONE}, expect: {{below: 0.5}}",),
        _log_loss,
        0.5,
    ),
    Null("some of four below a level", (f"{LOSS}, {ALL}, holds_for: any, expect: {{below: 1}}",), _loss),
    Null("all of four below a level", (f"{LOSS}, {ALL}, holds_for: all, expect: {{below: 1}}",), _loss),
    Null("less than another, each at its best of four", (TUNED,), _loss, 0.0),
    Null("the same, with one of the four a little better", (TUNED,), _one_a_little_better, 0.0),
    Null("the same, with one of the four much better", (TUNED,), _one_much_better, 0.0),
    Null(
        "accuracy above another's, 100 examples",
        (f"measure: {{metric: val_accuracy}}, {ONE}, expect: {{greater_than: {OTHER}}}",),
        _accuracy,
        0.0,
    ),
    Null(
        "accuracy above a level, 100 examples",
        (f"measure: {{metric: val_accuracy}}, {ONE}, expect: {{above: 0.9}}",),
        _accuracy,
        0.9,
    ),
    Null(
        "share of diverged runs above a half",
        (f"measure: {{metric: diverged}}, {ONE}, expect: {{above: 0.5}}",),
        _share,
        0.5,
    ),
    Null("sooner than another, a third censored", (f"{TIME}, {ONE}, {LESS}",), _time),
    Null(
        "four comparisons of one study, any of them",
        tuple(f"{LOSS}, where: {{training.lr: lr 0.{k}, network.activation: tanh}}, {LESS}" for k in range(1, 5)),
        _loss,
    ),
)


@dataclass(frozen=True)
class Rate:
    """Result of a simulation: shares of studies with each verdict and with a covering interval."""

    name: str
    studies: int
    supported: float
    contradicted: float
    false: float
    covered: float | None


def simulate(null: Null, studies: int, seeds: int = 5) -> Rate:
    """Return how often studies of this kind have a verdict, and how often the interval contains the true value."""
    plan = _plan(null, seeds)
    digest = hashlib.sha256(null.name.encode()).digest()
    rng = np.random.default_rng(int.from_bytes(digest[:8], "big"))  # a separate random stream for each kind
    found = [
        evaluate_claims(plan, {(r.variant, r.seed): _record(r, null.draw(r, rng)) for r in plan.runs})
        for _ in range(studies)
    ]
    words = [{result.verdict for result in results} for results in found]
    covered = None
    if null.truth is not None:
        inside = [lo <= null.truth <= hi for results in found for lo, hi in [results[0].interval]]
        covered = float(np.mean(inside))
    return Rate(
        null.name,
        studies,
        float(np.mean(["supported" in word for word in words])),
        float(np.mean(["contradicted" in word for word in words])),
        float(np.mean([word != {"inconclusive"} for word in words])),
        covered,
    )


def _plan(null: Null, seeds: int) -> Plan:
    claims = "".join(f"  - {{id: c{k}, says: s, {claim}}}\n" for k, claim in enumerate(null.claims))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "null.yaml"
        path.write_text(f"{HEAD}seeds: {seeds}\nclaims:\n{claims}", encoding="utf-8", newline="\n")
        return load_study(path)


def _record(run: PlannedRun, values: dict[str, Any]) -> RunRecord:
    """Return a record with these scores and without layer statistics."""
    curve: NDArray[Any] = np.asarray(values.get("train_loss", np.ones(EPOCHS + 1)), np.float64)
    status = str(values.get("status", "ok"))
    return RunRecord(
        key=f"{run.variant}-{run.seed}",
        spec=run.spec,
        status=status,
        stopped_at_step=None if status == "ok" else 1,
        steps=EPOCHS,
        train_seconds=1.0,
        final={name: float(np.ravel(values.get(name, 1.0))[-1]) for name in SCORES},
        facts={"val_n": EXAMPLES},
        arrays={
            "epoch_train_loss": curve,
            "epoch_step": np.arange(EPOCHS + 1.0),
            "epoch_epoch": np.arange(EPOCHS + 1.0),
        },
    )


def lines(rates: Sequence[Rate]) -> list[str]:
    """Return the table."""
    head = ("studies", "supported", "contradicted", "false", "covered")
    rows = [f"{'claim, on its boundary':<50}" + "".join(f"{word:>13}" for word in head)]
    for rate in rates:
        covered = "" if rate.covered is None else f"{100 * rate.covered:.1f}%"
        shares = "".join(f"{100 * x:>12.1f}%" for x in (rate.supported, rate.contradicted, rate.false))
        rows.append(f"{rate.name:<50}{rate.studies:>13}{shares}{covered:>13}")
    return rows


def table(rates: Sequence[Rate]) -> str:
    """Return the table in Markdown, as in the docs."""
    rows = [
        "| claim, on its boundary | supported | contradicted | false | interval holds the truth |",
        "|---|---|---|---|---|",
    ]
    for rate in rates:
        covered = "" if rate.covered is None else f"{100 * rate.covered:.1f}%"
        shares = " | ".join(f"{100 * x:.1f}%" for x in (rate.supported, rate.contradicted, rate.false))
        rows.append(f"| {rate.name} | {shares} | {covered} |")
    return "\n".join(rows) + "\n"


def main() -> None:
    """Simulate every kind and print the table."""
    parser = argparse.ArgumentParser(description="Error rates of verdicts on simulated studies.")
    parser.add_argument("--studies", type=int, default=2000)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--markdown", type=Path)
    options = parser.parse_args()
    rates = [simulate(null, options.studies, options.seeds) for null in NULLS]
    print("\n".join(lines(rates)))
    if options.markdown:
        options.markdown.write_text(table(rates), encoding="utf-8", newline="\n")
    if options.json:
        options.json.write_text(
            json.dumps([vars(rate) for rate in rates], indent=1) + "\n", encoding="utf-8", newline="\n"
        )


if __name__ == "__main__":
    main()
