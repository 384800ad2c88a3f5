"""Facts of an external record: the check of every fact, with a description of its valid values."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

Check = tuple[Callable[[Any], bool], str]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _count(least: int) -> Check:
    return lambda value: _is_number(value) and value % 1 == 0 and value >= least, f"a whole number of at least {least}"


def _is_summary(value: Any) -> bool:
    return isinstance(value, list) and len(value) in (0, 5) and all(_is_number(size) and size >= 0 for size in value)


def _are_counts(value: Any) -> bool:
    return isinstance(value, list) and all(_is_number(count) and count % 1 == 0 and count >= 0 for count in value)


def _are_labels(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(label, str) for label in value)


def _is_shape(value: Any) -> bool:
    return _are_counts(value) and len(value) == 3 and all(value)


NUMBER: Check = (_is_number, "a number")
NONNEGATIVE: Check = (lambda value: _is_number(value) and value >= 0, "a number of at least 0")
FRACTION: Check = (lambda value: _is_number(value) and 0 <= value <= 1, "a fraction from 0 to 1")
POSITIVE_COUNT, COUNT = _count(1), _count(0)
WORD: Check = (lambda value: isinstance(value, str) and value.isprintable() and 0 < len(value) < 40, "a word")

OF_TRAINING: Mapping[str, Check] = {
    **dict.fromkeys(("framework", "outputs"), WORD),
    **dict.fromkeys(("loss_form", "loss_response", "loss_reduction"), WORD),
    "loss_scale": NUMBER,
    "loss_error": NONNEGATIVE,
    "loss_broadcast": (_are_counts, "a list of whole numbers: the shape of the differences, or an empty list"),
    **dict.fromkeys(("batches_observed", "batches_distinct", "batch_examples", "targets_matched"), COUNT),
    **dict.fromkeys(
        ("targets_agreeing", "targets_agreeing_shifted", "targets_off_by_one", "batches_top_share"), FRACTION
    ),
    "targets_shift": NUMBER,
    "updates_checked": COUNT,
    **dict.fromkeys(("gradients_kept", "steps_in_test_mode", "scores_in_training_mode"), FRACTION),
}
"""Facts about the code of the training loop, which a recorder observes."""

FACTS: Mapping[str, Check] = {
    **dict.fromkeys(("classes", "train_n", "features", "probe_n"), POSITIVE_COUNT),
    **dict.fromkeys(("class_runs", "val_n", "test_n", "parameters", "constant_features"), COUNT),
    **dict.fromkeys(("class_counts", "val_class_counts"), (_are_counts, "a list of whole numbers, one per class")),
    "class_labels": (_are_labels, "a list of texts, one per class"),
    "image_shape": (_is_shape, "three whole numbers of at least 1: channels, height and width"),
    "input_mean": NUMBER,
    **dict.fromkeys(("input_std", "input_second_moment", "val_loss_sd", "bn_identity_gap"), NONNEGATIVE),
    **dict.fromkeys(("val_input_offset", "val_input_scale"), NONNEGATIVE),
    "input_feature_std": (_is_summary, "five numbers of at least 0: minimum, quartiles and maximum"),
    **dict.fromkeys(("input_offset_share", "batch_dependent_fraction"), FRACTION),
    "train_mode_scale": NUMBER,
    **dict.fromkeys(("baseline_train_n", "baseline_left_out_n", "baseline_val_n"), COUNT),
    **dict.fromkeys(("baseline_majority", "baseline_linear", "baseline_neighbours", "baseline_kernel"), FRACTION),
    **dict.fromkeys((f"baseline_{name}_left_out" for name in ("linear", "neighbours", "kernel")), FRACTION),
    **OF_TRAINING,
}
"""Check of every fact of a record, with a description of its valid values."""

LIST_FACTS = tuple(
    f"facts.{name}"
    for name in (
        *("class_counts", "val_class_counts", "class_labels", "image_shape", "input_feature_std", "loss_broadcast"),
    )
)
