"""Record of a run: status, scores, and arrays by step, epoch and probe."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from reportgen.engine.cost import steps_before_last
from reportgen.engine.outcome import Outcome
from reportgen.engine.spec import EPOCH_COLUMNS, SCORES, STATISTICS, RunSpec
from reportgen.plugins.loading import plugins
from reportgen.registry import Plugin

Array = NDArray[Any]

_NO_PROBES = np.zeros(0, np.int64)

MOST_GROUPS = 4096
"""Groups of rows whose last one is remembered."""


@dataclass(frozen=True, eq=False)  # compared by identity, so that results can be cached per record
class RunRecord:
    """A finished run. Shapes: S steps, E epochs, P probes, L layers, B bins, U hidden units, C classes, K cycles.

    status: "ok", "diverged" (a value is not finite), "stopped" (early stopping or stop_above), "failed" (an exception).
    steps: number of training steps (with pruning, of the last training); stopped_at_step: the last step of a run that
        is not "ok", else None.
    final: the scores named in SCORES (NaN for an empty split), then the scores that the evaluation settings add.
    facts: counts and moments of the preprocessed data: train_n, val_n, test_n, features, classes,
        input_mean, input_std, input_second_moment, class_counts and val_class_counts (lists), class_runs, class_labels
        (a list, for labels that are not numbers from 0), val_input_offset, val_input_scale, parameters, probe_n; with
        batch normalization, batch_dependent_fraction: share of validation examples whose predicted class depends on
        the batch; with dropout, train_mode_scale: ratio of the outputs in train mode to the outputs in test mode. Runs
        with at least one training step add val_loss_sd, the standard deviation of the cross-entropy over validation
        examples, and the baselines of `reportgen.data.baselines`.
    arrays:
        step_loss (S,): data loss of each minibatch in train mode, before that step's update.
        epoch_<column> (E + 1,): every name in EPOCH_COLUMNS; row 0 is the network at initialization,
            where batch_loss is NaN.
        probe_step (P,): the step after which each probe was taken; 0 is initialization.
        probe_<statistic> (P, L): every name in STATISTICS, NaN for layers without this statistic.
            Layer L - 1 is the output layer, whose activations are the logits.
            sign_agreement_example: share of pairs of a probe example and a unit with a gradient for which the
            gradients of all incoming weights have the same sign; sign_agreement_batch: share of units for which the
            mean gradients have the same sign. The names in SPECTRAL are NaN unless the study sets singular_values.
        probe_curvature (P,): largest eigenvalue of the Hessian of the mean data loss on the probe examples;
            only if the study sets curvature. probe_preconditioned_curvature, probe_noise_scale (P,) and
            probe_update_angle (P, L): see `engine.probes.probe_spec`; only if the study sets them.
        probe_activation_histogram (P, L, B): counts in the bins with edges activation_edges (L, B + 1);
            values outside the edges are not counted.
        probe_gradient_histogram (P, L, B): counts of log10 |delta| in the bins with edges gradient_edges (B + 1,);
            zeros are not counted.
        probe_branch_ratio (P, L): with residual blocks, norm of a branch divided by that of its shortcut.
        probe_unit_dead (P, U): 1 for a hidden unit that is zero on every probe example; unit_layer (U,): the layer of
            each hidden unit, counted from 1.
        filters (K, F, height, width, channels): weights of the first layer as images, before training and, if the
            run trains, after it; of at most 64 filters. Only for data with images.
        filter_step (K,), filters_by_step (K, F, height, width, channels): the same filters at each probe; only if the
            study sets probes.weights.
        boundary_step (K,), boundary_class, boundary_probability (K, G, G), boundary_range (2, 2), boundary_examples
            (n, 2), boundary_labels (n,): predicted class and its probability on a grid of inputs at each probe, lower
            and upper ends of the grid by feature, and the first training examples. Rows of the grid are values of
            the second feature. Only if the study sets probes.boundary.
        path_step (K,), path_weights (K, W), path_layer (W,): first 64 weights of the first unit of each dense layer
            after each of the first steps, and their layers, counted from 1; only if the study sets probes.unit_path.
        line_position (K,), line_<score> (K,): loss and accuracy of training examples (at most 1000) and validation
            examples on the line through the initial weights (0) and the final ones (1); only if the study sets
            probes.loss_line and the final loss is finite.
        example_image (height, width, channels), example_classes (2,): the first training example, its class and the
            predicted class, -1 for outputs that are not finite. feature_maps (flat), feature_map_shape (M, 3),
            feature_map_operation (M,): outputs of the layers for it, each (height, width, channels), and the indices
            of their operations. Only for networks with convolution or pooling; see `engine.inspect.images`.
        val_confusion, train_confusion (C, C): number of examples by true class (row) and predicted class (column) at
            the end; all validation examples, and at most 1000 training examples in equal numbers per class. Only for
            runs with at least one training step and finite outputs at the end. train_class_loss, val_class_loss (C,):
            mean cross-entropy of the examples of each class, only if the study sets evaluation.class_losses.
        val_probabilities (V, C), test_probabilities: softmax of the outputs at the end, float32, with val_labels
            (V,), test_labels; snapshot_step (K,), snapshot_single_val_loss (K,), snapshot_single_val_accuracy (K,),
            snapshot_val_probabilities (K, V, C): the networks at the ends of the cycles. Only if the study's
            evaluation settings require them.
        round_sparsity (R + 1,): share of all weights that are removed, by round of pruning; row 0 is the dense network.
            round_<score> (R + 1,): every name in SCORES, at the end of the round; round_best_epoch (R + 1,): epoch of
            the lowest validation loss; round_weights (R + 1, L): number of weights that remain in each layer. NaN, or
            0 weights, for rounds after a training that diverged. Only with pruning, where all other arrays are those
            of the last training; before the epoch to which weights return, they are those of the dense network.
    error: message of the exception in a failed run.
    data: fingerprint of the examples that were trained on, as `reportgen.data.fingerprint` returns it; empty for runs
        that were stored without it.
    provenance: reportgen, python, numpy, numba, platform, workers, started and finished (ISO 8601, UTC).
    known: results of functions of the record, by function; see `reportgen.analysis.diagnosis.evidence.memoize`.
    """

    key: str
    spec: RunSpec
    status: str
    stopped_at_step: int | None
    steps: int
    train_seconds: float
    final: Mapping[str, float]
    facts: Mapping[str, Any]
    arrays: Mapping[str, Array] = field(repr=False)
    error: str | None = None
    data: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict)
    known: dict[Any, Any] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def of(cls, outcome: Outcome, spec: RunSpec, **identity: Any) -> RunRecord:
        """Return the record of an outcome; `identity` sets its key, data and provenance."""
        found = {field.name: getattr(outcome, field.name) for field in dataclasses.fields(outcome)}
        return cls(spec=spec, **{"key": "", **found, **identity})

    @property
    def layers(self) -> int:
        """Number of layers, including the output layer."""
        return len(self.spec.network.layers)

    @property
    def probe_steps(self) -> Array:
        """Steps at which the layers were probed, (P,); empty for a study without probes."""
        return self.arrays.get("probe_step", _NO_PROBES)

    @property
    def all_steps(self) -> int:
        """Number of steps of all trainings of a run with pruning, else `steps`.

        Every training before the last one counts in full, so the number is an upper bound with early stopping.
        """
        pruning, kept = self.spec.training.pruning, self.arrays.get("round_weights")
        if pruning is None or kept is None:
            return self.steps
        return self.steps + steps_before_last(self.spec, int(self.facts["train_n"]), int(kept.any(axis=1).sum()))

    def statistic(self, name: str) -> Array:
        """Return a layer statistic over probes and layers, (P, L)."""
        return self.arrays[f"probe_{name}"]

    def epochs(self, column: str) -> Array:
        """Return a score by epoch, (E + 1,); row 0 is the network before training."""
        return self.arrays[f"epoch_{column}"]

    def probe_at(self, step: int | str) -> int | None:
        """Return the index of the probe at `step` ("first", "last" or a number), or None if there is none."""
        count = len(self.probe_steps)
        if count == 0:
            return None
        if step == "first":
            return 0
        if step == "last":
            return count - 1
        found = np.flatnonzero(self.probe_steps == step)
        return int(found[0]) if found.size else None


def run_key(spec: RunSpec, fingerprint: str) -> str:
    """Return the key of a run with the current plug-ins, whose sources are cached, since a report asks often."""
    registered = plugins()
    return _key(spec, fingerprint, registered) if registered else spec.key(fingerprint)


@functools.lru_cache(maxsize=2**15)
def _key(spec: RunSpec, fingerprint: str, registered: tuple[Plugin, ...]) -> str:
    return spec.key(fingerprint)


def failed_record(key: str, spec: RunSpec, error: str, provenance: Mapping[str, Any]) -> RunRecord:
    """Return the record of a run that raised an exception; all of its arrays are empty."""
    layers = len(spec.network.layers)
    arrays: dict[str, Any] = {f"epoch_{name}": np.zeros(0) for name in EPOCH_COLUMNS}
    arrays |= {f"probe_{name}": np.zeros((0, layers), np.float32) for name in STATISTICS}
    arrays |= {"step_loss": np.zeros(0, np.float32), "probe_step": np.zeros(0, np.int64)}
    return RunRecord(
        key=key,
        spec=spec,
        status="failed",
        stopped_at_step=0,
        steps=0,
        train_seconds=0.0,
        final=dict.fromkeys(SCORES, np.nan),
        facts={},
        arrays=arrays,
        error=error,
        provenance=provenance,
    )


class Row(Mapping[str, Any]):
    """A mapping that shares its names, and equal values, with the last one of the same names and the same group.

    The facts of thousands of runs take a tenth of the memory of dicts, since most are facts of the data of their seed.

    values : must not change afterwards. group : any number; rows of one group are likely to be equal.
    """

    __slots__ = ("_places", "_values")

    _last: ClassVar[dict[tuple[tuple[str, ...], int], Row]] = {}
    _known_places: ClassVar[dict[tuple[str, ...], dict[str, int]]] = {}

    def __init__(self, values: Mapping[str, Any], group: int = 0) -> None:
        names, found = tuple(values), tuple(values.values())
        if len(self._last) >= MOST_GROUPS:
            self._last.clear()
            self._known_places.clear()
        last = self._last.get((names, group))
        self._places = self._known_places.setdefault(names, {name: at for at, name in enumerate(names)})
        self._values: tuple[Any, ...] = found if last is None else tuple(map(_shared, found, last._values))
        self._last[names, group] = self

    def __getitem__(self, name: str) -> Any:
        return self._values[self._places[name]]

    def get(self, name: str, default: Any = None) -> Any:
        """Return a value, or the default if there is none of this name."""
        at = self._places.get(name)
        return default if at is None else self._values[at]

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __repr__(self) -> str:
        return repr(dict(self))


def _shared(value: Any, last: Any) -> Any:
    """Return the last value instead of an equal one; zeros differ in their sign."""
    if type(value) is type(last) in (str, float):
        return last if value == last != 0 else value
    return last if type(value) is type(last) is list and repr(value) == repr(last) else value
