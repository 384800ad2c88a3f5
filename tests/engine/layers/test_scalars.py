"""Operations without weights train as the reference: pre-activations of blocks, and the scalars of Fixup."""

from __future__ import annotations

import pytest

from tests.engine.references import check_training

NETWORKS = ["pre-activation", "fixup"]


@pytest.mark.parametrize("name", NETWORKS)
def test_a_run_agrees_with_the_reference(name: str) -> None:
    check_training(name)
