"""Time that a recorder adds to the training of small networks in PyTorch, convolutional and fully connected.

Run `python -m benchmarks.watching`; it needs PyTorch.
"""

from __future__ import annotations

import time

import numpy as np
import torch
from torch import nn

from reportgen import Recorder

EXAMPLES, BATCH, STEPS = 256, 64, 60


def network() -> nn.Module:
    """Return a network of two convolutions for images of 28x28 pixels."""
    first = [nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2)]
    second = [nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*first, *second, nn.Flatten(), nn.Linear(1568, 64), nn.ReLU(), nn.Linear(64, 10))


def measure() -> None:
    """Print the times of training steps, of steps with a probe, and of the recorder's part in other steps."""
    torch.manual_seed(0)
    x, y = torch.randn(EXAMPLES, 1, 28, 28), torch.randint(0, 10, (EXAMPLES,))
    net, loss_of = network(), nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    recorder = Recorder(x, y, None, None, activation="relu", lr=0.01, batch_size=BATCH, optimizer=optimizer)
    recorder.watch(net, lambda: loss_of(net(x), y))
    times: dict[str, list[float]] = {"probe": [], "record": [], "train": []}
    for _ in range(STEPS):
        batch = torch.randint(0, EXAMPLES, (BATCH,))
        start, kind = time.perf_counter(), "probe" if recorder.due else "record"
        loss = loss_of(net(x[batch]), y[batch])
        forward = time.perf_counter()
        recorder.step(loss)
        recorded = time.perf_counter()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        times[kind].append(recorded - forward)
        times["train"].append(time.perf_counter() - start - (recorded - forward))
    step = float(np.median(times["train"]))
    probe = float(np.median(times["probe"])) * BATCH / EXAMPLES
    print(f"training step of {BATCH} examples: {1e3 * step:.1f} ms")
    print(f"probe, for as many examples: {1e3 * probe:.1f} ms, {probe / step:.1f} times a step")
    print(f"recorder in other steps: {1e3 * float(np.median(times['record'])):.2f} ms")


def compare(steps: int = 1500) -> None:
    """Print the processor time of steps of a network of two small layers with and without a recorder, and the share.

    Steps alternate, so that the share is that of pairs measured at the same time.
    """
    torch.set_num_threads(1)
    torch.manual_seed(0)
    x, y, loss_of = torch.randn(EXAMPLES, 64), torch.randint(0, 10, (EXAMPLES,)), nn.CrossEntropyLoss()
    nets = [nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)) for _ in range(2)]
    optimizers = [torch.optim.SGD(net.parameters(), lr=0.01) for net in nets]
    recorder = Recorder(x, y, batch_size=BATCH)
    recorder.watch(nets[1])
    times = np.zeros((steps, 2))
    for step in range(steps):
        for recorded in (0, 1) if step % 2 else (1, 0):
            net, optimizer = nets[recorded], optimizers[recorded]
            batch, probes = torch.randint(0, EXAMPLES, (BATCH,)), recorded and recorder.due
            start = time.process_time()
            loss = loss_of(net(x[batch]), y[batch])
            if recorded:
                recorder.step(loss)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            times[step, recorded] = np.nan if probes else time.process_time() - start
    without, added = float(np.median(times[:, 0])), float(np.nanmedian(times[:, 1] - times[:, 0]))
    share = f"{1e6 * added:.0f} us ({added / without:+.1%})"
    print(f"step of a small network: {1e6 * without:.0f} us, a recorder adds {share}")


if __name__ == "__main__":
    measure()
    compare()
