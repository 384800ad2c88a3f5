"""Table of preprocessing steps, which are fitted on the training split, or on all splits, and applied to all splits.

Every step is a map x -> (x - subtract) R * multiply + add. It is computed in float64, and its result is float32. To add
a step, write a function that returns the Fitted map, and add a row to the table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from reportgen.data.dataset import FloatArray, ImageShape
from reportgen.data.preprocessing.fitted import Fitted
from reportgen.data.preprocessing.moments import group_bounds, group_moments, groups
from reportgen.data.preprocessing.principal import exceeds_rounding, principal_axes
from reportgen.data.source import settings
from reportgen.data.streams import stream
from reportgen.errors import StudyError
from reportgen.registry import Component, Parameter, Row, Table

Fit = Callable[[FloatArray, ImageShape | None, Mapping[str, Any]], Fitted]


@dataclass(frozen=True, kw_only=True)
class Step(Row):
    """A preprocessing step.

    fit: return the map for examples (n, d). keeps_pixels: whether the features remain pixels of an image.
    draws: whether the step adds Gaussian noise of parameter `std` to the splits named by parameter `to`.
    reports: metrics of claims that the step measures.
    """

    kind: ClassVar[str] = "preprocessing step"
    fit: Fit
    keeps_pixels: bool = True
    draws: bool = False
    reports: tuple[str, ...] = ()


def prepare(
    splits: Sequence[FloatArray], image_shape: ImageShape | None, steps: Sequence[Component], seed: int = 0
) -> tuple[list[FloatArray], ImageShape | None, dict[str, float]]:
    """Return the splits after all steps, the image shape if the features are still pixels, and facts.

    Each step is fitted on the output of the steps before it.

    Parameters
    ----------
    splits : examples of each split, (n, features) each, the training split first.
    seed : seed of the noise that a step adds.

    Raises
    ------
    StudyError : the settings of a step are invalid, or its result is too large for float32.
    """
    prepared = list(splits)
    facts: dict[str, float] = {}
    for index, component in enumerate(steps):
        step, params = settings(STEPS, component, "preprocessing step")
        base = prepared[0] if params.get("fit", "train") == "train" else np.concatenate(prepared)
        fitted = step.fit(base, image_shape, params)
        prepared = [fitted.apply(x) for x in prepared]
        if step.draws:
            prepared = _with_noise(prepared, params, stream(seed, "input noise", index))
        if not all(np.isfinite(x).all() for x in prepared):
            raise StudyError("not-finite", f"preprocessing step {step.name} produces numbers too large for float32")
        image_shape = image_shape if step.keeps_pixels else None
        facts.update(fitted.facts)
    return prepared, image_shape, facts


def _with_noise(splits: Sequence[FloatArray], params: Mapping[str, Any], rng: np.random.Generator) -> list[FloatArray]:
    """Return the splits, with noise on the splits named by `to`; the noise is proportional to `std`."""
    std = np.float32(params["std"])
    noise = [std * rng.standard_normal(x.shape, np.float32) for x in splits]
    first = 0 if params["to"] == "all" else 1
    return [x + e if index >= first else x for index, (x, e) in enumerate(zip(splits, noise, strict=True))]


def width_after(
    steps: Sequence[Component], image_shape: ImageShape | None, n_train: int, n_all: int, features: int
) -> int | None:
    """Return the number of features after all steps, or None if it depends on the data.

    n_train, n_all: numbers of training examples and of all examples; features: number of features before the steps.
    """
    for component in steps:
        step, params = settings(STEPS, component, "preprocessing step")
        groups(features, image_shape, params.get("per", "feature"))
        if step.keeps_pixels:
            continue
        image_shape = None
        most = min(features, n_train if params["fit"] == "train" else n_all)
        _check_pca(params, most)
        if params.get("variance") is not None:
            return None
        features = params.get("components") or most
    return features


def _center(x: FloatArray, image_shape: ImageShape | None, params: Mapping[str, Any]) -> Fitted:
    mean, _ = group_moments(x, *groups(x.shape[1], image_shape, params["per"]))
    return Fitted(subtract=mean)


def _standardize(x: FloatArray, image_shape: ImageShape | None, params: Mapping[str, Any]) -> Fitted:
    mean, variance = group_moments(x, *groups(x.shape[1], image_shape, params["per"]))
    # The variance of a constant is exactly 0, since float64 sums of equal float32 numbers are exact.
    return Fitted(subtract=mean, multiply=1 / np.sqrt(np.where(variance > 0, variance, 1.0)))


def _minmax(x: FloatArray, image_shape: ImageShape | None, params: Mapping[str, Any]) -> Fitted:
    if not params["low"] < params["high"]:
        message = f"low of minmax is {params['low']}, but high is {params['high']}"
        raise StudyError("invalid-range", message, hint="low must be below high")
    low, high = group_bounds(x, *groups(x.shape[1], image_shape, params["per"]))
    varies = high > low
    width = params["high"] - params["low"]
    middle = params["low"] + width / 2
    return Fitted(
        subtract=low, multiply=width / np.where(varies, high - low, 1.0), add=np.where(varies, params["low"], middle)
    )


def _pca(x: FloatArray, image_shape: ImageShape | None, params: Mapping[str, Any]) -> Fitted:
    _check_pca(params, min(x.shape))
    mean, axes, variances = principal_axes(x)
    total = variances.sum()
    shares = np.cumsum(variances) / total if total > 0 else np.ones(len(variances))
    k = params["components"] or len(axes)
    if params["variance"] is not None:
        k = min(int(np.searchsorted(shares, params["variance"] - 1e-12)) + 1, len(axes))
    return Fitted(mean, axes[:k].T, facts={"pca_components": float(k), "variance_kept": float(shares[k - 1])})


def _check_pca(params: Mapping[str, Any], most: int) -> None:
    """Raise StudyError if both `components` and `variance` are set, or more than `most` components are requested.

    most: the smaller of the numbers of examples and features.
    """
    components = params.get("components")
    if components is not None and params.get("variance") is not None:
        raise StudyError("conflicting-settings", "pca accepts components or variance, not both")
    if components is not None and components > most:
        raise StudyError(
            "out-of-range", f"pca cannot keep {components} components", hint=f"at most {most} for these data"
        )


def _whiten(x: FloatArray, image_shape: ImageShape | None, params: Mapping[str, Any]) -> Fitted:
    mean, axes, variances = principal_axes(x)
    significant = exceeds_rounding(variances, x.shape)
    smoothed = np.where(significant, variances, 0.0) + params["epsilon"]
    multiply = np.where(smoothed > 0, 1 / np.sqrt(np.where(smoothed > 0, smoothed, 1.0)), 0.0)
    return Fitted(mean, axes.T, multiply, facts={"whiten_rank": float(significant.sum())})


def _nothing(x: FloatArray, image_shape: ImageShape | None, params: Mapping[str, Any]) -> Fitted:
    return Fitted()


def _scale(x: FloatArray, image_shape: ImageShape | None, params: Mapping[str, Any]) -> Fitted:
    return Fitted(multiply=float(params["by"]))


def _shift(x: FloatArray, image_shape: ImageShape | None, params: Mapping[str, Any]) -> Fitted:
    return Fitted(add=float(params["by"]))


_FIT = Parameter(
    "fit",
    "choice",
    "train",
    "examples that the step is fitted on; all leaks validation and test data into training",
    choices=("train", "all"),
)
_PER = Parameter(
    "per",
    "choice",
    "feature",
    "features that share one statistic: each feature alone, each image channel, or all features",
    choices=("feature", "channel", "all"),
)
_SOURCE = "LeCun et al. 1998, Efficient BackProp, section 4.3"

STEPS = Table(
    Step,
    (
        Step(
            name="center",
            summary="Subtract the mean of each feature (the mean image), of each channel, or of all features.",
            formula=r"x_j - \bar{x}_j",
            source=_SOURCE,
            parameters=(_PER, _FIT),
            fit=_center,
        ),
        Step(
            name="standardize",
            aliases=(
                "standard_scaler",
                "zscore",
            ),
            summary="Subtract the mean and divide by the standard deviation; constant features become 0.",
            formula=r"(x_j - \bar{x}_j) / s_j,\quad s_j^2 = \tfrac1n \sum_i (x_{ij} - \bar{x}_j)^2",
            source=_SOURCE,
            parameters=(_PER, _FIT),
            fit=_standardize,
        ),
        Step(
            name="minmax",
            summary="Scale each feature linearly to [low, high]; a constant feature becomes the middle of the range.",
            formula=r"a + (b - a) \frac{x_j - \min_j}{\max_j - \min_j}",
            source="Pedregosa et al. 2011 (MinMaxScaler)",
            parameters=(
                Parameter("low", "number", -1.0, "value of the minimum after scaling"),
                Parameter("high", "number", 1.0, "value of the maximum after scaling"),
                _PER,
                _FIT,
            ),
            fit=_minmax,
        ),
        Step(
            name="pca",
            summary="Center and project onto the principal axes (PCA), in order of decreasing variance.",
            formula=r"(x - \bar{x}) U_k,\quad \Sigma = U \operatorname{diag}(\lambda) U^\top",
            source="Pearson 1901; Hotelling 1933",
            parameters=(
                Parameter("components", "integer", None, "number of axes to keep; not set: all axes", 1),
                Parameter(
                    "variance",
                    "number",
                    None,
                    "keep the smallest number of axes that explain this share of the variance",
                    0,
                    1,
                    ("minimum",),
                ),
                _FIT,
            ),
            fit=_pca,
            keeps_pixels=False,
            reports=("variance_kept",),
        ),
        Step(
            name="whiten",
            summary="Apply PCA and divide each component by its smoothed standard deviation.",
            formula=r"\frac{(x - \bar{x}) u_j}{\sqrt{\lambda_j + \epsilon}}",
            source="Bell and Sejnowski 1997; " + _SOURCE,
            parameters=(
                Parameter(
                    "epsilon",
                    "number",
                    1e-5,
                    "added to each variance before the root; if 0, axes without variance give 0",
                    0,
                ),
                _FIT,
            ),
            fit=_whiten,
            keeps_pixels=False,
        ),
        Step(
            name="scale",
            summary="Multiply every feature by a constant.",
            formula=r"c\, x",
            source="elementary",
            parameters=(Parameter("by", "number", None, "the factor c", required=True), _FIT),
            fit=_scale,
        ),
        Step(
            name="shift",
            summary="Add a constant to every feature.",
            formula=r"x + c",
            source="elementary",
            parameters=(Parameter("by", "number", None, "the constant c", required=True), _FIT),
            fit=_shift,
        ),
        Step(
            name="noise",
            summary="Add Gaussian noise to every feature, of validation and test examples or of all examples.",
            formula=r"x + \sigma \varepsilon,\quad \varepsilon \sim \mathcal{N}(0, 1)",
            source="elementary",
            parameters=(
                Parameter("std", "number", None, "the standard deviation of the noise", 0, required=True),
                Parameter(
                    "to",
                    "choice",
                    "held_out",
                    "examples with noise: validation and test examples (held_out), or all",
                    choices=("held_out", "all"),
                ),
            ),
            fit=_nothing,
            draws=True,
        ),
    ),
)
