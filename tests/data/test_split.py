from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.data.source import Source
from reportgen.data.split import Split, class_shares, noisy_labels, split
from reportgen.errors import StudyError
from tests.data.specs import spec


def cut(counts: list[int], seed: int = 0, test_n: int = 0, validation_n: int | None = None, **options: Any) -> Split:
    """Return the split of examples 0, 1, 2, ... that are sorted by class."""
    y = np.repeat(np.arange(len(counts)), counts)
    source = Source(np.zeros((len(y), 1)), y, len(counts), test_n=test_n, validation_n=validation_n)
    return split(source, spec("gaussian", **options), seed)


counts_strategy = st.lists(st.integers(0, 40), min_size=1, max_size=8).filter(lambda counts: sum(counts) > 0)


@given(counts_strategy, st.floats(0, 0.6), st.floats(0, 0.35), st.integers(0, 5), st.booleans())
def test_every_example_is_in_one_split_and_every_class_has_a_training_example(
    counts: list[int], validation: float, test: float, seed: int, shuffle: bool
) -> None:
    try:
        parts = cut(counts, seed, validation=validation, test=test, shuffle=shuffle)
    except StudyError:
        return
    everything = np.concatenate([parts.train, parts.validation, parts.test])
    assert sorted(everything.tolist()) == list(range(sum(counts)))
    if shuffle:
        trained = np.bincount(parts.y_train, minlength=len(counts))
        assert np.all((trained > 0) == (np.array(counts) > 0))


def test_fractions_are_met_in_total_and_by_class() -> None:
    parts = cut([50, 30, 20], validation=0.2, test=0.1)
    y = np.repeat([0, 1, 2], [50, 30, 20])
    assert np.bincount(y[parts.validation]).tolist() == [10, 6, 4]
    assert np.bincount(y[parts.test]).tolist() == [5, 3, 2]


def test_sizes_are_the_rounded_fractions_even_with_many_small_classes() -> None:
    parts = cut([7] * 10, validation=0.2, test=0.1)
    assert (len(parts.validation), len(parts.test), len(parts.train)) == (14, 7, 49)


def test_the_only_example_of_a_class_is_a_training_example() -> None:
    parts = cut([40, 1, 1], validation=0.5)
    assert {40, 41} <= set(parts.train.tolist())
    assert len(parts.validation) == 20


def test_the_split_depends_on_the_seed_and_on_nothing_else() -> None:
    assert np.array_equal(cut([30, 30], 1).train, cut([30, 30], 1, label_noise=0.5, shuffle_labels=True).train)
    assert not np.array_equal(cut([30, 30], 1).train, cut([30, 30], 2).train)


def test_the_test_fraction_does_not_change_the_validation_split() -> None:
    without, with_test = cut([30, 30]), cut([30, 30], test=0.2)
    assert set(without.validation.tolist()) == set(with_test.validation.tolist())


def test_train_takes_the_first_training_examples() -> None:
    whole = cut([50, 50]).train
    assert np.array_equal(cut([50, 50], train=13).train, whole[:13])


def test_keep_reduces_a_class_in_the_training_split_only() -> None:
    whole, parts = cut([50, 50], validation=0.2), cut([50, 50], validation=0.2, keep=((1, 0.1),))
    assert np.bincount(parts.y_train).tolist() == [40, 4]
    assert np.array_equal(parts.validation, whole.validation)
    assert np.array_equal(parts.train, [i for i in whole.train if i < 50 or i in set(parts.train.tolist())])


@pytest.mark.parametrize(
    ("names", "key", "number"),
    [
        ((), 1, 1),
        (("0", "1", "2"), 1, 1),
        (("1", "2", "5"), 1, 0),
        (("1", "2", "5"), "5", 2),
        (("-1", "1"), -1, 0),
        (("cat", "dog"), "dog", 1),
        (("cat", "dog"), 0, 0),
    ],
)
def test_classes_to_keep_are_named_by_their_labels(names: tuple[str, ...], key: int | str, number: int) -> None:
    assert class_shares(((key, 0.5),), names, 3) == {number: 0.5}


