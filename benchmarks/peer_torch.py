"""PyTorch in eager mode: the training loop of its documentation, without avoidable work."""

from __future__ import annotations

import os

import torch
from torch import nn

from benchmarks.nets import Net, Pool, examples, initial_parameters
from benchmarks.workers import Measure, repeat


def prepare(net: Net, option: str) -> Measure:
    """Return a Measure for one model.

    `option` is the implementation of torch.optim.SGD: fused, foreach or plain; with the suffix "-last", images are
    stored in PyTorch's memory format channels_last.
    """
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    torch.set_num_interop_threads(1)
    x, y = (torch.from_numpy(array) for array in examples(net))
    model = _model(net)
    if net.image:
        x = x.reshape(-1, *net.image)
    if option.endswith("-last"):
        x, model = x.contiguous(memory_format=torch.channels_last), model.to(memory_format=torch.channels_last)
    forms = {"fused": {"fused": True}, "foreach": {"foreach": True}, "plain": {"foreach": False}}
    form = forms[option.removesuffix("-last")]
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
    phi = nn.ReLU if net.image else nn.Tanh
    layers: list[nn.Module] = []
    channels = net.image[0] if net.image else 0
    for block in net.blocks:
        if isinstance(block, Pool):
            layers.append(nn.MaxPool2d(block.size))
        else:
            layers += [nn.Conv2d(channels, block.filters, block.kernel, padding=block.padding), phi()]
            channels = block.filters
    layers += [nn.Flatten()] if net.image else []
    for weight, bias in initial_parameters(net, seed=os.getpid()):
        linear = nn.Linear(*weight.shape)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(weight.T.copy()))
            linear.bias.copy_(torch.from_numpy(bias))
        layers += [linear, phi()]
    return nn.Sequential(*layers[:-1])
