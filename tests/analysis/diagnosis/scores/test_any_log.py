"""What holds for every form on scores: it never fails, never judges too few values, and rarely alarms by chance."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen.analysis.diagnosis.on_scores import diagnose_logs
from reportgen.analysis.diagnosis.rules import RULES
from reportgen.analysis.finding import Abstention, Finding
from reportgen.runs.training_log import ROLES, Task
from tests.analysis.diagnosis.scores.curves import evidence, falling, log, noisy

FORMS = {id_: rule.on_scores for id_, rule in RULES.items() if rule.on_scores}
SEED_PAIRS, RUNS = 200, 3
MOST_FALSE = 0.05

VALUES = st.lists(st.floats(allow_nan=True, allow_infinity=True, width=32), max_size=30)
SHARES = st.lists(st.floats(0, 1) | st.just(math.nan), max_size=30)
TASKS = st.sampled_from(
    [Task(), Task("classification", 3, ""), Task("classification", None, ""), Task("regression"), Task("likelihood")]
)
TRAINED = [role for role in ROLES if not role.startswith("val_")]
"""The roles that may have any resolution; a validation score is always by epoch."""
LOGS = st.builds(
    log,
    task=TASKS,
    resolution=st.dictionaries(st.sampled_from(TRAINED), st.sampled_from(["epoch", "window", "step"]), max_size=3),
    resumed_at=st.lists(st.floats(0, 40), max_size=2).map(tuple),
    settings=st.dictionaries(st.sampled_from(["lr", "seed", "width"]), st.floats(0, 1), max_size=2),
    train_loss=VALUES,
    val_loss=VALUES,
    train_accuracy=SHARES,
    val_accuracy=SHARES,
    lr=VALUES,
    gradient_norm=VALUES,
)


@settings(max_examples=30, deadline=None)
@given(st.lists(LOGS, min_size=1, max_size=3), st.lists(LOGS, max_size=2))
def test_no_log_makes_a_form_fail(logs, others) -> None:  # type: ignore[no-untyped-def]
    diagnoses = diagnose_logs({"own": logs, **({"other": others} if others else {})})
    assert diagnoses[0].variant == "own"
    for id_, form in FORMS.items():
        outcome = form.check(evidence(*logs))
        assert outcome is None or isinstance(outcome, Finding | Abstention), id_
        if isinstance(outcome, Finding):
            assert outcome.rule == id_
            assert outcome.message.endswith(").")


@settings(max_examples=15, deadline=None)
@given(
    st.sampled_from(sorted(set(FORMS) - {"nan_divergence", "resumed_run", "undertrained"})),
    st.lists(st.floats(0.01, 100), min_size=2, max_size=2),
)
def test_no_form_judges_two_values(rule: str, values: list[float]) -> None:
    few = log(train_loss=values, val_loss=values[::-1], val_accuracy=[0.1, 0.2], gradient_norm=values)
    assert isinstance(FORMS[rule].check(evidence(few)), Abstention)


def test_every_form_states_how_many_values_it_needs() -> None:
    assert [id_ for id_, form in FORMS.items() if not re.search(r"\d", form.needs)] == []


def _by_chance(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Curves of a healthy network: exponential decrease to a level that the data allow, with noise."""
    count, seed = int(rng.integers(6, 60)), int(rng.integers(1 << 30))
    level, speed = rng.uniform(0.02, 0.6), rng.uniform(6, 15)
    train = noisy(falling(2.0, level, count, speed), rng.uniform(0.005, 0.05), seed)
    val = noisy(falling(1.9, level * 1.2, count, speed), rng.uniform(0.005, 0.08), seed + 1)
    right = np.clip(1 - val / 2.6, 0, 1)
    return {"train_loss": train, "val_loss": val, "val_accuracy": right}


@pytest.mark.parametrize("runs", [1, RUNS])
def test_curves_that_differ_by_noise_rarely_raise_an_alarm(runs: int) -> None:
    rng = np.random.default_rng(20)
    alarms = 0
    for _ in range(SEED_PAIRS):
        curves = _by_chance(rng)
        logs = [
            log(**{name: noisy(values, 0.01, int(rng.integers(1 << 30))) for name, values in curves.items()})
            for _ in range(runs)
        ]
        [diagnosis] = diagnose_logs({"runs": logs})
        alarms += any(finding.severity != "info" for finding in diagnosis.findings)
    assert alarms <= MOST_FALSE * SEED_PAIRS
