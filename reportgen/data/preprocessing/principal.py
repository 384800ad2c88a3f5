"""Principal axes of examples, computed by scikit-learn in float64."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from reportgen.data.dataset import FloatArray

Values = NDArray[np.float64]


def principal_axes(x: FloatArray) -> tuple[Values, Values, Values]:
    """Return mean (d,), axes (m, d) as orthonormal rows, and variances (m,), largest first; m = min(n, d).

    Variances have the divisor n. At most n - 1 axes have a positive variance, so the last variance is 0 if n <= d.
    """
    n, d = x.shape
    if (x == x[0]).all():  # without variance, any axes are principal axes
        return x[0].astype(np.float64), np.eye(min(n, d), d), np.zeros(min(n, d))
    from sklearn.decomposition import PCA  # a late import, since it takes a second

    # The covariance is the smaller problem for many examples, and safe in float64 for data given in float32.
    solver = "covariance_eigh" if n > d else "full"
    with threadpool_limits(1, "blas"):  # again, since the import may have loaded another BLAS
        model = PCA(svd_solver=solver).fit(x.astype(np.float64))
    variances = np.maximum(np.asarray(model.explained_variance_), 0.0) * (n - 1) / n
    return np.asarray(model.mean_), np.asarray(model.components_), variances


def exceeds_rounding(variances: Values, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return which variances are larger than rounding errors of float32 data, (m,) bool.

    shape: shape of the data, (n, d).
    """
    rounding = float(np.finfo(np.float32).eps) ** 2 * max(shape)
    significant: NDArray[np.bool_] = variances > rounding * variances.max()
    return significant
