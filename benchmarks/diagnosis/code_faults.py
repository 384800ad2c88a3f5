"""Faults in the code of training loops, planted in PyTorch, and healthy loops that look like them.

Run `python -m benchmarks.diagnosis.code_faults`; it needs PyTorch and takes some minutes. It prints for each loop the
alarms of three seeds, and stores them for docs/diagnosis-benchmark.md. Parts of names choose loops.
"""

from __future__ import annotations

import json
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from benchmarks.diagnosis.code_networks import (
    BoundedHead,
    Cut,
    Frozen,
    Pairwise,
    Recurrent,
    Shared,
    Teacher,
    Tied,
    data,
    dropped,
    mlp,
    normalized,
)
from benchmarks.diagnosis.code_results import RESULTS
from reportgen import Recorder
from reportgen.workflow.diagnose import diagnose_path

SEEDS, EPOCHS, BATCH = 3, 12, 32
Batches = Callable[[Any, Any, int], Iterator[tuple[Any, Any]]]


def shuffled(x: Any, y: Any, _epoch: int) -> Iterator[tuple[Any, Any]]:
    """Yield all examples in random minibatches."""
    for batch in torch.randperm(len(x)).split(BATCH):
        yield x[batch], y[batch]


def shifted(x: Any, y: Any, _epoch: int) -> Iterator[tuple[Any, Any]]:
    """Yield inputs with the labels of the next examples."""
    for batch in torch.randperm(len(x)).split(BATCH):
        yield x[batch], y[(batch + 1) % len(y)]


def apart(x: Any, y: Any, _epoch: int) -> Iterator[tuple[Any, Any]]:
    """Yield inputs and labels that are shuffled separately."""
    for batch, other in zip(torch.randperm(len(x)).split(BATCH), torch.randperm(len(x)).split(BATCH), strict=True):
        yield x[batch], y[other]


def off_by_one(x: Any, y: Any, epoch: int) -> Iterator[tuple[Any, Any]]:
    """Yield labels that are counted from another start."""
    for inputs, targets in shuffled(x, y, epoch):
        yield inputs, (targets + 1).clamp(max=9)


def noisy(x: Any, y: Any, epoch: int) -> Iterator[tuple[Any, Any]]:
    """Yield labels of which a tenth is replaced at random, to regularize."""
    for inputs, targets in shuffled(x, y, epoch):
        yield inputs, torch.where(torch.rand(len(targets)) < 0.1, torch.randint(0, 10, targets.shape), targets)


