"""Tests for the names that readers see."""

from __future__ import annotations

import pytest

from reportgen.report import naming


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
def test_settings(value: object, text: str) -> None:
    assert naming.setting(value) == text
