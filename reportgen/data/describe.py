"""Facts about preprocessed data, for records and reports."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from reportgen.data.baselines import Examples
from reportgen.data.preprocessing.moments import IntArray, Values, feature_moments


class Prepared(Examples, Protocol):
    """Preprocessed data: splits, and facts about the preprocessing."""

    @property
    def y_test(self) -> IntArray:
        """Classes of the test examples, (n,)."""

    @property
    def features(self) -> int:
        """Number of features."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """Labels of the classes, empty if they are only numbered."""

    @property
    def image_shape(self) -> tuple[int, int, int] | None:
        """(channels, height, width) of images, None for other examples."""

    @property
    def facts(self) -> dict[str, float]:
        """Numbers about the preprocessing."""


def facts(dataset: Prepared) -> dict[str, Any]:
    """Return counts and moments of the preprocessed data, together with the facts about the preprocessing.

    train_n, val_n, test_n, features, classes: counts.
    input_mean, input_std, input_second_moment: moments over all features of all training examples, in float64.
    class_counts: number of training examples of each class; val_class_counts: of validation examples, if there are any.
    class_runs: number of runs of training examples of the same class, in the order of the training set.
    class_labels: labels of the classes, for data with labels other than the numbers of the classes.
    val_input_offset, val_input_scale: difference between validation and training examples, if there are any validation
        examples; see `_differences`.
    constant_features: number of features with the same value in all training examples.
    input_offset_share: share of the second moment due to the means of the features, 0 for centred inputs.
    input_feature_std: minimum, quartiles and maximum of the standard deviations of the features that are not constant;
        empty if all are constant.
    image_shape: channels, height and width, for images only.
    """
    mean, variance = feature_moments(dataset.x_train)
    second_moment = float(np.mean(variance + mean**2))
    input_mean = float(mean.mean())
    input_variance = float(np.mean(variance + (mean - input_mean) ** 2))
    constant = dataset.x_train.min(axis=0) == dataset.x_train.max(axis=0)
    return {
        **dataset.facts,
        "train_n": len(dataset.y_train),
        "val_n": len(dataset.y_val),
        "test_n": len(dataset.y_test),
        "features": dataset.features,
        "classes": dataset.classes,
        "input_mean": input_mean,
        "input_std": float(np.sqrt(input_variance)),
        "input_second_moment": second_moment,
        "class_counts": np.bincount(dataset.y_train, minlength=dataset.classes).tolist(),
        "class_runs": int(np.count_nonzero(np.diff(dataset.y_train))) + 1,
        "constant_features": int(constant.sum()),
        "input_offset_share": float(np.mean(mean**2) / second_moment) if second_moment > 0 else 0.0,
        "input_feature_std": _quartiles(np.sqrt(variance[~constant])),
        **(_validation(dataset) if len(dataset.y_val) else {}),
        **({"class_labels": list(dataset.class_names)} if _are_labels(dataset.class_names) else {}),
        **({"image_shape": list(dataset.image_shape)} if dataset.image_shape else {}),
    }


def _are_labels(names: tuple[str, ...]) -> bool:
    """Return whether the names of classes say more than their numbers."""
    return bool(names) and list(names) != [str(number) for number in range(len(names))]


def _validation(dataset: Prepared) -> dict[str, Any]:
    offset, scale = _differences(dataset.x_train, dataset.x_val)
    return {
        "val_class_counts": np.bincount(dataset.y_val, minlength=dataset.classes).tolist(),
        "val_input_offset": offset,
        "val_input_scale": scale,
    }


def _differences(train: NDArray[np.float32], val: NDArray[np.float32]) -> tuple[float, float]:
    """Return how the features of validation examples differ from those of training examples.

    The first number is the difference of means in standard deviations of the training examples, the second the ratio of
    the standard deviations; both are medians over the features that are not constant in training.
    """
    (mean, variance), (val_mean, val_variance) = feature_moments(train), feature_moments(val)
    varies = variance > 0
    if not varies.any():
        return 0.0, 1.0
    std, val_std = np.sqrt(variance[varies]), np.sqrt(val_variance[varies])
    return float(np.median(np.abs(val_mean - mean)[varies] / std)), float(np.median(val_std / std))


def _quartiles(values: Values) -> list[float]:
    """Return minimum, quartiles and maximum, or an empty list for no values."""
    return np.quantile(values, (0, 0.25, 0.5, 0.75, 1)).tolist() if values.size else []