def first_again(x: Any, y: Any, _epoch: int) -> Iterator[tuple[Any, Any]]:
    """Yield the first minibatch again and again, as `next(iter(loader))` does without shuffling."""
    for _ in range(len(x) // BATCH):
        yield x[:BATCH], y[:BATCH]


def fixed(x: Any, y: Any, _epoch: int) -> Iterator[tuple[Any, Any]]:
    """Yield a minibatch that is kept outside of the loop, in changing order."""
    kept = torch.arange(len(x) - BATCH, len(x))
    for _ in range(len(x) // BATCH):
        batch = kept[torch.randperm(BATCH)]
        yield x[batch], y[batch]


def full(x: Any, y: Any, _epoch: int) -> Iterator[tuple[Any, Any]]:
    """Yield all examples at once, ten times an epoch."""
    for _ in range(10):
        yield x, y


def in_order(x: Any, y: Any, _epoch: int) -> Iterator[tuple[Any, Any]]:
    """Yield all examples in one order."""
    yield from zip(x.split(BATCH), y.split(BATCH), strict=True)


@dataclass(frozen=True)
class Loop:
    """A training loop.

    Attributes
    ----------
    expected : id of the rule that reports its fault, "" for a healthy loop; like : the rule whose fault it resembles.
    make : returns the network.
    loss : loss of outputs and targets.
    batches : minibatches of an epoch.
    held : returns the parameters of the optimizer.
    optimizer : class and settings of the optimizer.
    zeroed : number of steps after which gradients are set to zero, 0 for never; stepped : of updates.
    mode : "right", "test" for test mode after the first epoch, "training" for scores in training mode.
    classes : 10, or 2 for odd and even digits.
    """

    expected: str
    like: str = ""
    make: Callable[[], Any] = lambda: mlp(64, 64, 10)
    loss: Callable[[Any, Any], Any] = F.cross_entropy
    batches: Batches = shuffled
    held: Callable[[Any], Any] = lambda net: net.parameters()
    optimizer: Callable[[Any], Any] = lambda held: torch.optim.SGD(held, lr=0.1)
    zeroed: int = 1
    stepped: int = 1
    mode: str = "right"
    classes: int = 10


def _binary(outputs: Any, targets: Any) -> Any:
    return F.binary_cross_entropy_with_logits(outputs[:, 0], targets.float())


def _probabilities(outputs: Any, targets: Any) -> Any:
    return F.nll_loss(outputs.softmax(1), targets)


def _squares(outputs: Any, targets: Any) -> Any:
    return F.mse_loss(outputs, 2.0 * targets - 1)


def _written_squares(outputs: Any, targets: Any) -> Any:
    return ((outputs - 2.0 * targets + 1) ** 2).mean()


def _ranking(outputs: Any, targets: Any) -> Any:
    pairs = (targets[:, None] > targets[None, :]).float()
    return _binary(outputs, targets) + 0.1 * (pairs * F.softplus(outputs.T - outputs)).mean()


def _adam(held: Any) -> Any:
    return torch.optim.Adam(held, lr=1e-3)


def _gentle(held: Any) -> Any:
    return torch.optim.SGD(held, lr=0.1 / BATCH)


def _fast(held: Any) -> Any:
    return torch.optim.Adam(held, lr=5e-3)


HEALTHY = Loop("")
TWO = replace(HEALTHY, make=lambda: mlp(64, 32, 1), loss=_binary, classes=2)
LOOPS: dict[str, Loop] = {
    "never zeroed": Loop("kept_gradients", zeroed=0),
    "zeroed once per epoch, Adam": Loop("kept_gradients", zeroed=38, optimizer=_adam),
    "gradients of four minibatches": replace(HEALTHY, like="kept_gradients", zeroed=4, stepped=4),
    "momentum": replace(
        HEALTHY, like="kept_gradients", optimizer=lambda held: torch.optim.SGD(held, lr=0.02, momentum=0.9)
    ),
    "optimizer of another network": Loop("frozen_weights", held=lambda net: mlp(64, 64, 10).parameters()),
    "optimizer of the last layer": Loop(
        "frozen_weights", make=lambda: mlp(64, 64, 64, 10), held=lambda net: net[-1].parameters()
    ),
    "first layer frozen on purpose": replace(
        HEALTHY, like="frozen_weights", make=Frozen, held=lambda net: [p for p in net.parameters() if p.requires_grad]
    ),
    "two groups of parameters": replace(
        HEALTHY,
        like="frozen_weights",
        optimizer=lambda held: torch.optim.AdamW([{"params": [p]} for p in held], lr=1e-3),
    ),
    "softmax before the cross-entropy": Loop("loss_mismatch", loss=lambda o, y: F.cross_entropy(o.softmax(1), y)),
    "sigmoid after the output layer": Loop("loss_mismatch", make=lambda: mlp(64, 64, 10, end=nn.Sigmoid())),
    "ReLU after the output layer": Loop("loss_mismatch", make=lambda: mlp(64, 64, 10, end=nn.ReLU())),
    "likelihood of probabilities": Loop("loss_mismatch", loss=_probabilities),
    "sigmoid before BCEWithLogitsLoss": replace(
        TWO, expected="loss_mismatch", loss=lambda o, y: _binary(o.sigmoid(), y)
    ),
    "log_softmax and NLLLoss": replace(
        HEALTHY, like="loss_mismatch", make=lambda: mlp(64, 64, 10, end=nn.LogSoftmax(1)), loss=F.nll_loss
    ),
    "label smoothing": replace(
        HEALTHY, like="loss_mismatch", loss=lambda o, y: F.cross_entropy(o, y, label_smoothing=0.1)
    ),
    "logits bounded at 30": replace(HEALTHY, like="loss_mismatch", make=BoundedHead),
    "one logit": replace(TWO, like="loss_mismatch"),
    "summed loss": Loop("summed_loss", loss=lambda o, y: F.cross_entropy(o, y, reduction="sum")),
    "sum of the losses of examples": Loop(
        "summed_loss", loss=lambda o, y: F.cross_entropy(o, y, reduction="none").sum()
    ),
    "sum divided by the batch size": replace(
        HEALTHY, like="summed_loss", loss=lambda o, y: F.cross_entropy(o, y, reduction="sum") / len(y)
    ),
    "sum with a fitting learning rate": replace(
        HEALTHY,
        like="summed_loss",
        loss=lambda o, y: F.cross_entropy(o, y, reduction="sum"),
        optimizer=_gentle,
    ),
    "eval() left on, dropout": Loop("wrong_mode", make=dropped, mode="test"),
    "eval() left on, batch normalization": Loop("wrong_mode", make=normalized, mode="test"),
    "eval() never called, dropout": Loop("wrong_mode", make=dropped, mode="training"),
    "eval() never called, batch normalization": Loop("wrong_mode", make=normalized, mode="training"),
    "dropout in the right modes": replace(HEALTHY, like="wrong_mode", make=dropped),
    "batch normalization in the right modes": replace(HEALTHY, like="wrong_mode", make=normalized),
    "no modes, eval() never called": replace(HEALTHY, like="wrong_mode", mode="training"),
    "the first minibatch again": Loop("repeated_batch", batches=first_again),
    "one minibatch in changing order": Loop("repeated_batch", batches=fixed),
    "full batch": replace(HEALTHY, like="repeated_batch", batches=full, optimizer=_adam),
    "the same order in every epoch": replace(HEALTHY, like="repeated_batch", batches=in_order),
    "labels of the next example": Loop("shifted_labels", batches=shifted),
    "inputs and labels shuffled apart": Loop("shifted_labels", batches=apart),
    "labels from another start": Loop("shifted_labels", batches=off_by_one),
    "a tenth of the labels at random": replace(HEALTHY, like="shifted_labels", batches=noisy),
    "labels of two classes": replace(TWO, like="shifted_labels", optimizer=_fast),
    "squares of (n, 1) and (n,)": replace(TWO, expected="broadcast_targets", loss=_squares),
    "written squares of (n, 1) and (n,)": replace(TWO, expected="broadcast_targets", loss=_written_squares),
    "squares of (n,) and (n,)": replace(TWO, like="broadcast_targets", loss=lambda o, y: _squares(o[:, 0], y)),
    "ranking loss": replace(TWO, like="broadcast_targets", loss=_ranking),
    "a list with the same layer thrice": Loop("shared_weights", make=lambda: Shared(3), optimizer=_adam),
    "two names for one layer": Loop("shared_weights", make=lambda: Shared(2, wide=4), optimizer=_adam),
    "a layer that is called twice": replace(HEALTHY, like="shared_weights", make=Recurrent),
    "tied weights of two layers": replace(HEALTHY, like="shared_weights", make=Tied),
    "detached hidden layer": Loop("detached_layer", make=lambda: Cut("detach")),
    "no_grad() around a layer": Loop("detached_layer", make=lambda: Cut("no_grad")),
    "frozen teacher beside the network": replace(HEALTHY, like="detached_layer", make=Teacher),
    "differences of branches": replace(HEALTHY, like="detached_layer", make=Pairwise),
}


def record(loop: Loop, seed: int, path: Path) -> None:
    """Train a loop and record it."""
    torch.manual_seed(seed)
    x, y, x_val, y_val = data(loop.classes)
    net = loop.make()
    optimizer = loop.optimizer(loop.held(net))
    recorder = Recorder(x, y, x_val, y_val, batch_size=BATCH, seed=seed)
    recorder.watch(net, lambda: loop.loss(net(x), y), optimizer)
    step = 0
    for epoch in range(EPOCHS):
        if loop.mode == "right" or epoch == 0:
            net.train()
        for inputs, targets in loop.batches(x, y, epoch):
            loss = loop.loss(net(inputs), targets)
            recorder.step(loss)
            loss.backward()
            step += 1
            if step % loop.stepped == 0:
                optimizer.step()
            if loop.zeroed and step % loop.zeroed == 0:
                optimizer.zero_grad()
        if loop.mode != "training":
            net.eval()
        with torch.no_grad():
            recorder.score(net(x), net(x_val))
    recorder.save(path)


def alarms_of(loop: Loop, first: int = 0) -> dict[str, str]:
    """Return the alarms of a loop, rules that are not consequences first, with their severities."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for seed in range(first, first + SEEDS):
            record(loop, seed, Path(folder) / f"seed{seed}.npz")
        [diagnosis] = diagnose_path(Path(folder)).diagnoses
    roots = [finding for finding in diagnosis.findings if finding.consequence_of is None]
    return {finding.rule: finding.severity for finding in roots if finding.severity != "info"}


def main(chosen: list[str]) -> None:
    """Print the alarms of each loop, and store them for the docs page."""
    torch.set_num_threads(1)
    stored = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else {}
    loops = {name: loop for name, loop in LOOPS.items() if not chosen or any(part in name for part in chosen)}
    for name, loop in loops.items():
        alarms = alarms_of(loop)
        stored[name] = {"rule": loop.expected or loop.like, "faulty": bool(loop.expected), "alarms": list(alarms)}
        print(f"{name}: expected {loop.expected or 'nothing'}, found {', '.join(alarms) or 'nothing'}", flush=True)
    kept = {name: stored[name] for name in LOOPS if name in stored}
    RESULTS.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
