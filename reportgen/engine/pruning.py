"""Iterative magnitude pruning (Frankle and Carbin 2019): trains a network several times with fewer and fewer weights.

A round removes the weights of smallest magnitude of each layer, returns the others to earlier values ("winning") or
draws them again ("random"), and trains the network. The masks of random weights are those of winning ones, so that two
trainings are needed for each sparsity but the last. Biases and the parameters of batch normalization are not pruned.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.data.streams import stream
from reportgen.engine.network import WEIGHTS, State
from reportgen.engine.run import Run
from reportgen.engine.setup import Setup, calibrate, initialize
from reportgen.engine.spec import SCORES, PruningSpec
from reportgen.engine.step import SCORE_COLUMNS

_VAL_LOSS = SCORE_COLUMNS.index("val_loss")


def weights_kept(weights: int, share: float, number: int) -> int:
    """Return how many weights of a layer remain after a number of rounds that each remove this share; at least one."""
    return max(1, round(weights * (1 - share) ** number))


class Masks:
    """The masks of a network's weights, in State.masks.

    Attributes
    ----------
    layers : slice of the parameter vector and share of the weights that a round removes, for each layer.
    """

    def __init__(self, setup: Setup, settings: PruningSpec) -> None:
        self.state = setup.state
        share = 1 - (1 - settings.sparsity) ** (1 / settings.rounds)
        owners = [(op, int(code[WEIGHTS])) for op, code in zip(setup.operations, setup.net.codes, strict=True)]
        self.layers = [
            (slice(begin, begin + op.weights), share * (settings.output_rate if op.is_output else 1.0))
            for op, begin in owners
            if op.owns_weights
        ]

    def prune(self, number: int) -> None:
        """Remove the weights of smallest magnitude that round `number` removes; of equal ones, the first."""
        for place, share in self.layers:
            mask, weights = self.state.masks[place], self.state.params[place]
            magnitudes = np.where(mask, np.abs(weights), -1)
            order = np.argsort(magnitudes, kind="stable")
            mask[order[: weights.size - weights_kept(weights.size, share, number)]] = 0

    def apply(self) -> None:
        """Set the pruned weights and their states of the optimizer to 0."""
        state = self.state
        count = state.optimizer_state.size // state.params.size
        for place, _ in self.layers:
            removed = state.masks[place] == 0
            state.params[place][removed] = 0
            kept = state.optimizer_state[count * place.start : count * place.stop].reshape(count, -1)
            kept[:, removed] = 0

    def counts(self) -> list[int]:
        """Return the number of weights that remain in each layer."""
        return [int(self.state.masks[place].sum()) for place, _ in self.layers]


class Rounds:
    """The trainings of a run with pruning, and their results.

    Attributes
    ----------
    run : the last training, which the record shows.
    scores : SCORES at the end of each round, shape (rounds + 1, SCORES); row 0 is the dense network.
    best_epochs : epoch of the lowest validation loss by round, NaN without a validation split.
    kept : number of weights that remain by round and layer.

    Rounds that are not trained, since the run diverged, have NaN scores and no weights.
    """

    def __init__(self, dense: Run, settings: PruningSpec, new_run: Callable[[int], Run]) -> None:
        """Take the dense network before its training, and a function that returns training number n of the run."""
        self.dense, self.settings, self.new_run = dense, settings, new_run
        self.run, self.number = dense, 0
        self.masks = Masks(dense.setup, settings)
        self.scores = np.full((settings.rounds + 1, len(SCORES)), np.nan)
        self.best_epochs = np.full(settings.rounds + 1, np.nan)
        self.kept = np.zeros((settings.rounds + 1, len(self.masks.layers)), np.int64)

    def train(self) -> None:
        """Train the dense network and all rounds; a training that diverges is the last one."""
        dense = self.dense
        dense.train(self.settings.rewind * dense.per_epoch)
        self.rewound_step = dense.step
        self.rewound = [array.copy() for array in _trained_arrays(dense.setup.state)]
        dense.train(dense.total)
        dense.finish()
        self._record(0)
        for number in range(1, self.settings.rounds + 1):
            if self.run.status == "diverged":
                return
            self.masks.prune(number)
            if self.settings.weights == "winning":
                self._train_again(self._rewind)
                self._record(number)
                continue
            self._train_again(partial(self._redraw, number))
            self._record(number)
            if number < self.settings.rounds and self.run.status != "diverged":
                self._train_again(self._rewind)  # for the masks of the next round

    def _train_again(self, set_weights: Callable[[], None]) -> None:
        """Train the network with the present masks, from the weights that `set_weights` sets."""
        set_weights()
        self.masks.apply()
        self.number += 1
        self.run = self.new_run(self.number)
        self.run.resume(self.dense, self.rewound_step)
        self.run.train(self.run.total)
        self.run.finish()

    def _rewind(self) -> None:
        for array, earlier in zip(_trained_arrays(self.dense.setup.state), self.rewound, strict=True):
            array[:] = earlier

    def _redraw(self, number: int) -> None:
        setup, seed = self.dense.setup, int(stream(self.dense.spec.seed, "pruned weights", number).integers(2**63))
        self._rewind()  # running values and optimizer state are those before training
        initialize(setup, seed)
        calibrate(setup)

    def _record(self, number: int) -> None:
        """Record the results of a round."""
        self.scores[number] = [self.run.final[name] for name in SCORES]
        self.kept[number] = self.masks.counts()
        first = self.rewound_step // self.dense.per_epoch if number else 0
        losses = self.run.scores[first : self.run.epoch + 1, _VAL_LOSS]
        if np.isfinite(losses).any():
            self.best_epochs[number] = first + np.nanargmin(losses)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays for the record."""
        weights = self.kept[0].sum()
        scores = {f"round_{name}": column for name, column in zip(SCORES, self.scores.T.copy(), strict=True)}
        sparsity = np.where(self.kept.sum(axis=1) > 0, 1 - self.kept.sum(axis=1) / weights, np.nan)
        return scores | {
            "round_sparsity": sparsity,
            "round_best_epoch": self.best_epochs,
            "round_weights": self.kept,
        }


def _trained_arrays(state: State) -> tuple[NDArray[Any], ...]:
    """Return the arrays that training changes and a rewind restores."""
    return state.params, state.optimizer_state, state.running
