"""Pictures of principal components: projections, shares of the variance, and whitened images."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.data import load
from reportgen.figures.pictures.inputs.principal_images import Components, components_of
from reportgen.figures.pictures.inputs.raw import Raw
from tests.figures.pictures.trained import DIGITS, MOONS, by_default, drawn, rows_of, trained

WHITENED = DIGITS.replace("[standardize]", "[whiten]").replace("weights: true", "")


@pytest.fixture(scope="module")
def found() -> Components:
    record = trained(DIGITS).outcomes[0].records[0]
    data = load(record.spec.data, (), record.spec.seed)
    components = components_of(Raw(data.x_train, data.y_train, data.image_shape, data.class_names))
    assert components is not None
    return components


def test_the_shares_add_up_to_all_of_the_variance(found: Components) -> None:
    assert found.shares[-1] == pytest.approx(1)
    assert (np.diff(found.shares) >= -1e-12).all()


def test_all_components_give_the_original_images(found: Components) -> None:
    np.testing.assert_allclose(found.reduced(len(found.axes)), found.examples, atol=1e-4)
    errors = [float(np.linalg.norm(found.reduced(k) - found.examples)) for k in (1, 8, 32, 64)]
    assert errors == sorted(errors, reverse=True)


def test_whitened_images_have_unit_variance_along_each_component(found: Components) -> None:
    record = trained(DIGITS).outcomes[0].records[0]
    x = load(record.spec.data, (), record.spec.seed).x_train.astype(np.float64)
    everything = Components(found.shape, found.mean, found.axes, found.variances, x, found.fitted)
    along = everything.whitened() @ found.axes[: found.rank].T
    np.testing.assert_allclose(along.var(axis=0), 1, rtol=1e-3)
    assert found.shares[found.rank - 1] >= 0.99 > found.shares[found.rank - 2]


def test_the_examples_are_of_different_classes_as_far_as_possible(found: Components) -> None:
    assert len(np.unique(found.examples, axis=0)) == len(found.examples) == 6


def test_the_eigen_images_of_the_file_are_the_axes(found: Components) -> None:
    rows = rows_of(drawn("eigen_images", DIGITS))
    first = [row for row in rows if row["row"] == "axes 1 to 8" and row["image"] == 1]
    image = np.array([[float(value) for value in str(row["values"]).split()] for row in first])
    np.testing.assert_allclose(image, found.axes[0].reshape(8, 8), atol=1e-4)


def test_the_steps_of_a_study_choose_the_pictures() -> None:
    assert not by_default("eigen_images", DIGITS)
    assert [by_default(id_, WHITENED) for id_ in ("eigen_images", "reduced_images", "whitened_images")] == [
        True, False, True,
    ]  # fmt: skip


def test_data_without_images_have_no_picture() -> None:
    data = load(trained(MOONS).outcomes[0].records[0].spec.data, (), 0)
    assert components_of(Raw(data.x_train, data.y_train, data.image_shape, ())) is None
