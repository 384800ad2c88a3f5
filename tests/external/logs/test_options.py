"""Options for logs: contradictions are usage errors."""

from __future__ import annotations

from typing import Any

import pytest

from reportgen.errors import UsageError
from reportgen.external.logs.options import LogOptions


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"task": "regression", "classes": 10}, "option-conflict"),
        ({"task": "likelihood", "columns": {"val_accuracy": "acc"}}, "option-conflict"),
        ({"columns": {"train_loss": "loss", "val_loss": "loss"}}, "option-conflict"),
        ({"task": "clustering"}, "invalid-option"),
        ({"classes": 1}, "invalid-option"),
    ],
)
def test_a_contradiction_is_a_usage_error(values: dict[str, Any], code: str) -> None:
    with pytest.raises(UsageError) as caught:
        LogOptions(**values)
    assert caught.value.code == code


def test_classes_go_with_a_classification() -> None:
    assert LogOptions(task="classification", classes=10).classes == 10
