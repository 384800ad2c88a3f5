"""Tests for the names that readers see."""

from __future__ import annotations

import pytest

from reportgen.analysis.words import names as naming


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "none"),
        (True, "true"),
        ({"name": "gaussian", "std": 0.01}, "gaussian (std 0.01)"),
        ([500] * 10, "10 × 500"),
        ([], "none"),
        ([64, 32], "64, 32"),
        (1e-05, "1e-05"),
    ],
)
def test_values_of_settings(value: object, text: str) -> None:
    assert naming.setting(value) == text


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("training.lr", "learning rate"),
        ("training.l2", "L2 strength"),
        ("network.hidden", "hidden units"),
        ("training.batch_size", "batch size"),
        ("training.optimizer.momentum", "momentum"),
        ("network.init.std", "standard deviation"),
        ("data.train", "training examples"),
    ],
)
def test_names_of_settings(path: str, text: str) -> None:
    assert naming.setting_name(path) == text


def test_names_of_statistics() -> None:
    assert naming.words("best_val_accuracy") == "best validation accuracy"
