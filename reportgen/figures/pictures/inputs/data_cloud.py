"""The data cloud of two features: raw, centred, scaled, decorrelated and whitened.

Each panel shows the same training examples after one preprocessing step of the raw data: `center` subtracts the mean,
`standardize` also divides by the standard deviation of each feature, `pca` rotates the centred cloud onto its principal
axes, so that the features are uncorrelated, and `whiten` also divides each axis by its standard deviation. The ellipse
contains the points within two standard deviations of the mean. Colours are classes.

The figure shows both features of data with two, and otherwise the two with the largest correlation. By default, it is
drawn if the variants differ in preprocessing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from reportgen.analysis.results import Analysis
from reportgen.data.preprocessing.steps import prepare
from reportgen.figures.drawing import style as _style
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.drawing.surface import surface
from reportgen.figures.drawing.words import number, prose, sentence
from reportgen.figures.pictures.choice import differs, is_named
from reportgen.figures.pictures.drawn import drawing_of
from reportgen.figures.pictures.inputs.raw import Raw, raw_data
from reportgen.figures.table import FIGURES
from reportgen.languages.translate import N_, _
from reportgen.registry import Component

FIGURE = FIGURES["data_cloud"]

POINTS, SEARCHED = 300, 100
"""The largest number of points, and of features (those with the largest variance) among which two are chosen."""

STEPS: tuple[tuple[str, tuple[Component, ...]], ...] = (
    (N_("raw"), ()),
    (N_("centred"), (Component("center"),)),
    (N_("scaled"), (Component("standardize"),)),
    (N_("decorrelated"), (Component("pca"),)),
    (N_("whitened"), (Component.of("whiten", epsilon=0.0),)),
)
"""The panels with their preprocessing steps."""


@dataclass(frozen=True)
class Cloud:
    """Two features of all training examples after a step, (n, 2)."""

    name: str
    x: NDArray[np.float64]

    @property
    def mean(self) -> NDArray[np.float64]:
        """The mean, (2,)."""
        mean: NDArray[np.float64] = self.x.mean(axis=0)
        return mean

    @property
    def covariance(self) -> NDArray[np.float64]:
        """The covariance, (2, 2), with the divisor n."""
        return np.cov(self.x, rowvar=False, bias=True)

    @property
    def correlation(self) -> float:
        """The correlation of both features, 0 if one of them is constant."""
        (a, b), (_, d) = self.covariance
        return float(b / np.sqrt(a * d)) if a * d > 0 else 0.0


def draw(analysis: Analysis) -> Drawing | None:
    """Return the figure, None if the study does not ask for it or its data cannot be read."""
    wanted = is_named(analysis, FIGURE.id) or differs(analysis, lambda spec: spec.preprocess)
    data = raw_data(analysis) if wanted else None
    if data is None or data.x.shape[1] < 2 or len(data.x) < 3:
        return None
    pair = two_features(data.x)
    clouds = clouds_of(data.x[:, pair])
    caption, alt = _caption(clouds, pair, data), _alt(clouds)
    finding = "; ".join(_words(cloud) for cloud in (clouds[0], clouds[-1]))
    return drawing_of(FIGURE, partial(_figure, clouds, data.y), caption, alt, COLUMNS, _csv(clouds, data.y), finding)


def two_features(x: NDArray[np.float32]) -> list[int]:
    """Return the features with the largest absolute correlation among those with the largest variance."""
    variance = x.var(axis=0, dtype=np.float64)
    likely = np.sort(np.argsort(-variance, kind="stable")[:SEARCHED])
    likely = likely[variance[likely] > 0] if (variance[likely] > 0).sum() > 1 else likely[:2]
    with np.errstate(invalid="ignore", divide="ignore"):  # of constant features
        sizes = np.nan_to_num(np.abs(np.corrcoef(x[:, likely].astype(np.float64), rowvar=False)))
    np.fill_diagonal(sizes, -1)
    a, b = divmod(int(sizes.argmax()), len(likely))
    return sorted((int(likely[a]), int(likely[b])))


def clouds_of(x: NDArray[np.float32]) -> list[Cloud]:
    """Return the cloud (n, 2) after each of the steps, which are fitted on these examples."""
    return [Cloud(name, prepare([x], None, steps)[0][0].astype(np.float64)) for name, steps in STEPS]


def _figure(clouds: Sequence[Cloud], y: NDArray[np.int64]) -> Figure:
    margins = _style.Margins(left=0.28, right=0.1, top=0.3, bottom=0.4, across=0.25, between=0.62)
    columns = surface().either(3, 2)
    side = (surface().width - 0.38 - (columns - 1) * 0.25) / columns
    figure, axes = _style.panels(len(clouds), columns, side, margins=margins)
    unit = _reach(clouds[0], clouds[1], clouds[3])
    for at, (ax, cloud) in enumerate(zip(axes, clouds, strict=True)):
        _panel(ax, cloud, y, unit if cloud.name not in (N_("scaled"), "whitened") else _reach(clouds[2], clouds[4]))
        _style.panel_title(ax, _(cloud.name), side)
        words = (
            _("correlation {correlation}").format(correlation=number(cloud.correlation))
            if abs(cloud.correlation) > 1e-4
            else _("correlation 0")
        )
        ax.set_xlabel(words, labelpad=3, fontsize=_style.SMALL)
        ax.set_xticks([0])
        ax.set_yticks([0])
        if at == 0:
            ax.set_ylabel("")
    return figure


def _reach(*clouds: Cloud) -> float:
    """Return the largest coordinate of clouds that share a scale, with a little room."""
    ends = [float(np.abs(part).max()) for cloud in clouds for part in (_ellipse(cloud), cloud.x[:POINTS])]
    return 1.04 * max(ends) or 1.0


def _panel(ax: Axes, cloud: Cloud, y: NDArray[np.int64], reach: float) -> None:
    for line in (ax.axhline, ax.axvline):
        line(0, color=_style.MUTED, lw=0.7, zorder=1)
    shown, labels = cloud.x[:POINTS], y[:POINTS]
    for label in np.unique(labels):
        part, style = shown[labels == label], _style.series_style(int(label))
        ax.plot(*part.T, ls="none", marker=style.marker, ms=2.6, color=style.colour, mew=0, alpha=0.75, zorder=2)
    ax.plot(*_ellipse(cloud).T, color=_style.INK, lw=1.1, zorder=3)
    ax.plot(*cloud.mean[:, None], marker="+", ms=7, mew=1.3, color=_style.INK, zorder=4)
    ax.set_xlim(-reach, reach)
    ax.set_ylim(-reach, reach)
    ax.spines[["top", "right"]].set_visible(True)


def _ellipse(cloud: Cloud) -> NDArray[np.float64]:
    """Return the points two standard deviations from the mean, (n, 2)."""
    variances, axes = np.linalg.eigh(cloud.covariance)
    angle = np.linspace(0, 2 * np.pi, 100)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    points: NDArray[np.float64] = cloud.mean + 2 * (circle * np.sqrt(np.maximum(variances, 0))) @ axes.T
    return points


COLUMNS = ("step", "example", "class", "x", "y")
"""Columns of the CSV file, with the drawn examples."""


def _csv(clouds: Sequence[Cloud], y: NDArray[np.int64]) -> Iterator[tuple[str, int, int, float, float]]:
    for cloud in clouds:
        for at, (point, label) in enumerate(zip(cloud.x[:POINTS], y, strict=False)):
            yield cloud.name, at + 1, int(label), float(point[0]), float(point[1])


def _words(cloud: Cloud) -> str:
    means, spreads = cloud.mean, np.sqrt(np.diag(cloud.covariance))
    return _(
        "{name}: mean ({means}, {means2}), standard deviations {spreads} and {spreads2}, correlation {correlation}"
    ).format(
        name=_(cloud.name),
        means=_plain(means[0]),
        means2=_plain(means[1]),
        spreads=_plain(spreads[0]),
        spreads2=_plain(spreads[1]),
        correlation=_plain(cloud.correlation),
    )


def _plain(value: float) -> str:
    return number(float(value)) if abs(value) > 1e-4 else "0"


def _caption(clouds: Sequence[Cloud], pair: Sequence[int], data: Raw) -> str:
    which = (
        _("both features")
        if data.x.shape[1] == 2
        else _("features {pair} and {pair2}").format(pair=pair[0] + 1, pair2=pair[1] + 1)
    )
    shown = _(", {POINTS} of {x} drawn").format(POINTS=POINTS, x=len(data.x)) if len(data.x) > POINTS else ""
    parts = [
        _("{which} of the training examples{shown}, raw and after a preprocessing step of the raw data").format(
            which=which, shown=shown
        ),
        "; ".join(_words(cloud) for cloud in (clouds[0], clouds[-1])),
        _("The ellipse is two standard deviations from the mean (+); the lines are the values 0"),
        _("Raw, centred and decorrelated data share one scale, and so do scaled and whitened data"),
    ]
    return " ".join(sentence(part) for part in parts)


def _alt(clouds: Sequence[Cloud]) -> str:
    return prose(
        _("Scatter plots of two features after preprocessing."), *(sentence(_words(cloud)) for cloud in clouds)
    )
