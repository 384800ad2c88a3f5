"""A worker that hangs is named, and its runs are trained by others or the command ends."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from reportgen.errors import MissingError
from tests.rates import write_study
from tests.runs.dask.test_cluster import WIDE, AtFirstRun, arrays, new_cluster, run

pytestmark = pytest.mark.slow
distributed = pytest.importorskip("distributed", reason="needs the package distributed")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_study("rates.yaml")
    return tmp_path


def stop(process):
    os.kill(process, signal.SIGSTOP)


@pytest.mark.skipif(os.name == "nt", reason="needs signals that stop and kill")
@pytest.mark.parametrize("workers", [1, 2])
def test_a_stopped_worker_is_named_and_counts_as_lost(workers):
    """The other worker trains its runs; without another one, the command ends after the longest wait."""
    Path("long.yaml").write_text(WIDE)
    notices = []
    with new_cluster(workers) as cluster, distributed.Client(cluster, set_as_default=False) as client:
        [address, process], *_ = client.run(os.getpid).items()
        listener = AtFirstRun(lambda: stop(process))
        listener.notice = notices.append
        try:
            options = {"listener": listener, "dask_wait": 10}
            if workers > 1:
                assert run(cluster.scheduler_address, "long.yaml", **options).failures == ()
            else:
                with pytest.raises(MissingError) as caught:
                    run(cluster.scheduler_address, "long.yaml", **options)
                assert caught.value.code == "no-workers"
        finally:
            os.kill(process, signal.SIGKILL)
    assert any(address in notice for notice in notices)
    assert len(arrays()) == 4 if workers > 1 else 1 <= len(arrays()) < 4
