"""Stored runs that are damaged, and runs that another process trains in the same folder."""

from __future__ import annotations

import contextlib
from pathlib import Path

from reportgen.runs.claims import Claims
from reportgen.workflow.events import ProgressListener
from tests.workflow.test_run import FOLDER, run


def test_a_damaged_run_is_named(finished):
    path = next((FOLDER / "runs").iterdir())
    path.joinpath("arrays.npz").write_bytes(b"damaged")
    notices = []
    listener = ProgressListener()
    listener.notice = notices.append
    run(listener=listener)
    assert [str(path) in notice for notice in notices] == [True]


def test_a_run_that_another_process_trains_is_taken_from_its_store(finished):
    path = sorted((FOLDER / "runs").iterdir())[0]
    content = (path / "run.json").read_bytes()
    path.rename("aside")
    with contextlib.ExitStack() as other:
        assert other.enter_context(other.enter_context(Claims(path.parent)).of(path.name))

        def store_and_end(notice):
            Path("aside").rename(path)
            other.close()

        listener = ProgressListener()
        listener.notice = store_and_end
        report = run(listener=listener)
    assert (report.trained, finished.trained) == (0, [])
    assert (path / "run.json").read_bytes() == content
