from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from reportgen import data
from reportgen.data.datasets import DATASETS
from reportgen.data.describe import facts
from reportgen.data.readers.bundled import digits_counts
from reportgen.data.source import Request
from reportgen.data.spec import OPTIONS, DataSpec
from reportgen.errors import StudyError
from reportgen.registry import Component
from tests.data.specs import made, spec

GOLDEN = {"moons": (160564, -2264.402), "digits": (4598323, 6715.846), "shapes": (3171083, -6458.656)}
MADE = ("gaussian", "blobs", "circles", "moons", "spiral", "shapes")


def same(a: data.Dataset, b: data.Dataset) -> bool:
    names = ("x_train", "y_train", "x_val", "y_val", "x_test", "y_test")
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in names)


@pytest.mark.parametrize("name", [*MADE, "digits"])
def test_equal_arguments_give_equal_bytes_and_another_seed_others(name: str) -> None:
    assert same(made(name, run_seed=1), made(name, run_seed=1))
    assert not same(made(name, run_seed=1), made(name, run_seed=2))


@pytest.mark.parametrize("name", [*MADE, "digits"])
def test_arrays_have_the_types_and_shapes_that_the_engine_needs(name: str) -> None:
    dataset = made(name, Component.of("standardize"), validation=0.1, test=0.1)
    for split in ("train", "val", "test"):
        x, y = getattr(dataset, f"x_{split}"), getattr(dataset, f"y_{split}")
        assert (x.dtype, y.dtype) == (np.float32, np.int64)
        assert x.flags.c_contiguous
        assert len(x) == len(y) > 0
        assert y.max() < dataset.classes


def test_the_number_of_blas_threads_does_not_change_the_bytes() -> None:
    results = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            results.append(made("gaussian", Component.of("whiten"), features=80, distance=2.0))
    assert same(*results)


def test_a_seed_of_the_data_overrides_the_seed_of_the_run() -> None:
    assert same(made("digits", run_seed=1, seed=5), made("digits", run_seed=2, seed=5))
    assert same(made("digits", run_seed=1, seed=5), made("digits", run_seed=5))


def test_preprocessing_and_label_options_do_not_change_the_split() -> None:
    plain = made("digits", test=0.1)
    others = [
        made("digits", Component.of("shift", by=0.0), test=0.1),
        made("digits", test=0.1, label_noise=0.3),
        made("digits", test=0.1, shuffle_labels=True),
    ]
    for other in others:
        assert np.array_equal(other.x_train, plain.x_train)
        assert np.array_equal(other.x_val, plain.x_val)
        assert np.array_equal(other.y_val, plain.y_val)
        assert np.array_equal(other.y_test, plain.y_test)


def test_the_digits_are_raw_pixels_with_stratified_splits() -> None:
    dataset = made("digits")
    assert (dataset.x_train.min(), dataset.x_train.max()) == (0, 16)
    assert dataset.image_shape == (1, 8, 8)
    assert dataset.x_train.shape == (1438, 64)
    assert np.abs(np.bincount(dataset.y_val) - digits_counts(Request({}, 0, 0, 0, 0)) * 0.2).max() <= 1


def test_the_stated_counts_of_the_digits_are_right() -> None:
    everything = made("digits", validation=0.0)
    assert np.array_equal(np.bincount(everything.y_train), DATASETS["digits"].counts(Request({}, 0, 0, 0, 0)))


SHAPES: list[tuple[DataSpec, tuple[Component, ...]]] = [
    *((spec(name), ()) for name in (*MADE, "digits")),
    (spec("gaussian", samples=33, features=7, classes=4, prior=(1, 2, 3, 94), test=0.3), ()),
    (spec("gaussian", samples=50, features=7, teacher=3, keep=((0, 0.3),)), ()),
    (spec("blobs", samples=21, keep=((1, 0.1), (2, 0.0))), (Component.of("pca", components=1),)),
    (spec("blobs", samples=21, features=30), (Component.of("pca"),)),
    (spec("blobs", samples=21, features=30), (Component.of("pca", fit="all"),)),
    (spec("shapes", samples=90, size=9, classes=9, test=0.3), (Component.of("standardize", per="channel"),)),
    (spec("moons", samples=50, shuffle=False, keep=((1, 0.5),)), ()),
    (spec("digits", train=100, test=0.1), (Component.of("center", per="channel"), Component.of("whiten"))),
    (spec("digits", train=20), (Component.of("pca", variance=0.9, fit="all"),)),
]


@pytest.mark.parametrize(("of", "steps"), SHAPES)
def test_shape_agrees_with_the_loaded_data(of: DataSpec, steps: tuple[Component, ...]) -> None:
    dataset = data.load(of, steps, 0)
    assert data.shape(of, steps) == (*dataset.x_train.shape, dataset.classes)


def test_shape_does_not_generate_examples() -> None:
    assert data.shape(spec("gaussian", samples=10**6, features=10**6), ()) == (800_000, 10**6, 10)


@pytest.mark.parametrize(("of", "steps"), SHAPES)
def test_the_image_shape_agrees_with_the_loaded_data(of: DataSpec, steps: tuple[Component, ...]) -> None:
    assert data.image_shape_of(of, steps) == data.load(of, steps, 0).image_shape


