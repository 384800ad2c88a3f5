"""Fixtures that several folders of tests share."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

LONGEST_SECONDS = 300.0
"""How long a process of tests waits for another to compile: several times what it takes, in case that it died."""


@pytest.fixture(scope="session", autouse=True)
def compiled(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let one process compile the kernels where several run tests; otherwise each would compile them, and at once."""
    shared = tmp_path_factory.getbasetemp().parent
    begun = shared / "compiling"
    if "PYTEST_XDIST_WORKER" not in os.environ or (not begun.exists() and _is_compiled()):
        return
    try:
        begun.touch(exist_ok=False)
    except FileExistsError:
        _wait_for(shared / "compiled")
        return
    try:
        _compile()
    finally:
        (shared / "compiled").touch()


def _is_compiled() -> bool:
    """Tell whether this checkout's kernels are in the cache; another's of the same sources are no use to it."""
    from numba import config

    from reportgen.engine.step import train_steps

    return bool(config.DISABLE_JIT) or any(Path(train_steps.stats.cache_path).glob("*.nbc"))


def _compile() -> None:
    from reportgen.engine.train import train
    from tests.engine.networks import data, spec

    train(spec(epochs=1), data())


def _wait_for(path: Path) -> None:
    end = time.monotonic() + LONGEST_SECONDS
    while not path.exists() and time.monotonic() < end:
        time.sleep(0.1)


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Stand-ins for the pipeline's neighbours, in an empty working folder with the study file rates.yaml."""
    from tests.pretend import Pretend

    stand_in = Pretend()
    stand_in.install(monkeypatch)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rates.yaml").write_text("title: Which rate\n", encoding="utf-8")
    return stand_in


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let processes that a test starts hear Ctrl-C, also where the tests run in the background of a shell."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
