"""Meanings of names: known names have their quantity, and near misses have none."""

from __future__ import annotations

import pytest

from reportgen.external.logs.patterns import PATTERNS
from reportgen.external.logs.roles import meaning_of

KNOWN = {
    "loss": ("loss", None, None),
    "train_loss": ("loss", "train", None),
    "train/loss": ("loss", "train", None),
    "Loss/train": ("loss", "train", None),
    "trainLoss": ("loss", "train", None),
    "training_loss": ("loss", "train", None),
    "train_loss_step": ("loss", "train", "step"),
    "train_loss_epoch": ("loss", "train", "epoch"),
    "epoch_loss": ("loss", None, "epoch"),
    "batch_loss": ("loss", None, "step"),
    "smooth_loss": ("loss", None, "window"),
    "valid_loss": ("loss", "val", None),
    "validation loss": ("loss", "val", None),
    "eval/loss": ("loss", "val", None),
    "evaluation_loss_vs_iterations": ("loss", "val", "epoch"),
    "test_loss": ("loss", "test", None),
    "train/box_loss": ("part", "train", None),
    "acc": ("accuracy", None, None),
    "val_categorical_accuracy": ("accuracy", "val", None),
    "Acc@1": ("accuracy", None, None),
    "eval_top1": ("accuracy", "val", None),
    "eval_top5": ("score", "val", None),
    "val/mAP50-95(B)": ("score", "val", None),
    "val_f1": ("score", "val", None),
    "mIoU": ("score", None, None),
    "Verlust": ("loss", None, None),
    "Trainingsverlust": ("loss", "train", None),
    "Trainings-Accuracy": ("accuracy", "train", None),
    "Validierungsloss": ("loss", "val", None),
    "Verlustfunktion (Training)": ("loss", "train", None),
    "Testgenauigkeit": ("accuracy", "test", None),
    "función de pérdida": ("loss", None, None),
    "validierungs_genauigkeit": ("accuracy", "val", None),
    "Lernrate": ("lr", None, None),
    "pérdida de validación": ("loss", "val", None),
    "exactitud_entrenamiento": ("accuracy", "train", None),
    "perte_val": ("loss", "val", None),
    "perte d'entraînement": ("loss", "train", None),
    "taux d'apprentissage": ("lr", None, None),
    "lr": ("lr", None, None),
    "lr-AdamW": ("lr", None, None),
    "lr-Adam/pg1": ("lr", None, None),
    "x/lr0": ("lr", None, None),
    "train/learning_rate": ("lr", "train", None),
    "grad_norm": ("gradient_norm", None, None),
    "grad_2.0_norm_total": ("gradient_norm", None, None),
}

UNKNOWN = (
    *(
        "loss_scale",
        "loss_weight",
        "train_loss_ema",
        "val_loss_best",
        "best_val_loss",
        "min_loss",
        "kl_loss",
        "l2_loss",
    ),
    *("lr_scheduler_last", "lr-SGD-momentum", "max_lr", "base_lr", "lr_decay", "learning_rate_min"),
    *("acceleration", "accuracy_per_class", "accumulate", "seconds", "epoch_time", "train_samples_per_second"),
    *("grad_2.0_norm/fc1.weight", "grad_norm_clipped", "train_val_loss", "epoch", "step", "", "eval_runtime", "lossy"),
)


@pytest.mark.parametrize(("name", "meaning"), KNOWN.items())
def test_a_known_name_has_its_quantity_split_and_resolution(name: str, meaning: tuple[str, ...]) -> None:
    found = meaning_of(name)
    assert found is not None
    assert (found.quantity, found.split, found.resolution) == meaning


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_name_that_only_begins_like_a_role_has_none(name: str) -> None:
    assert meaning_of(name) is None


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.examples[0])
def test_the_examples_of_a_row_match_it(pattern: object) -> None:
    assert isinstance(pattern, type(PATTERNS[0]))
    for example in pattern.examples:
        found = meaning_of(example)
        assert found is not None
        assert (found.quantity, found.rank, found.higher_is_better) == (
            pattern.quantity,
            pattern.rank,
            pattern.higher_is_better,
        )


def test_scores_have_a_direction() -> None:
    directions = {name: found.higher_is_better for name in ("val_f1", "val_mae") if (found := meaning_of(name))}
    assert directions == {"val_f1": True, "val_mae": False}


def test_very_long_names_are_cut() -> None:
    assert meaning_of("a_" * 100_000 + "loss") is None
