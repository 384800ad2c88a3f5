"""The answer of a study applies only if its claims have the verdicts that it needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.analysis.analyse import analyse
from reportgen.analysis.claims.answer import MeasuredAnswer, Quoted, measured_answer
from tests.analysis.studies import plan_of, record

CLAIMS = """
claims:
  - {id: low, says: The loss is low., measure: {metric: val_loss}, where: {network.init: small}, expect: {below: 0.5}}
  - {id: worse, says: Xavier is worse., measure: {metric: val_loss}, where: {network.init: xavier},
     expect: {greater_than: {network.init: small}}}
"""


def answered(
    folder: Path, answer: str, losses: tuple[float, float] = (0.2, 0.1), spread: float = 0.001
) -> MeasuredAnswer:
    """Return the answer for the losses of the small and the Xavier initialization; spread: of the latter by seed."""
    plan = plan_of(folder, f"answer: {answer}\n{CLAIMS}")
    means, spreads = dict(zip(("small", "xavier"), losses, strict=True)), {"small": 0.001, "xavier": spread}
    records = {
        (run.variant, run.seed): record(run, val_loss=means[run.variant] + spreads[run.variant] * run.seed)
        for run in plan.runs
    }
    found = measured_answer(analyse(plan, records))
    assert found is not None
    return found


def values(found: MeasuredAnswer) -> list[float]:
    return [part.result.measured for part in found.parts if isinstance(part, Quoted)]


def test_values_are_means_over_seeds(tmp_path: Path) -> None:
    found = answered(tmp_path, '{says: "{val_loss(small)}, {val_loss(xavier)}, {val_loss} and {low}.", claims: [low]}')
    assert values(found) == pytest.approx([0.202, 0.102, 0.152, 0.202])
    assert (found.unmet, found.unmeasured) == ((), False)


@pytest.mark.parametrize(
    ("answer", "unmet"),
    [
        ("{says: S, claims: [low], contradicted: [worse]}", []),
        ("{says: S, claims: [low, worse]}", ["worse"]),
        ("{says: S, contradicted: [low]}", ["low"]),
        ('{says: "{worse}", claims: [low]}', ["worse"]),
        ('{says: "{worse}", contradicted: [worse]}', []),
        ("{says: S, claims: [low], inconclusive: [worse]}", ["worse"]),
        ("{says: S, inconclusive: [low, worse]}", ["low", "worse"]),
        ('"A text with {worse}"', ["worse"]),
        ('"A text with {low}"', []),
    ],
)
def test_a_claim_without_the_verdict_that_is_needed_is_named(tmp_path: Path, answer: str, unmet: list[str]) -> None:
    assert [condition.result.id for condition in answered(tmp_path, answer).unmet] == unmet


def test_an_answer_can_need_a_claim_to_be_inconclusive(tmp_path: Path) -> None:
    answer = '{says: "{worse} is open.", claims: [low], inconclusive: [worse]}'
    assert answered(tmp_path, answer, losses=(0.21, 0.2), spread=0.01).unmet == ()


def test_a_value_that_is_not_finite_is_unmeasured(tmp_path: Path) -> None:
    answer = '{says: "{val_loss(xavier)}", claims: [low]}'
    assert answered(tmp_path, answer, (0.2, float("inf"))).unmeasured


def test_a_study_without_answer_has_none(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, CLAIMS)
    assert measured_answer(analyse(plan, {(run.variant, run.seed): record(run) for run in plan.runs})) is None
