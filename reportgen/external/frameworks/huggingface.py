"""Callback for the Trainer of Hugging Face."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from reportgen.errors import UsageError
from reportgen.external.frameworks.training import FrameworkTraining, examples_of


def _base() -> Any:
    try:
        return import_module("transformers").TrainerCallback
    except ImportError:
        hint = "pip install transformers"
        raise UsageError("missing-library", "transformers is not installed", "TrainerCallback", hint) from None


def make() -> type[Any]:
    """Return the class `TrainerCallback`, a subclass of the callback of transformers."""

    class TrainerCallback(_base()):  # type: ignore[misc]
        """Callback that records a training run of a classifier for `reportgen diagnose`.

        It takes up to 2000 examples of the training and the validation data, whose first column holds the inputs and
        `labels` the classes, and watches the model, whose outputs have `loss` and `logits`.

        Parameters
        ----------
        path : path of the record.
        settings : settings of the recorder, such as seed and variant.
        """

        def __init__(self, path: str | Path = "record.npz", **settings: Any) -> None:
            super().__init__()
            self._training, self._handle = FrameworkTraining(path, settings), None

        def on_train_begin(self, args: Any, state: Any, control: Any, **objects: Any) -> None:
            model = objects["model"]
            training = examples_of(objects.get("train_dataloader"), "training")
            validation = examples_of(objects.get("eval_dataloader"), "validation")
            size = int(args.train_batch_size)
            self._training.start(model, objects.get("optimizer"), training, validation, batch_size=size)
            self._handle = model.register_forward_hook(self._note)

        def _note(self, model: Any, _inputs: Any, outputs: Any) -> None:
            loss = outputs.get("loss") if hasattr(outputs, "get") else None
            if model.training and loss is not None and loss.requires_grad:
                self._training.step(loss)

        def on_epoch_end(self, args: Any, state: Any, control: Any, **objects: Any) -> None:
            self._training.score()

        def on_train_end(self, args: Any, state: Any, control: Any, **objects: Any) -> None:
            if self._handle is not None:
                self._handle.remove()
            self._training.save()

    return TrainerCallback
