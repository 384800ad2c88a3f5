"""The connection to a scheduler: every wait has a limit, and a lost connection is one error at once."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from reportgen.errors import MissingError, UsageError
from reportgen.runs.dask import client as dask_client
from reportgen.workflow.events import ProgressListener
from reportgen.workflow.run import run_study
from tests.rates import write_study
from tests.runs.dask.test_cluster import WIDE, arrays, run

pytestmark = pytest.mark.slow
pytest.importorskip("distributed", reason="needs the package distributed")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_study("rates.yaml")
    return tmp_path


def test_an_error_while_a_cluster_closes_does_not_hide_an_interruption():
    def interrupted(timeout):
        raise KeyboardInterrupt

    def late(timeout):
        raise TimeoutError

    client = object.__new__(dask_client.DaskClient)
    client._end = contextlib.ExitStack()
    for close in (late, interrupted, late):
        client._end.callback(dask_client._close, SimpleNamespace(close=close))
    with pytest.raises(KeyboardInterrupt):
        client.close()


@contextlib.contextmanager
def separate_scheduler(folder):
    """A scheduler and a worker in processes of their own; yields the address, and the process of the scheduler."""
    file = folder / "scheduler.json"
    common = ["--scheduler-file", str(file), "--dashboard-address", ":0"]
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--port", "0", *common]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, **quiet) as scheduler:
        try:
            while not file.is_file():
                time.sleep(0.1)
            options = ["--no-nanny", "--nthreads", "1", "--death-timeout", "60"]
            command = [sys.executable, "-m", "distributed.cli.dask_worker", *common, *options]
            with subprocess.Popen(command, **quiet) as worker:
                try:
                    yield json.loads(file.read_text())["address"], scheduler
                finally:
                    worker.kill()
        finally:
            scheduler.kill()


class Once:
    """Calls a function at the first call only."""

    def __init__(self, action):
        self._action = action

    def __call__(self, *arguments):
        action, self._action = self._action, lambda: None
        action()


@pytest.mark.skipif(os.name == "nt", reason="needs signals that kill and stop")
@pytest.mark.parametrize("event", ["finished", "progress"])
def test_a_lost_scheduler_is_one_error_at_once_and_the_rest_is_trained_later(folder, event):
    Path("long.yaml").write_text(WIDE)
    lost = []
    with separate_scheduler(folder) as (address, scheduler):

        def lose():
            lost.append(time.monotonic())
            scheduler.kill()

        listener = ProgressListener()
        setattr(listener, event, Once(lose))
        with pytest.raises(MissingError) as caught:
            run(address, "long.yaml", listener=listener, dask_wait=60)
    assert (caught.value.code, caught.value.exit_code) == ("cluster-lost", 4)
    assert time.monotonic() - lost[0] < 15
    stored = len(arrays())
    assert (event == "finished") <= stored < 4
    assert not list(Path().rglob(".unfinished-*"))
    assert run_study("long.yaml", formats=["json"]).trained == 4 - stored


def in_background(action):
    threading.Thread(target=action, daemon=True).start()


@pytest.mark.parametrize("greeting", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
def test_a_port_of_another_program_is_refused_after_the_longest_wait(greeting):
    connections = []

    def serve():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = server.accept()
                connections.append(connection)
                connection.sendall(greeting)

    with socket.create_server(("127.0.0.1", 0)) as server:
        in_background(serve)
        begin = time.monotonic()
        with pytest.raises(UsageError) as caught:
            run(f"tcp://127.0.0.1:{server.getsockname()[1]}", dask_wait=1)
    for connection in connections:
        connection.close()
    assert caught.value.code == "no-scheduler"
    assert time.monotonic() - begin < 15


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nowhere", "", "http://localhost:1", "tls://localhost:1"])
def test_an_address_without_a_scheduler_is_refused(address):
    with pytest.raises(UsageError) as caught:
        run(address, dask_wait=0.5)
    assert caught.value.code == "no-scheduler"
