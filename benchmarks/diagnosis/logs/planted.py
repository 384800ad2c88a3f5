"""Table of the logs of faults that only logs show, with healthy counterparts; see `only_logs`."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.diagnosis.cases import Case
from benchmarks.diagnosis.logs import interfere
from benchmarks.diagnosis.logs.interfere import Make, Resume, Spoil
from benchmarks.diagnosis.logs.writers import NORMS, WRITERS, Writer

FAMILY = "logs"
RESUMED, SPIKES, METRIC = "resumed_run", "gradient_spikes", "metric_loss_mismatch"

Settings = Mapping[str, Any]
SGD = {"name": "sgd", "momentum": 0.9}
DIGITS: Settings = {
    "data": {"name": "digits"}, "preprocess": ["standardize"],
    "network": {"hidden": [64, 64]},
    "training": {"lr": 0.02, "optimizer": SGD, "batch_size": 32, "epochs": 20},
}  # fmt: skip
SPIRAL: Settings = {
    "data": {"name": "spiral", "samples": 900, "classes": 3}, "preprocess": ["standardize"],
    "network": {"hidden": [64, 64]},
    "training": {"lr": 0.003, "optimizer": "adam", "batch_size": 16, "epochs": 30},
}  # fmt: skip
BLOBS: Settings = {
    "data": {"name": "blobs", "samples": 1500, "features": 20, "classes": 6}, "preprocess": ["standardize"],
    "network": {"hidden": [48], "activation": "tanh", "init": "xavier"},
    "training": {"lr": 0.05, "optimizer": "sgd", "batch_size": 16, "epochs": 15},
}  # fmt: skip
CIRCLES: Settings = {
    "data": {"name": "circles", "samples": 1000}, "preprocess": ["standardize"],
    "network": {"hidden": [32, 32]},
    "training": {"lr": 0.003, "optimizer": "adam", "batch_size": 10, "epochs": 25},
}  # fmt: skip


@dataclass(frozen=True)
class Planted:
    """A log to be made. rule: the rule that judges it. training: changed settings of the study's training."""

    name: str
    rule: str
    faulty: bool
    plants: str
    study: Settings
    make: Make
    training: Settings | None = None

    @property
    def case(self) -> Case:
        """The case, with the study and the rule that must fire."""
        study = copy.deepcopy(dict(self.study))
        study["training"] |= self.training or {}
        must = frozenset({self.rule}) if self.faulty else frozenset[str]()
        return Case(
            name=self.name, family=FAMILY, plants=self.plants, because="trained", study=study, shows=(), must=must
        )

    @property
    def writers(self) -> Sequence[Writer]:
        """The kinds of logs in which the fault can be seen."""
        return (NORMS,) if self.rule == SPIKES else WRITERS


def planted(rule: str, faulty: bool, *rows: tuple[Any, ...]) -> tuple[Planted, ...]:
    """Return rows of the table; each begins with the name and has the other fields of `Planted` in their order."""
    return tuple(Planted(row[0], rule, faulty, *row[1:]) for row in rows)


