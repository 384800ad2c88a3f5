"""A process that trains runs for `reportgen.runs.processes`, until its standard input closes.

It sends its identity, receives a task and then numbers of jobs, and sends an answer for each stored run.
"""

from __future__ import annotations

import os
import pickle
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from threadpoolctl import threadpool_limits

from reportgen import data
from reportgen.data.dataset import Dataset
from reportgen.engine.train import Cancelled
from reportgen.errors import MissingError
from reportgen.plugins.loading import load_file, require
from reportgen.runs.executors import DataKey, Job, data_key, train_job
from reportgen.runs.identity import identity
from reportgen.runs.processes import DATASETS, Answer, Task
from reportgen.runs.store import Store


class RecentData:
    """The prepared data sets of the last jobs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ready: dict[DataKey, Dataset] = {}
        self._lock = threading.Lock()

    def get(self, job: Job) -> Dataset:
        """Return the data of a job; concurrent calls wait.

        Raises StudyError ("data-changed") if they are not the data in the key of the run.
        """
        key = data_key(job.run.spec)
        with self._lock:
            if key not in self._ready:
                for oldest in list(self._ready)[: 1 - DATASETS]:
                    del self._ready[oldest]
                self._ready[key] = data.load(*key, self._folder, job.fingerprint)
            return self._ready[key]


def serve(receive: Callable[[], object], send: Callable[[object], None]) -> None:
    """Train jobs until `receive` raises EOFError; then stop the runs in progress."""
    try:
        send(identity())
    except MissingError as error:
        send(error)
        return
    task, closed = receive(), threading.Event()
    if not isinstance(task, Task):
        raise TypeError("the first message is no task")
    store, recent = Store(task.store), RecentData(task.folder)

    def work(number: int) -> None:
        if closed.is_set():
            return
        job = task.jobs[number]
        try:
            record = train_job(job, lambda: recent.get(job), task.workers, closed.is_set, None)
            store.save(record)
        except Cancelled:
            return
        except Exception as error:
            send(error)
            return
        end = (record.status, record.stopped_at_step, record.steps, record.train_seconds, record.final, record.error)
        send(Answer(number, *end))

    with threadpool_limits(limits=1), ThreadPoolExecutor(task.threads) as pool:
        try:
            _load_plugins(task)
            while True:
                pool.submit(work, int(receive()))  # type: ignore[call-overload]
        except EOFError:
            closed.set()
        except Exception as error:
            send(error)


def _load_plugins(task: Task) -> None:
    """Load the plug-ins of the jobs; raises PluginError if one of them has changed."""
    plugins = dict.fromkeys(plugin for job in task.jobs for plugin in job.plugins)
    for plugin in plugins:
        if plugin.path:
            load_file(Path(plugin.path))
    require(plugins)


def main() -> None:
    """Serve the process that started this one; anything printed goes to standard error."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sending = threading.Lock()

    def send(answer: object) -> None:
        content = pickle.dumps(answer, pickle.HIGHEST_PROTOCOL)
        with sending:
            answers.write(content)
            answers.flush()

    def receive() -> object:
        return pickle.load(sys.stdin.buffer)

    try:
        serve(receive, send)
    except OSError:  # the other process has ended
        os._exit(1)


if __name__ == "__main__":
    main()
