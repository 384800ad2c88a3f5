"""Fixtures shared by several folders of tests."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.rates import Training, write_study

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
LONGEST_SECONDS = 300.0
"""How long a test process waits for another one to compile: several times longer than compiling takes."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give each process a contiguous half of the tests, of which idle processes take the last ones.

    Then the tests of a file share its fixtures, and a long file at the end does not run alone.
    """
    if config.getoption("dist") != "load":
        return None
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Leave all modules and collected tests out of later garbage collections, which took a sixth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


@pytest.fixture(scope="session", autouse=True)
def _no_synchronization() -> Iterator[None]:
    """Do not wait for the disk: what a synchronized file survives, a loss of power, happens in no test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def compiled(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let one of several test processes compile the kernels, while the others wait."""
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
    """Return whether the kernels of this checkout are in the cache; those of another checkout cannot be used."""
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


def browser_path() -> str | None:
    """Return the path of a browser, which the environment variable REPORTGEN_BROWSER may name."""
    named = os.environ.get("REPORTGEN_BROWSER")
    return named or next((path for name in BROWSERS if (path := shutil.which(name))), None)


@pytest.fixture
def training(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Training:
    """A working folder with the study rates.yaml, whose trained runs are counted."""
    counted = Training()
    monkeypatch.setattr("reportgen.runs.executors.train", counted.train)
    monkeypatch.chdir(tmp_path)
    write_study("rates.yaml")
    return counted


@pytest.fixture(scope="session")
def finished_rates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of rates.yaml as results.json, with its six runs; tests copy it."""
    from reportgen.workflow.run import run_study

    folder = tmp_path_factory.mktemp("finished")
    write_study(folder / "rates.yaml")
    command = "reportgen run rates.yaml"
    return run_study(folder / "rates.yaml", output=folder / "reports", formats=["json"], command=command).folder


@pytest.fixture
def finished(finished_rates: Path, training: Training) -> Training:
    """The working folder with the report of rates.yaml as results.json."""
    shutil.copytree(finished_rates, Path("reports/rates"))
    return training


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Yield a browser; the tests are skipped without Playwright or a browser."""
    api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    path = browser_path()
    if path is None:
        pytest.skip("no Chromium or Chrome is installed")
    with api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let processes that a test starts receive signals that end them, also if a shell or `nohup` has them ignored."""
    ending = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
    if os.name != "nt":
        ending[signal.SIGHUP] = signal.SIG_DFL
    before = {number: signal.signal(number, handler) for number, handler in ending.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
