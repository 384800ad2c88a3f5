"""Trains a run: once, or several times with pruning."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable

from reportgen.data.dataset import Dataset
from reportgen.engine.cost import batches_per_epoch, total_steps
from reportgen.engine.jit import ahead
from reportgen.engine.outcome import Cancelled, Outcome, Progress
from reportgen.engine.pruning import Rounds
from reportgen.engine.run import Run
from reportgen.engine.setup import set_up
from reportgen.engine.spec import RunSpec

__all__ = ["Cancelled", "Outcome", "train"]


def train(
    spec: RunSpec,
    dataset: Dataset,
    cancel: Callable[[], bool] | None = None,
    progress: Progress | None = None,
) -> Outcome:
    """Train a run and return its outcome, which is the same to the last bit on every call.

    The kernels run on one core and release the GIL. Limit BLAS, which some initializations use, to one thread.

    Parameters
    ----------
    cancel : called several times per second; the run is cancelled if it returns true.
    progress : receives (completed steps, total steps), of all trainings with pruning.

    Raises
    ------
    Cancelled
        If `cancel` returned true.
    """
    ahead.begin({node.kind for node in spec.network.nodes})
    setup, pruning = set_up(spec, dataset), spec.training.pruning
    n = len(dataset.y_train)
    total, rewound = total_steps(spec, n), (pruning.rewind if pruning else 0) * batches_per_epoch(spec, n)

    def new_run(number: int) -> Run:
        """Return training `number`, counted from 0, before its start."""

        def report(done: int, steps: int) -> None:
            if progress is not None:
                progress(number * (steps - rewound) + done, total)

        return Run(spec, dataset, setup, cancel or (lambda: False), report)

    run = new_run(0)
    run.start()
    started = time.perf_counter()  # without compilation, for which the first run waits
    if pruning is None:
        run.train(run.total)
        run.finish()
        return run.outcome(started)
    rounds = Rounds(run, pruning, new_run)
    rounds.train()
    outcome = rounds.run.outcome(started)
    return dataclasses.replace(outcome, arrays=outcome.arrays | rounds.arrays())
