"""The split into halves is fixed, and every rule has cases on both sides."""

from __future__ import annotations

import dataclasses
from collections import Counter

import pytest

from benchmarks.diagnosis.cases import RULE_IDS, load_cases
from benchmarks.diagnosis.halves import SCORING, TUNING, halves
from tests.benchmarks.cases import case


@pytest.mark.parametrize("rule", RULE_IDS)
def test_every_rule_is_planted_on_both_sides(rule: str) -> None:
    split = halves(load_cases())
    assert {split[c.name] for c in load_cases() if rule in c.must} == {TUNING, SCORING}


def test_the_halves_are_of_about_one_size() -> None:
    split = halves(load_cases())
    for faulty in (True, False):
        sides = Counter(split[c.name] for c in load_cases() if c.faulty == faulty)
        assert min(sides.values()) > 0.35 * sides.total()


def test_the_order_of_the_cases_does_not_matter() -> None:
    assert halves(load_cases()) == halves(tuple(reversed(load_cases())))


def test_a_new_case_moves_no_case_of_another_rule() -> None:
    before, after = halves(load_cases()), halves((*load_cases(), case("brand-new", must="no_signal")))
    moved = {c.name for c in load_cases() if before[c.name] != after[c.name]}
    assert all("no_signal" in c.must for c in load_cases() if c.name in moved)


def test_two_cases_of_a_rule_are_parted_whatever_their_hashes() -> None:
    for number in range(20):
        pair = (case(f"a{number}", must="saturation"), case(f"b{number}", must="saturation"))
        assert set(halves(pair).values()) == {TUNING, SCORING}


def test_a_case_that_was_looked_at_is_tuned_on_and_moves_no_other() -> None:
    seen = tuple(dataclasses.replace(case(f"seen-{n}", must="no_signal"), seen=True) for n in range(8))
    before, after = halves(load_cases()), halves((*load_cases(), *seen))
    assert {after[one.name] for one in seen} == {TUNING}
    assert before == {name: half for name, half in after.items() if name in before}
