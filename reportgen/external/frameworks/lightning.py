"""Callback for Lightning (`lightning` or `pytorch_lightning`)."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from reportgen.errors import UsageError
from reportgen.external.frameworks.training import FrameworkTraining, examples_of


def _base() -> Any:
    """Return the class of callbacks; the library that is already imported counts first."""
    names = ("lightning.pytorch", "pytorch_lightning")
    for name in sorted(names, key=lambda name: name not in sys.modules):
        try:
            return import_module(name).Callback
        except ImportError:
            continue
    raise UsageError("missing-library", "Lightning is not installed", "LightningCallback", "pip install lightning")


def make() -> type[Any]:
    """Return the class `LightningCallback`, a subclass of Lightning's `Callback`."""

    class LightningCallback(_base()):  # type: ignore[misc]
        """Callback that records a training run of a classifier for `reportgen diagnose`.

        It takes up to 2000 examples of the training and the validation data loader, whose batches are pairs of inputs
        and classes, and watches the module, whose `forward` returns logits.

        Parameters
        ----------
        path : path of the record.
        settings : settings of the recorder, such as seed and variant.
        """

        def __init__(self, path: str | Path = "record.npz", **settings: Any) -> None:
            super().__init__()
            self._training = FrameworkTraining(path, settings)

        def on_train_start(self, trainer: Any, pl_module: Any) -> None:
            loader = trainer.train_dataloader
            found = examples_of(getattr(trainer, "val_dataloaders", None), "validation")
            size = getattr(loader, "batch_size", None)
            batch = {} if size is None else {"batch_size": size}
            optimizer = trainer.optimizers[0] if trainer.optimizers else None
            self._training.start(pl_module, optimizer, examples_of(loader, "training"), found, **batch)

        def on_before_backward(self, trainer: Any, pl_module: Any, loss: Any) -> None:
            self._training.step(loss)

        def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
            self._training.score()

        def on_train_end(self, trainer: Any, pl_module: Any) -> None:
            self._training.save()

        def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
            self._training.save()

    return LightningCallback
