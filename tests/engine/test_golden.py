"""Results do not change within a version of the engine, since the keys of stored runs contain the version."""

from __future__ import annotations

import pytest

from reportgen.engine.network_spec import BatchNormSpec, DropoutSpec
from reportgen.engine.spec import ENGINE_VERSION
from reportgen.engine.train import train
from tests.engine.image_networks import TRAINING, images, run_of
from tests.engine.networks import activation, data, init, optimizer, spec

RUNS = {
    "dropout": spec(dropout=DropoutSpec(0.2), optimizer=optimizer("sgd", momentum=0.9), l2=0.01),
    "batch norm": spec(act=activation("relu"), weights=init("he_normal"), batchnorm=BatchNormSpec(), seed=1),
}
VERSION = 8
IMAGES = {name: run_of(name, **TRAINING[name]) for name in ("norm", "projection", "fixup")}
GOLDEN = {
    "dropout": (1.50339, 1.13106, 1.27771, 0.97238, 0.09291),
    "batch norm": (1.47238, 1.19929, 1.38171, 1.01406, 0.17757),
    "norm": (1.66561, 1.39519, 1.41629, 1.35443, 0.28344),
    "projection": (2.84997, 2.30954, 2.91147, 2.22581, 0.11546),
    "fixup": (1.38041, 1.34032, 1.38629, 1.40704, 0.00465),
}


@pytest.mark.parametrize("name", RUNS | IMAGES)
def test_numbers_do_not_change_without_a_new_version(name: str) -> None:
    """An intended change of numbers needs a new ENGINE_VERSION and new numbers here."""
    found = (train(RUNS[name], data()) if name in RUNS else train(IMAGES[name], images())).arrays
    batch, held_out = found["epoch_batch_loss"], found["epoch_val_loss"]
    numbers = (batch[1], batch[-1], held_out[0], held_out[-1], found["probe_gradient_norm"][-1, 0])
    assert ENGINE_VERSION == VERSION
    assert numbers == pytest.approx(GOLDEN[name], rel=1e-3)
