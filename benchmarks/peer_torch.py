"""PyTorch in eager mode: the training loop of its documentation, without avoidable work."""

from __future__ import annotations

import os

import torch
from torch import nn

from benchmarks.nets import Net, examples, initial_parameters
from benchmarks.workers import Measure, repeat


def prepare(net: Net, option: str) -> Measure:
    """Return a Measure for one model; `option` is the implementation of torch.optim.SGD: fused, foreach or plain."""
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    torch.set_num_interop_threads(1)
    x, y = (torch.from_numpy(array) for array in examples(net))
    model = _model(net)
    form = {"fused": {"fused": True}, "foreach": {"foreach": True}, "plain": {"foreach": False}}[option]
    optimizer = torch.optim.SGD(model.parameters(), lr=net.lr, momentum=net.momentum, **form)
    loss = nn.CrossEntropyLoss()

    def epoch() -> int:
        order = torch.randperm(net.examples)
        batches = zip(x[order].split(net.batch), y[order].split(net.batch), strict=True)  # one gather per epoch
        for inputs, targets in batches:
            optimizer.zero_grad(set_to_none=True)
            loss(model(inputs), targets).backward()
            optimizer.step()
        return net.steps_per_epoch

    epoch()
    return lambda seconds: repeat(epoch, seconds)


def _model(net: Net) -> nn.Sequential:
    layers: list[nn.Module] = []
    for weight, bias in initial_parameters(net, seed=os.getpid()):
        linear = nn.Linear(*weight.shape)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(weight.T.copy()))
            linear.bias.copy_(torch.from_numpy(bias))
        layers += [linear, nn.Tanh()]
    return nn.Sequential(*layers[:-1])
