"""The logs that the benchmark of readers writes are valid."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.log_reading import WRITERS, blocks
from reportgen.external.logs.collect import read_logs

ROWS = 300


@pytest.mark.parametrize("name", WRITERS)
def test_every_value_is_read(tmp_path: Path, name: str) -> None:
    [[log]] = read_logs(WRITERS[name](tmp_path, ROWS)).values()
    curve = log.curve("train_loss")
    assert curve is not None
    [(_, losses)] = blocks(ROWS)
    np.testing.assert_allclose(curve.values, losses, atol=1e-7)
    assert not [note for note in log.notes if "damaged" in note.code]
