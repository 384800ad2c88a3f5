"""Stored runs that are damaged, and runs that another process trains in the same folder."""

from __future__ import annotations

import contextlib
import json
import shutil
from pathlib import Path

from reportgen import disk
from reportgen.audit.verify import verify_report
from reportgen.runs.claims import Claims
from reportgen.runs.store import Store
from reportgen.workflow.analysing.analyse import analyse_runs
from reportgen.workflow.events import ProgressListener
from reportgen.workflow.run import ATTEMPTS
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


def test_fresh_keeps_a_run_that_another_process_stored_since_it_began(finished):
    paths = sorted((FOLDER / "runs").iterdir())
    again = {}

    def store_again(job, done, total):
        """Another process stores a run again while this one trains."""
        if not again:
            path = next(path for path in paths if path.name != job.key)
            again[path] = trained_again(path)

    listener = ProgressListener()
    listener.progress = store_again
    report = run(fresh=True, listener=listener, workers=1)
    [(path, content)] = again.items()
    assert report.trained == len(finished.trained) == len(paths) - 1
    assert (path / "run.json").read_bytes() == content
    assert verify_report(FOLDER, captions=False).differences == ()


def test_a_report_is_of_the_stored_runs_if_another_process_trains_them_again(finished, monkeypatch):
    path = sorted((FOLDER / "runs").iterdir())[0]
    analyses = []

    def analyse(*given):
        analysed = analyse_runs(*given)
        analyses.append(analysed.records)
        if len(analyses) == 1:
            trained_again(path)
        return analysed

    monkeypatch.setattr("reportgen.workflow.analysing.analyse.analyse_runs", analyse)
    run(overrides={"title": "Another"})
    assert len(analyses) == 2
    assert verify_report(FOLDER, captions=False).differences == ()


def trained_again(path, seconds=123.0):
    """Store a run as another process that trained it again, in another time; return its run.json."""
    values = json.loads((path / "run.json").read_bytes()) | {"train_seconds": seconds}
    content = json.dumps(values | {"checksum": disk.checksum(values)}).encode()
    Store(path.parent).save_bytes(path.name, content, (path / "arrays.npz").read_bytes())
    return content


def test_a_run_that_is_stored_again_while_others_are_trained_is_analysed_anew(finished):
    paths = sorted((FOLDER / "runs").iterdir())
    shutil.rmtree(paths[-1])
    again = []
    listener = ProgressListener()
    listener.progress = lambda job, done, total: again or again.append(trained_again(paths[0]))
    assert run(listener=listener, workers=1).trained == 1
    assert again
    assert verify_report(FOLDER, captions=False).differences == ()


def test_a_report_of_runs_that_never_rest_is_not_kept_as_current(finished, monkeypatch):
    path, analyses = min((FOLDER / "runs").iterdir()), []

    def analyse(*given):
        found = analyse_runs(*given)
        analyses.append(None)
        if len(analyses) <= ATTEMPTS:
            trained_again(path, seconds=float(len(analyses)))
        return found

    monkeypatch.setattr("reportgen.workflow.analysing.analyse.analyse_runs", analyse)
    for _ in range(2):
        run(overrides={"title": "Another"})
    assert len(analyses) == ATTEMPTS + 1
    assert verify_report(FOLDER, captions=False).differences == ()
