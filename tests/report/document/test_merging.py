"""Sentences that differ only in numbers become one sentence with ranges."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.report.document.merging import grouped, merged, template


@pytest.mark.parametrize(
    ("texts", "ranges"),
    [
        (["It is 0.5.", "It is 0.25.", "It is 0.3."], "It is 0.25 to 0.5."),
        (["It is 7%, always.", "It is 12.5%, always."], "It is 7% to 12.5%, always."),
        (["learning rate 1, from step 1", "learning rate 3, from step 1"], "learning rate 1 to 3, from step 1"),
        (["a factor of 1,230", "a factor of 718,000"], "a factor of 1,230 to 718,000"),
        (["at 3e-07", "at 2e-05"], "at 3e-07 to 2e-05"),
        (["a gain of -2", "a gain of 3"], "a gain of -2 to 3"),
        (["first in layer 3", "first in layers 1, 4 to 5"], "first in layers 1, 3 to 5"),
        (["at steps 4 to 5", "at step 25"], "at steps 4 to 25"),
        (["up to 40.8% are dead", "up to 43.3% are dead"], "up to 43.3% are dead"),
        (["at least 3 times", "at least 2 times"], "at least 2 times"),
    ],
)
def test_numbers_that_differ_become_ranges(texts: list[str], ranges: str) -> None:
    assert len({template(text) for text in texts}) == 1
    assert merged(texts) == ranges


def test_names_are_not_numbers() -> None:
    assert template("init: he_2 of v1.2-3") == "init: he_2 of v1.2-3"
    assert template("relu is dead") != template("tanh is dead")


@given(st.lists(st.floats(0.001, 1e6), min_size=1, max_size=8))
def test_a_range_has_the_smallest_and_the_largest_number(values: list[float]) -> None:
    written = [f"{value:.3g}" for value in values]
    ends = merged([f"It was {one} before." for one in written]).removeprefix("It was ").removesuffix(" before.")
    assert [float(end) for end in (ends.partition(" to ")[0], ends.rpartition(" to ")[2])] == [
        min(map(float, written)),
        max(map(float, written)),
    ]


def test_groups_keep_the_order_of_their_first_members() -> None:
    assert grouped("abcab", [1, 2, 3, 1, 2]) == [["a", "a"], ["b", "b"], ["c"]]
