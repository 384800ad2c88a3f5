"""What a run leaves behind: status, scores, and arrays by step, epoch and probe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.engine.spec import RunSpec

Array = NDArray[Any]

_NO_LOOKS = np.zeros(0, np.int64)


@dataclass(frozen=True, eq=False)  # a record is itself alone, so that answers about it can be kept by it
class RunRecord:
    """A finished run as analysis sees it. Shapes: S steps, E epochs, P probes, L layers, B bins.

    status: "ok", "diverged" (left the finite numbers), "stopped" (early stopping or stop_above), "failed".
    steps: training steps done; stopped_at_step: the step at which a run that is not "ok" ended, else None.
    final: the names in SCORES to values (NaN for an empty split), then those that the spec's evaluation asks for.
    facts: counts and moments of the data as trained on: train_n, val_n, test_n, features, classes,
        input_mean, input_std, input_second_moment, class_counts (list), parameters, probe_n; with batch-norm,
        batch_dependent_fraction: validation examples whose class changes when they are scored in other batches; with
        dropout, train_mode_scale: outputs under dropout's masks over those in test mode, 1 where they agree. Of runs
        that train: val_loss_sd, the spread of the cross-entropy over validation examples, and the baselines of
        `reportgen.data.baselines`.
    arrays:
        step_loss (S,): data loss of each minibatch in train mode, before that step's update.
        epoch_<column> (E + 1,): every name in EPOCH_COLUMNS; row 0 is the network at initialization,
            where batch_loss is NaN.
        probe_step (P,): the step after which the probe was taken; 0 is initialization.
        probe_<statistic> (P, L): every name in STATISTICS, NaN where it has no meaning for the layer.
            Layer L - 1 is the output layer, whose activations are the logits.
            sign_agreement_example: share, over probe examples and units with a gradient, whose incoming weights'
            gradients on that one example have one sign; sign_agreement_batch: of units, on the mean gradient.
            The names in SPECTRAL are NaN unless the study asks for singular values.
        probe_curvature (P,): largest eigenvalue of the Hessian of the mean data loss on the probe examples;
            there only where the study asks for it.
        probe_activation_histogram (P, L, B): counts, over the bins of activation_edges (L, B + 1);
            values outside the edges are counted in none.
        probe_gradient_histogram (P, L, B): counts of log10 |delta|, over gradient_edges (B + 1,); zeros in none.
        probe_unit_dead (P, U): 1 where a hidden unit is silent on every probe example; unit_layer (U,) is
            the unit's layer counted from 1.
        val_confusion, train_confusion (C, C): how many examples of each class (row) the network takes for each class
            (column) at the end; all of validation, and at most 1000 of training, evenly over classes. There only in
            runs that train and end with finite outputs.
        val_probabilities (V, C), test_probabilities: softmax of the outputs at the end, float32, with val_labels
            (V,), test_labels; snapshot_step (K,), snapshot_single_val_loss (K,), snapshot_single_val_accuracy (K,),
            snapshot_val_probabilities (K, V, C): networks at the ends of cycles. There only where asked for.
    error: what went wrong in a run that failed.
    provenance: reportgen, python, numpy, numba, platform, workers, started and finished (ISO 8601, UTC).
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
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def layers(self) -> int:
        """Number of layers with the output layer."""
        return len(self.spec.network.layers)

    @property
    def probe_steps(self) -> Array:
        """Steps at which the layers were looked at, (P,); none where a study asks for no looks."""
        return self.arrays.get("probe_step", _NO_LOOKS)

    def statistic(self, name: str) -> Array:
        """Return a layer statistic over probes and layers, (P, L)."""
        return self.arrays[f"probe_{name}"]

    def epochs(self, column: str) -> Array:
        """Return a column of scores by epoch, (E + 1,), epoch 0 first."""
        return self.arrays[f"epoch_{column}"]

    def probe_at(self, step: int | str) -> int | None:
        """Return the index of the probe at `step` ("first", "last" or a number), None where there is none."""
        count = len(self.probe_steps)
        if count == 0:
            return None
        if step == "first":
            return 0
        if step == "last":
            return count - 1
        found = np.flatnonzero(self.probe_steps == step)
        return int(found[0]) if found.size else None
