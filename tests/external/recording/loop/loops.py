"""Small training loops in PyTorch with the recorder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reportgen import Recorder
from reportgen.analysis.diagnosis.partial import diagnose_partial
from reportgen.external.reader import read_records
from reportgen.runs.record import RunRecord

torch = pytest.importorskip("torch")
nn, functional = torch.nn, torch.nn.functional

STEPS = 12


def data(classes: int = 3) -> tuple[Any, Any]:
    draws = torch.Generator().manual_seed(1)
    x = torch.randn(60, 6, generator=draws)
    return x, x[:, :classes].argmax(1)


def network(*extra: Any, outputs: int = 3) -> Any:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 8), nn.Tanh(), *extra, nn.Linear(8, outputs))


def run(
    path: Path,
    net: Any,
    loss: Any = functional.cross_entropy,
    optimizer: Any = None,
    classes: int = 3,
    batches: Any = None,
    zero: bool = True,
    after: Any = None,
    **settings: Any,
) -> RunRecord:
    """Train with as few settings as possible for the recorder; return the record."""
    x, y = data(classes)
    optimizer = optimizer or torch.optim.SGD(net.parameters(), lr=0.05)
    recorder = Recorder(x, y, **settings)
    recorder.watch(net)
    for step in range(STEPS):
        batch = (torch.arange(20) + 20 * step) % 60 if batches is None else batches(step)
        value = loss(net(x[batch]), y[batch])
        recorder.step(value)
        if zero:
            optimizer.zero_grad()
        value.backward()
        optimizer.step()
        if after is not None:
            after(net)
        if step % 3 == 2:
            recorder.score()
    recorder.save(path)
    return read_records(path)[0].record


def rules_of(record: RunRecord) -> tuple[set[str], set[str]]:
    """Return the rules with findings and those that cannot judge."""
    [found] = diagnose_partial({"a": [record]})
    return {finding.rule for finding in found.findings}, set(found.not_judged)
