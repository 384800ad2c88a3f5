"""A cluster on this machine that cannot start, and waits that are impossible, are errors of one sentence."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from reportgen.errors import MissingError, UsageError
from reportgen.runs.dask import local
from reportgen.workflow.run import run_study
from reportgen.workflow.training import cluster_at
from tests.rates import write_study

distributed = pytest.importorskip("distributed", reason="needs the package distributed")


def test_a_limit_of_open_files_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object, **options: object) -> None:
        try:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        except OSError as error:
            raise RuntimeError("Nanny failed to start.") from error

    monkeypatch.setattr(distributed, "LocalCluster", fail)
    with pytest.raises(MissingError) as caught:
        local.start_cluster(3)
    assert caught.value.code == "no-workers"
    assert os.strerror(errno.EMFILE) in caught.value.message


@pytest.mark.parametrize("seconds", [float("inf"), float("nan"), -1.0, 0.0, 1e300])
def test_an_impossible_wait_is_refused(seconds: float) -> None:
    with pytest.raises(UsageError) as caught:
        cluster_at("local", 1, seconds)
    assert (caught.value.code, caught.value.exit_code) == ("out-of-range", 2)


@pytest.mark.slow
def test_a_local_cluster_executes_no_module_of_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    monkeypatch.chdir(tmp_path)
    write_study("rates.yaml")
    Path("multiprocessing.py").write_text("open('executed', 'w')", encoding="utf-8")
    assert run_study("rates.yaml", dask="local", workers=1, formats=["json"]).trained == 6
    assert not Path("executed").exists()
