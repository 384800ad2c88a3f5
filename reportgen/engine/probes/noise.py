"""The gradient noise scale: the batch size at which the noise of the gradient equals the gradient."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from reportgen.engine.network import NO_STEP, PROBE
from reportgen.engine.probes.probe_spec import LEAST_EXAMPLES
from reportgen.engine.setup import Setup
from reportgen.engine.step import gradient

SMALL_BATCH = LEAST_EXAMPLES // 2
"""Examples in a small batch. It is more than one, so that batch normalization has statistics."""


def noise_scale(setup: Setup, rows: int, check_cancelled: Callable[[], None] = lambda: None) -> float:
    """Return the simple noise scale tr(Sigma) / |G|^2 in examples; NaN if |G|^2 cannot be distinguished from 0.

    G is the gradient of the mean data loss, Sigma the covariance of the gradients of single examples. Both follow from
    the squared norms of the gradients of all `rows` examples and of batches of SMALL_BATCH of them (McCandlish et al.
    2018, appendix A.1). The work buffers hold the first `rows` training examples, before and after.
    """
    batches = rows // SMALL_BATCH
    if batches < 2:
        return float("nan")
    large, small = batches * SMALL_BATCH, SMALL_BATCH
    work, features = setup.work, setup.net.features
    x, y = work.x[: rows * features].copy(), work.y[:rows].copy()
    try:
        of_large = _squared_norm(setup, large)
        of_small = 0.0
        for begin in range(0, large, small):
            check_cancelled()
            work.x[: small * features] = x[begin * features : (begin + small) * features]
            work.y[:small] = y[begin : begin + small]
            of_small += _squared_norm(setup, small) / batches
    finally:
        work.x[: rows * features], work.y[:rows] = x, y
    signal = (large * of_large - small * of_small) / (large - small)
    noise = (of_small - of_large) / (1 / small - 1 / large)
    return float(noise / signal) if np.isfinite(noise) and signal > 0 else float("nan")


def _squared_norm(setup: Setup, rows: int) -> float:
    """Return the squared norm of the gradient on the first examples in the work buffers, without penalties."""
    recipe = setup.recipe._replace(coefficients=np.zeros_like(setup.recipe.coefficients))
    gradient(setup.net, setup.state, setup.work, recipe, rows, PROBE, NO_STEP)
    return float(np.square(setup.state.grads.astype(np.float64)).sum())