@pytest.mark.parametrize(
    ("name", "shape"),
    [("mnist", (1, 28, 28)), ("fashion_mnist", (1, 28, 28)), ("cifar10", (3, 32, 32)), ("csv", None)],
)
def test_the_image_shape_needs_no_files(name: str, shape: tuple[int, int, int] | None) -> None:
    assert data.image_shape_of(spec(name, path="none")) == shape


def test_an_unknown_data_set_has_no_image_shape() -> None:
    with pytest.raises(StudyError) as caught:
        data.image_shape_of(spec("imagenet"))
    assert caught.value.code == "unknown-name"


def test_the_fingerprint_of_generated_data_contains_their_version() -> None:
    assert data.fingerprint(spec("moons")) == f"moons {data.DATA_VERSION}"


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_numbers_detect_changed_data(name: str) -> None:
    """If these sums change, DATA_VERSION must be raised."""
    dataset = made(name, Component.of("standardize"), label_noise=0.1)
    place = np.arange(1, len(dataset.y_train) + 1)
    assert int((dataset.y_train * place).sum()) == GOLDEN[name][0]
    assert float(dataset.x_train[:, -1].astype(np.float64) @ place) == pytest.approx(GOLDEN[name][1], rel=1e-4)


@pytest.mark.parametrize(
    ("name", "settings", "code", "names"),
    [
        ("gaussian", {"samples": 5, "classes": 10}, "too-few-samples", ["5", "10"]),
        ("gaussian", {"samples": 0}, "out-of-range", ["samples"]),
        ("moons", {"features": 3}, "fixed-size", ["features", "moons", "2"]),
        ("shapes", {"features": 256}, "fixed-size", ["features", "shapes"]),
        ("digits", {"samples": 100}, "fixed-size", ["samples", "digits", "1797"]),
        ("digits", {"train": 5000}, "impossible-split", ["train", "1438"]),
        ("digits", {"validation": 1.0}, "out-of-range", ["validation"]),
        ("digits", {"test": -0.1}, "out-of-range", ["test", "-0.1"]),
        ("digits", {"label_noise": 1.1}, "out-of-range", ["label_noise", "1.1"]),
        ("digits", {"keep": ((3, 1.5),)}, "out-of-range", ["keep", "3", "1.5"]),
        ("digits", {"validation": float("nan")}, "out-of-range", ["validation", "nan"]),
        ("imagenet", {}, "unknown-name", ["imagenet", "digits"]),
        ("moons", {"noize": 1.0}, "unknown-key", ["noize", "noise"]),
        ("csv", {}, "missing-key", ["path"]),
        ("csv", {"path": "a.csv", "samples": 3}, "fixed-size", ["samples", "csv"]),
        ("blobs", {"std": 1e39}, "not-finite", ["float32"]),
    ],
)
def test_impossible_requests_are_rejected(name: str, settings: dict[str, Any], code: str, names: list[str]) -> None:
    with pytest.raises(StudyError) as caught:
        made(name, **settings)
    assert caught.value.code == code
    assert all(word in str(caught.value) for word in names)


def test_fixed_sizes_of_a_data_set_may_be_stated() -> None:
    assert len(made("moons", features=2, classes=2).y_train) == 800


def test_every_row_is_complete_and_consistent() -> None:
    for name, row in DATASETS.items():
        assert row.name == name
        assert row.summary.endswith(".")
        assert row.formula
        assert row.source
        assert 0 <= row.validation < 1
        assert not set(row.sizes) & set(row.fixed)
        assert not set(row.derived) & {*row.sizes, *row.fixed}
        for parameter in row.parameters:
            assert parameter.default is None or parameter.choices == () or parameter.default in parameter.choices


def test_options_are_the_attributes_of_a_data_spec() -> None:
    assert {option.name for option in OPTIONS} == set(DataSpec.__slots__) - {"source"}
    defaults = {option.name: option.default for option in OPTIONS}
    assert replace(DataSpec(Component("x")), **{k: v for k, v in defaults.items() if v is not None}) == DataSpec(
        Component("x")
    )


def test_facts_contain_moments_in_double_precision() -> None:
    dataset = made("digits", Component.of("pca", components=5), Component.of("shift", by=1000.0), train=500)
    found = facts(dataset)
    x = dataset.x_train.astype(np.float64)
    assert found["input_mean"] == pytest.approx(x.mean(), rel=1e-12)
    assert found["input_std"] == pytest.approx(x.std(), rel=1e-9)
    assert found["input_second_moment"] == pytest.approx((x**2).mean(), rel=1e-12)
    assert (found["train_n"], found["val_n"], found["test_n"]) == (500, 359, 0)
    assert (found["features"], found["classes"], found["pca_components"]) == (5, 10, 5.0)
    assert found["class_counts"] == np.bincount(dataset.y_train).tolist()
    assert found["constant_features"] == 0


def test_facts_count_constant_features() -> None:
    dataset = made("digits", validation=0.0)
    assert facts(dataset)["constant_features"] == int(np.sum(np.ptp(dataset.x_train, axis=0) == 0)) == 3


def test_facts_of_one_example(tmp_path: Path) -> None:
    found = facts(made("gaussian", samples=1, features=1, classes=1, validation=0.0))
    assert found["input_std"] == 0
    assert found["constant_features"] == 1
    assert found["class_counts"] == [1]


def test_facts_are_plain_numbers() -> None:
    for value in facts(made("moons", Component.of("whiten"))).values():
        assert type(value) in (int, float, list)