CLIPPED = {"clip_norm": 1e9}
STEP = {"schedule": {"name": "step", "every": 8, "factor": 0.1}}
PLANTED = (
    *planted(
        RESUMED, True,
        ("resumed-cosine-anew", "a schedule that begins anew", DIGITS, Resume(keeps_schedule=False),
         {"schedule": "cosine"}),
        ("resumed-steps-anew", "a schedule that begins anew", BLOBS, Resume(0.7, keeps_schedule=False),
         {"schedule": {"name": "step", "every": 5, "factor": 0.2}}),
        ("resumed-rate-too-high", "a learning rate ten times as high", DIGITS, Resume(0.5, rate=10)),
        ("resumed-adam-rate-too-high", "a learning rate ten times as high", SPIRAL, Resume(0.6, rate=10)),
        ("resumed-adagrad-without-state", "the sums of Adagrad are lost", DIGITS, Resume(0.5),
         {"optimizer": "adagrad", "lr": 0.05}),
        ("resumed-new-weights", "new weights, while the steps go on", DIGITS, Resume(0.5, older=None, counts_on=True)),
        ("resumed-new-weights-adam", "new weights, while the steps go on", SPIRAL,
         Resume(0.5, older=None, counts_on=True)),
        ("resumed-old-weights", "weights of a far earlier epoch", SPIRAL, Resume(0.7, older=3)),
        ("resumed-new-output-layer", "new weights of the output layer", DIGITS, Resume(0.5, loses_output=True)),
        ("resumed-inverted-inputs", "inverted images", DIGITS, Resume(0.5, scale=-1.0)),
    ),
    *planted(
        RESUMED, False,
        ("resumed-complete", "a complete checkpoint", DIGITS, Resume(is_complete=True)),
        ("resumed-complete-adam", "a complete checkpoint", SPIRAL, Resume(0.3, is_complete=True)),
        ("resumed-complete-cosine", "a complete checkpoint and schedule", BLOBS, Resume(is_complete=True),
         {"schedule": "cosine"}),
        ("resumed-complete-noisy", "a complete checkpoint, with noisy minibatches", CIRCLES,
         Resume(0.4, further=3, is_complete=True), {"batch_size": 2, "lr": 0.001}),
        ("resumed-at-a-decay", "a checkpoint after which the schedule lowers the rate tenfold", DIGITS,
         Resume(0.4, further=1, is_complete=True), STEP),
        ("resumed-lower-rate", "a rate that is lowered tenfold by hand", SPIRAL, Resume(0.7, rate=0.1)),
        ("resumed-without-momentum", "the momentum is lost, which does no harm", DIGITS, Resume(0.6)),
        ("resumed-without-moments", "the moments of Adam are lost, which does no harm", CIRCLES, Resume(0.6)),
        ("restarts-without-resuming", "warm restarts of a run that is not resumed", BLOBS, interfere.right_metrics,
         {"schedule": {"name": "warm_restarts", "cycle": 5, "factor": 1}}),
    ),
    *planted(
        SPIKES, True,
        ("bursts-digits", "three bursts of a rate that is far too high", DIGITS, Spoil((0.4, 0.6, 0.8), 70), CLIPPED),
        ("bursts-rmsprop", "two bursts of a rate that is far too high", SPIRAL, Spoil((0.5, 0.7), 100),
         {**CLIPPED, "optimizer": "rmsprop", "lr": 0.001}),
        ("bursts-spiral", "three bursts of a rate that is far too high", SPIRAL, Spoil((0.4, 0.6, 0.8), 100), CLIPPED),
        ("bursts-circles", "two bursts of a rate that is far too high", CIRCLES, Spoil((0.5, 0.7), 300), CLIPPED),
        ("one-burst-circles", "one burst of a rate that is far too high", CIRCLES, Spoil((0.6,), 300), CLIPPED),
        ("one-burst-spiral", "one burst of a rate that is far too high", SPIRAL, Spoil((0.5,), 60), CLIPPED),
        ("bursts-tiny-batches", "two bursts, with noisy gradients of tiny batches", CIRCLES, Spoil((0.5, 0.7), 300),
         {**CLIPPED, "batch_size": 3}),
        ("bursts-cosine", "two bursts under a cosine schedule", DIGITS, Spoil((0.3, 0.5), 150),
         {**CLIPPED, "schedule": "cosine"}),
    ),
    *planted(
        SPIKES, False,
        ("norms-digits", "an ordinary training", DIGITS, Spoil(), CLIPPED),
        ("norms-tiny-batches", "noisy gradients of tiny batches", CIRCLES, Spoil(), {**CLIPPED, "batch_size": 2}),
        ("norms-spiral", "an ordinary training with Adam", SPIRAL, Spoil(), CLIPPED),
        ("norms-restarts", "warm restarts of the learning rate", BLOBS, Spoil(),
         {**CLIPPED, "schedule": {"name": "warm_restarts", "cycle": 5, "factor": 1}}),
        ("norms-broken-examples", "four contradicting outlying examples that spoil single gradients alone", BLOBS,
         Spoil(outliers=4, scale=200), CLIPPED),
        ("norms-clipped-outliers", "outlying examples, with clipped gradients", DIGITS, Spoil(outliers=4, scale=20),
         {"clip_norm": 1.0}),
        ("norms-mild-outliers", "outlying examples at a low rate", BLOBS, Spoil(outliers=3, scale=5),
         {**CLIPPED, "lr": 0.02}),
        ("norms-full-batch", "full batches", BLOBS, Spoil(),
         {**CLIPPED, "batch_size": "full", "epochs": 300, "lr": 0.3}),
        ("norms-warm-up", "a warm-up", DIGITS, Spoil(),
         {**CLIPPED, "schedule": {"name": "warmup", "epochs": 4, "then": "cosine"}}),
    ),
    *planted(
        METRIC, True,
        ("accuracy-of-shuffled-labels", "accuracy with the labels of other examples", DIGITS,
         interfere.shuffled_labels),
        ("accuracy-of-shuffled-labels-spiral", "accuracy with the labels of other examples", SPIRAL,
         interfere.shuffled_labels),
        ("accuracy-of-renumbered-classes", "accuracy with classes counted from 1", BLOBS,
         interfere.renumbered_labels),
        ("accuracy-of-swapped-classes", "accuracy with swapped classes", CIRCLES, interfere.renumbered_labels),
        ("train-accuracy-of-other-labels", "training accuracy with the labels of other batches", DIGITS,
         interfere.labels_of_next_batch),
        ("softmax-twice-digits", "a validation loss of probabilities", DIGITS, interfere.softmax_twice),
        ("softmax-twice-spiral", "a validation loss of probabilities", SPIRAL, interfere.softmax_twice),
        ("softmax-twice-blobs", "a validation loss of probabilities", BLOBS, interfere.softmax_twice),
    ),
    *planted(
        METRIC, False,
        ("metrics-digits", "an ordinary training", DIGITS, interfere.right_metrics),
        ("metrics-overlapping", "overlapping classes, of which few are right",
         {**BLOBS, "data": {"name": "blobs", "samples": 1500, "features": 3, "classes": 10}}, interfere.right_metrics),
        ("metrics-wrong-labels", "a third of wrong labels", {**DIGITS, "data": {"name": "digits", "label_noise": 0.3}},
         interfere.right_metrics, {"epochs": 8}),
        ("metrics-squared-errors", "squared errors", SPIRAL, interfere.right_metrics, {"loss": "mse", "lr": 0.001}),
        ("metrics-squared-errors-digits", "squared errors of ten classes", DIGITS, interfere.right_metrics,
         {"loss": "mse"}),
        ("metrics-confident", "a confident network on noisy labels",
         {**CIRCLES, "data": {"name": "circles", "samples": 400, "label_noise": 0.1}}, interfere.right_metrics,
         {"epochs": 15}),
        ("metrics-circles", "two classes", CIRCLES, interfere.right_metrics),
        ("metrics-dropout", "dropout", {**DIGITS, "network": {"hidden": [64, 64], "dropout": 0.4}},
         interfere.right_metrics),
    ),
)  # fmt: skip
"""All logs of the tuning half. After a first run on them, three rules and the reader of logs were mended."""
