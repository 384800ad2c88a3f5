"""Table of the logs on which the rules that only logs allow are scored; the rules were not changed after them."""

from __future__ import annotations

from benchmarks.diagnosis.logs import interfere
from benchmarks.diagnosis.logs.interfere import Resume, Spoil
from benchmarks.diagnosis.logs.planted import CLIPPED, METRIC, RESUMED, SGD, SPIKES, Settings, planted

MOONS: Settings = {
    "data": {"name": "moons", "samples": 900, "noise": 0.2}, "preprocess": ["standardize"],
    "network": {"hidden": [48, 48], "activation": "tanh", "init": "xavier"},
    "training": {"lr": 0.05, "optimizer": SGD, "batch_size": 24, "epochs": 24},
}  # fmt: skip
TEACHER: Settings = {
    "data": {"name": "gaussian", "samples": 1600, "features": 15, "classes": 4, "teacher": 1},
    "preprocess": ["standardize"],
    "network": {"hidden": [80, 80]},
    "training": {"lr": 0.002, "optimizer": "adam", "batch_size": 32, "epochs": 18},
}  # fmt: skip
DEEP: Settings = {
    "data": {"name": "digits"}, "preprocess": ["standardize"],
    "network": {"hidden": [48, 48, 48, 48], "activation": "elu"},
    "training": {"lr": 0.001, "optimizer": "rmsprop", "batch_size": 48, "epochs": 16},
}  # fmt: skip

FRESH = (
    *planted(
        RESUMED, True,
        ("moons-schedule-anew", "a schedule that begins anew", MOONS, Resume(0.7, keeps_schedule=False),
         {"schedule": {"name": "exponential", "factor": 0.9}}),
        ("teacher-rate-too-high", "a learning rate twenty times as high", TEACHER, Resume(0.4, rate=20)),
        ("deep-new-weights", "new weights, while the steps go on", DEEP, Resume(0.6, older=None, counts_on=True)),
        ("teacher-old-weights", "weights of a far earlier epoch", TEACHER, Resume(0.8, older=2)),
        ("deep-new-output-layer", "new weights of the output layer", DEEP, Resume(0.5, loses_output=True)),
        ("teacher-inverted-inputs", "inverted inputs", TEACHER, Resume(0.5, scale=-1.0)),
        ("teacher-adagrad-without-state", "the sums of Adagrad are lost", TEACHER, Resume(0.6),
         {"optimizer": "adagrad", "lr": 0.05}),
    ),
    *planted(
        RESUMED, False,
        ("moons-complete", "a complete checkpoint", MOONS, Resume(0.5, further=4, is_complete=True)),
        ("teacher-complete", "a complete checkpoint", TEACHER, Resume(0.4, is_complete=True)),
        ("deep-complete-cosine", "a complete checkpoint and schedule", DEEP, Resume(0.6, is_complete=True),
         {"schedule": "cosine"}),
        ("moons-complete-tiny-batches", "a complete checkpoint, with noisy minibatches", MOONS,
         Resume(0.3, is_complete=True), {"batch_size": 3, "lr": 0.005}),
        ("deep-lower-rate", "a rate that is lowered fivefold by hand", DEEP, Resume(0.6, rate=0.2)),
        ("moons-without-momentum", "the momentum is lost, which does no harm", MOONS, Resume(0.4)),
    ),
    *planted(
        SPIKES, True,
        ("moons-bursts", "two bursts of a rate that is far too high", MOONS, Spoil((0.4, 0.7), 200),
         {**CLIPPED, "optimizer": "adam", "lr": 0.003}),
        ("teacher-bursts", "three bursts of a rate that is far too high", TEACHER, Spoil((0.3, 0.5, 0.7), 100),
         CLIPPED),
        ("deep-bursts", "two bursts of a rate that is far too high", DEEP, Spoil((0.5, 0.75), 150), CLIPPED),
        ("teacher-one-burst", "one burst of a rate that is far too high", TEACHER, Spoil((0.6,), 300), CLIPPED),
    ),
    *planted(
        SPIKES, False,
        ("moons-norms", "an ordinary training", MOONS, Spoil(), CLIPPED),
        ("moons-norms-tiny-batches", "noisy gradients of tiny batches", MOONS, Spoil(),
         {**CLIPPED, "batch_size": 3, "lr": 0.005}),
        ("teacher-norms", "an ordinary training", TEACHER, Spoil(), CLIPPED),
        ("deep-norms-restarts", "warm restarts of the learning rate", DEEP, Spoil(),
         {**CLIPPED, "schedule": {"name": "warm_restarts", "cycle": 4, "factor": 1}}),
        ("deep-norms-clipped", "outlying examples, with clipped gradients", DEEP, Spoil(outliers=3, scale=15),
         {"clip_norm": 1.0}),
    ),
    *planted(
        METRIC, True,
        ("teacher-shuffled-labels", "accuracy with the labels of other examples", TEACHER,
         interfere.shuffled_labels),
        ("deep-renumbered-classes", "accuracy with classes counted from 1", DEEP, interfere.renumbered_labels),
        ("moons-swapped-classes", "accuracy with swapped classes", MOONS, interfere.renumbered_labels),
        ("deep-train-accuracy", "training accuracy with the labels of other batches", DEEP,
         interfere.labels_of_next_batch),
        ("moons-softmax-twice", "a validation loss of probabilities", MOONS, interfere.softmax_twice),
        ("teacher-softmax-twice", "a validation loss of probabilities", TEACHER, interfere.softmax_twice),
    ),
    *planted(
        METRIC, False,
        ("moons-metrics", "an ordinary training", MOONS, interfere.right_metrics),
        ("teacher-metrics", "an ordinary training", TEACHER, interfere.right_metrics),
        ("deep-metrics", "an ordinary training", DEEP, interfere.right_metrics),
        ("deep-squared-errors", "squared errors", DEEP, interfere.right_metrics, {"loss": "mse"}),
        ("teacher-few-examples", "a confident network of few examples",
         {**TEACHER, "data": {**TEACHER["data"], "samples": 500}}, interfere.right_metrics, {"epochs": 8}),
    ),
)  # fmt: skip
"""All logs of the scoring half."""
