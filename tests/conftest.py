"""Fixtures that several folders of tests share."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest


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