@pytest.mark.parametrize(
    ("names", "key"), [(("1", "2", "5"), 0), (("1", "2", "5"), 3), (("cat", "dog"), "Dog"), ((), 3)]
)
def test_a_class_to_keep_must_be_a_label(names: tuple[str, ...], key: int | str) -> None:
    with pytest.raises(StudyError) as caught:
        class_shares(((key, 0.5),), names, 3)
    assert (caught.value.code, caught.value.setting) == ("unknown-class", "keep")


def test_a_class_to_keep_is_named_once() -> None:
    with pytest.raises(StudyError) as caught:
        class_shares((("cat", 0.5), (0, 0.2)), ("cat", "dog"), 2)
    assert (caught.value.code, caught.value.setting) == ("duplicate-value", "keep")


@pytest.mark.parametrize(("fraction", "left"), [(0.0, 0), (0.001, 1), (1.0, 40)])
def test_keep_at_the_ends_of_its_range(fraction: float, left: int) -> None:
    assert np.bincount(cut([50, 50], keep=((1, fraction),)).y_train, minlength=2)[1] == left


def test_without_shuffling_the_splits_follow_the_order_of_the_data() -> None:
    parts = cut([6, 4], validation=0.2, test=0.3, shuffle=False)
    assert (parts.train.tolist(), parts.validation.tolist(), parts.test.tolist()) == (
        [0, 1, 2, 3, 4],
        [5, 6],
        [7, 8, 9],
    )


def test_given_splits_are_not_changed() -> None:
    parts = cut([6, 4], test_n=2, validation_n=3, validation=0.2)
    assert sorted(parts.train.tolist()) == [0, 1, 2, 3, 4]
    assert (parts.validation.tolist(), parts.test.tolist()) == ([5, 6, 7], [8, 9])


def test_validation_examples_are_drawn_outside_a_given_test_split() -> None:
    parts = cut([50, 50, 10], test_n=10, validation=0.1)
    assert parts.test.tolist() == list(range(100, 110))
    assert len(parts.validation) == 10
    assert parts.validation.max() < 100


def test_label_noise_changes_exactly_this_fraction_of_labels_to_other_classes() -> None:
    y = np.repeat(np.arange(4), 100)
    noisy = noisy_labels(y, 4, 0.3, seed=0)
    assert np.sum(noisy != y) == 120
    moved = np.bincount((noisy - y)[noisy != y] % 4, minlength=4)
    assert moved[0] == 0
    assert moved[1:].min() > 20
    assert np.array_equal(noisy_labels(y, 4, 0.0, seed=0), y)
    assert np.all(noisy_labels(y, 4, 1.0, seed=0) != y)


def test_more_label_noise_includes_the_changes_of_less() -> None:
    y = np.repeat(np.arange(4), 100)
    less, more = noisy_labels(y, 4, 0.2, 0), noisy_labels(y, 4, 0.5, 0)
    changed = less != y
    assert np.array_equal(more[changed], less[changed])


def test_shuffled_labels_have_the_same_counts_in_another_order() -> None:
    plain, shuffled = cut([200, 100]), cut([200, 100], shuffle_labels=True)
    assert np.array_equal(np.bincount(plain.y_train), np.bincount(shuffled.y_train))
    assert 0.4 < np.mean(plain.y_train == shuffled.y_train) < 0.7


@pytest.mark.parametrize(
    ("counts", "options", "code", "setting"),
    [
        ([10, 10], {"train": 5000}, "impossible-split", "train"),
        ([1], {}, "impossible-split", None),
        ([5, 5], {"validation": 0.6, "test": 0.5}, "impossible-split", None),
        ([1, 1, 1], {}, "impossible-split", None),
        ([10, 10], {"keep": ((2, 0.5),)}, "unknown-class", "keep"),
        ([10, 10], {"keep": ((0, 0.0), (1, 0.0))}, "impossible-split", "keep"),
        ([20], {"label_noise": 0.1}, "single-class", "label_noise"),
    ],
)
def test_impossible_requests_are_rejected(
    counts: list[int], options: dict[str, Any], code: str, setting: str | None
) -> None:
    with pytest.raises(StudyError) as caught:
        cut(counts, **options)
    assert (caught.value.code, caught.value.setting) == (code, setting)
