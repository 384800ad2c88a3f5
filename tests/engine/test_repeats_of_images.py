"""Runs of convolutional and residual networks give the same bytes on every call, alone and beside other runs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from reportgen.engine.spec import EvaluationSpec
from reportgen.engine.train import train
from tests.engine.image_networks import TRAINING, images, run_of

EVALUATION = EvaluationSpec(predictions=True, mc_dropout=2, polyak_start=1, snapshots=1)


def test_the_same_bytes_alone_and_from_two_threads() -> None:
    names = ["norm", "projection", "fixup", "pooling", "learned", "pre-activation"] * 2
    runs = [replace(run_of(name, **TRAINING[name]), evaluation=EVALUATION) for name in names]
    alone = [train(run, images()) for run in runs[:6]] * 2
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda run: train(run, images()), runs))
    for a, b in zip(alone, together, strict=True):
        assert a.arrays.keys() == b.arrays.keys()
        assert all(a.arrays[name].tobytes() == b.arrays[name].tobytes() for name in a.arrays)
        assert repr(a.final) == repr(b.final)
