"""A study of two tiny networks that trains in a fraction of a second, for tests of the workflow and the commands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

STUDY = """\
title: Which rate
question: Does the small rate learn?
data: {name: blobs, samples: 40, features: 3, classes: 2}
network: {hidden: [4], activation: tanh, init: xavier}
training: {epochs: 2, batch_size: 8}
variants:
  small rate: {training.lr: 0.01}
  large rate: {training.lr: 0.5}
seeds: 3
remedies: false
figures: [loss_curves]
claims:
"""

CLAIM = """\
  - id: %s
    says: The loss is as expected.
    measure: {metric: train_loss}
    where: {training.lr: 0.01}
    expect: {%s}
    required: %s
"""

SUPPORTED, CONTRADICTED = "below: 100", "above: 100"


def study(*claims: tuple[str, str, bool], title: str = "Which rate") -> str:
    """Return the study with these claims, each an id, an expectation of the training loss, and whether required."""
    text = STUDY.replace("Which rate", title)
    if not claims:
        return text.replace("claims:\n", "claims: []\n")
    return text + "".join(CLAIM % (name, expected, str(required).lower()) for name, expected, required in claims)


def write_study(path: str | Path, *claims: tuple[str, str, bool], title: str = "Which rate") -> None:
    """Write the study with one supported claim, or with other claims."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(study(*(claims or [("low", SUPPORTED, False)]), title=title), encoding="utf-8")


class Training:
    """Counts the runs that are trained; runs with seeds in `failing` raise an error."""

    def __init__(self) -> None:
        self.trained: list[tuple[float, int]] = []
        self.failing: set[int] = set()

    def train(self, spec: Any, *rest: Any) -> Any:
        """Train a run as the engine does, unless it is to fail."""
        from reportgen.engine.train import train  # loads Numba

        self.trained.append((spec.training.lr, spec.seed))
        if spec.seed in self.failing:
            raise MemoryError("too wide")
        return train(spec, *rest)
