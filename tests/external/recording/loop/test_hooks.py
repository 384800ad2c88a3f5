"""Hooks of a recorder: when they are removed, which networks they observe, and how little they do between probes."""

from __future__ import annotations

import copy
import gc
import pickle
import sys
import weakref
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest

from reportgen import Recorder
from reportgen.external.reader import read_records
from tests.external.recording.loop.loops import data, network, run

torch = pytest.importorskip("torch")
nn, functional = torch.nn, torch.nn.functional

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


def test_hooks_are_removed(tmp_path: Path) -> None:
    net = network(nn.Dropout(0.5))
    run(tmp_path / "a.npz", net)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in net.modules())


@pytest.mark.parametrize("steps", [0, 1, 12])
def test_hooks_are_removed_with_a_recorder_that_is_not_saved(steps: int) -> None:
    x, y = data()
    net = nn.Sequential(*network(nn.Dropout(0.5)), nn.Identity())
    words = nn.Embedding(3, 6)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
    before = len(sys.modules["torch.optim.optimizer"]._global_optimizer_pre_hooks)
    recorder = Recorder(x, y)
    recorder.watch(net)
    other = Recorder(y, y)
    other.watch(nn.Sequential(words, net))
    for _ in range(steps):
        loss = functional.cross_entropy(net(x), y)
        recorder.step(loss)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert len(sys.modules["torch.optim.optimizer"]._global_optimizer_pre_hooks) == before + 2
    known = weakref.ref(recorder)
    del recorder, other
    gc.collect()
    assert known() is None
    assert len(sys.modules["torch.optim.optimizer"]._global_optimizer_pre_hooks) == before
    modules = [*net.modules(), words]
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in modules)
    assert not any(parameter._backward_hooks for parameter in net.parameters())


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_copies_of_a_watched_network_are_not_observed(tmp_path: Path, copied: Any) -> None:
    y = torch.arange(60) % 3
    net = nn.Sequential(nn.Embedding(3, 6), *network(nn.Dropout(0.5)))
    recorder = Recorder(y, y, lr=0.1)
    recorder.watch(net)
    recorder.step(functional.cross_entropy(net(y), y))
    copied(net).train()(y).sum().backward()
    recorder.save(tmp_path / "a.npz")
    assert "batches_observed" in read_records(tmp_path / "a.npz")[0].record.facts


OF_COPIES = ("keep_weights", "copy_of")
"""Functions that a step calls only if copies of the weights take little time."""


def test_a_step_without_a_probe_takes_few_calls(tmp_path: Path) -> None:
    x, y = data()
    net = network()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
    recorder = Recorder(x, y)
    recorder.watch(net)
    calls: list[str] = []

    def note(frame: FrameType, event: str, _argument: Any) -> None:
        if event == "call" and frame.f_globals.get("__name__", "").startswith("reportgen."):
            calls.append(frame.f_code.co_name)

    counts = []
    for step in range(400):
        probes = recorder.due
        calls.clear()
        loss = functional.cross_entropy(net(x[:20]), y[:20])
        sys.setprofile(note)
        recorder.step(loss)
        sys.setprofile(None)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step >= 300 and not probes:
            counts.append(sum(name not in OF_COPIES for name in calls))
    recorder.save(tmp_path / "a.npz")  # removes the hooks
    assert np.median(counts) <= 4
