"""Loss and accuracy on the straight line from the initial to the final weights (Goodfellow, Vinyals and Saxe 2015).

All parameters lie on the line, biases and those of normalization included. The running values of batch normalization
are computed again at each point, in one pass over the training split. Scores are measured in test mode, on the
examples of `Dataset.sample` and on the validation split.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.data.streams import stream
from reportgen.engine.predict import renew_running
from reportgen.engine.setup import Setup
from reportgen.engine.spec import RunSpec
from reportgen.engine.step import evaluate

POSITIONS = np.arange(-10, 31) / 20
"""Points of the line: 0 is the initial network, and 1 is the final one."""

SCORES = ("train_loss", "train_accuracy", "val_loss", "val_accuracy")


class LossLine:
    """The line of a run, which keeps the parameters at its start."""

    def __init__(self, spec: RunSpec, setup: Setup) -> None:
        self.spec, self.setup = spec, setup
        self.start = setup.state.params.astype(np.float64)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return line_position (K,) and line_<score> (K,) of the present network; empty if its loss is not finite."""
        end = self.setup.state.params.astype(np.float64)
        if not np.isfinite(end).all() or not np.isfinite(self._scores(end.astype(np.float32))[0]):
            return {}
        scores = [self._scores(((1 - at) * self.start + at * end).astype(np.float32)) for at in POSITIONS]
        columns = np.array(scores, np.float64).T
        named = {f"line_{name}": column.copy() for name, column in zip(SCORES, columns, strict=True)}
        return {"line_position": POSITIONS.copy()} | named

    def _scores(self, params: NDArray[np.float32]) -> tuple[float, ...]:
        """Return the SCORES of the network with these parameters, NaN without validation examples."""
        s, data = self.setup, self.setup.dataset
        state = s.state._replace(params=params, running=s.state.running.copy())
        net = s.net._replace(constants=s.net.constants.copy())
        if state.running.size:
            order = stream(self.spec.seed, "loss line").permutation(len(data.y_train))
            renew_running(net, state, s.work, s.examples.x, s.examples.y, order, s.batch_size)
        found: list[float] = []
        for x, y in (data.sample, (s.examples.x_val, s.examples.y_val)):
            scored = evaluate(net, state, s.work, x, y, s.evaluation_rows) if len(y) else (np.nan, np.nan)
            found += map(float, scored)
        return tuple(found)
