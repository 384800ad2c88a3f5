"""Connection to a Dask scheduler, in which every wait has a limit and every failure is one sentence."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from reportgen.engine.jit.python_process import safe_children
from reportgen.errors import MissingError, ReportgenError, UsageError
from reportgen.runs.dask.local import start_cluster
from reportgen.runs.executors import within_seconds
from reportgen.runs.identity import check_identity

if TYPE_CHECKING:
    from distributed import Future

LOCAL = "local"
"""The address that stands for a cluster of processes on this machine."""

WAIT_SECONDS = 30.0
"""Longest wait for a scheduler or a first worker by default."""

MOST_SECONDS = 30 * 86_400.0
"""Longest wait that can be chosen: a month."""

POLL_SECONDS = 1.0
"""Interval at which the scheduler is asked for its workers."""

CLOSE_SECONDS = 2.0
"""Longest wait for the end of a connection; a local cluster ends with this process in any case."""

CONNECTION_LOST = "scheduler-connection-lost"
"""Reason that Dask gives for tasks that it cancels when the connection ends."""

LOGGERS = (
    *("distributed", "tornado", "tornado.application", "asyncio"),
    *(
        f"distributed.{name}"
        for name in ("batched", "client", "comm", "comm.tcp", "core", "nanny", "scheduler", "worker")
    ),
)
"""The logs that repeat every failure of a connection with its traceback."""

T = TypeVar("T")

ASK = "__import__('reportgen.runs.identity', fromlist=['identity']).identity()"
"""Returns the identity of a worker. A worker without reportgen cannot even read a task that names its functions, and
does not say so."""

SAME_SCHEDULER = "install the same version of reportgen for the scheduler as for this command"


class DaskClient:
    """A client of a scheduler at an address, or of a new cluster of `workers` processes on this machine.

    wait : longest time in seconds to wait for the scheduler, and for a first worker.
    """

    def __init__(self, address: str, workers: int, wait: float) -> None:
        self._wait, self._address = wait, address
        self._threads: dict[str, int] = {}
        self._proofs: dict[str, Future] = {}
        self._proven: set[str] = set()
        self._asked, self._waited_since = 0.0, time.monotonic()
        self._end = contextlib.ExitStack()
        try:
            with self.quiet():
                self._open(address, workers)
        except BaseException:
            self.close()
            raise

    def _open(self, address: str, workers: int) -> None:
        dask = _import_dask()
        self._end.enter_context(dask.config.set({"distributed.comm.timeouts.connect": self._wait}))
        from distributed import Client

        if address == LOCAL:
            self._end.enter_context(safe_children())
            cluster = start_cluster(workers)
            self._end.callback(_close, cluster)
            address = cluster.scheduler_address
        _refuse_other_program(address, self._wait)
        try:
            self._client = Client(address, timeout=self._wait, set_as_default=False)
        except (OSError, ValueError) as error:
            raise _no_scheduler(address, error) from error
        self._end.callback(_close, self._client)
        self._waited_since = time.monotonic()

    def close(self) -> None:
        """Close the connection, and the cluster if it is local."""
        with self.quiet():
            self._end.close()

    @contextlib.contextmanager
    def quiet(self) -> Iterator[None]:
        """Silence the log of Dask, which repeats every failure with its traceback."""
        levels = {name: logging.getLogger(name).level for name in LOGGERS}
        try:
            for name in levels:
                logging.getLogger(name).setLevel(logging.CRITICAL + 1)
            yield
        finally:
            for name, level in levels.items():
                logging.getLogger(name).setLevel(level)

    @contextlib.contextmanager
    def listening(self, handle: Callable[[Any], None]) -> Iterator[str]:
        """Yield a topic whose events are passed to `handle`."""
        topic = f"reportgen-{os.urandom(8).hex()}"
        with self._lost_means_error():
            self._client.subscribe_topic(topic, handle)
        try:
            yield topic
        finally:
            with contextlib.suppress(Exception):
                self._ask(partial(self._client.unsubscribe_topic, topic), CLOSE_SECONDS)

    def threads(self) -> int:
        """Return the number of threads of the workers that proved to have the same versions as this process.

        Raises MissingError ("worker-differs") if a worker has others, ("no-workers") after the longest wait without a
        worker, ("cluster-lost") if the connection to the scheduler ends, or if it does not answer.
        """
        self._refuse_lost()
        if time.monotonic() - self._asked > POLL_SECONDS or not self._proven:
            with self._lost_means_error():
                threads = dict(self._ask(self._client.nthreads, self._wait))
            self._asked = time.monotonic()
            if threads and not self._threads:
                self._waited_since = self._asked
            self._threads = threads
            self._prove()
        return sum(self._threads[worker] for worker in self._proven)

    def _prove(self) -> None:
        """Ask new workers for their identities, and compare those that have answered."""
        for worker in self._threads.keys() - self._proofs.keys():
            self._proofs[worker] = self._client.submit(eval, ASK, workers=[worker], pure=False)
        for worker in [worker for worker in self._proofs if worker not in self._threads]:
            del self._proofs[worker]
        for worker, proof in self._proofs.items():
            if worker not in self._proven and proof.done():
                check_identity(self.result(proof))
        self._proven = {worker for worker, proof in self._proofs.items() if proof.status == "finished"}
        if self._proven:
            self._waited_since = self._asked
        elif self._asked - self._waited_since > self._wait:
            what = "no worker that answers" if self._threads else "no worker"
            message = f"the Dask cluster at {self._address} has had {what} for {self._wait:g} s"
            raise MissingError("no-workers", message, hint="start workers, or wait longer with --dask-wait")

    def awaken(self, count: int) -> list[Future]:
        """Return short tasks, for which a cluster that adapts to its tasks starts workers."""
        with self._lost_means_error():
            return [self._client.submit(eval, ASK, pure=False) for _ in range(count)]

    def submit(self, function: Callable[..., object], *arguments: object) -> Future:
        """Return the future of a new task; raises MissingError ("worker-differs") if the scheduler cannot read it."""
        with self._lost_means_error():
            return self._client.submit(function, *arguments, pure=False)

    def scatter(self, value: object) -> Future | None:
        """Return the future of a value that is sent to a worker, and from there to any other that needs it.

        It is None if the worker does not receive the value within the longest wait.
        """
        with self._lost_means_error(), contextlib.suppress(TimeoutError):
            return self._ask(partial(self._client.scatter, value, hash=False), self._wait)
        return None

    def last_heartbeats(self) -> dict[str, float]:
        """Return the time of the last heartbeat of each worker, by the clock of the scheduler."""
        with self._lost_means_error():
            known = self._ask(partial(self._client.sync, self._client.scheduler.identity), self._wait)
        return {worker: state["last_seen"] for worker, state in known["workers"].items()}

    def remove(self, worker: str) -> None:
        """Let the scheduler give the tasks of a worker to others, as it does for a worker that has ended."""
        with self._lost_means_error():
            reason = {"stimulus_id": "reportgen-silent-worker"}
            self._ask(
                partial(self._client.sync, self._client.scheduler.unregister, address=worker, **reason), self._wait
            )

    def result(self, future: Future) -> object:
        """Return the result or the exception of a finished task; None if the task, its result or its data are lost.

        The exception is a MemoryError for a task that ended several workers. Raises MissingError ("cluster-lost") if
        the connection to the scheduler ends.
        """
        from distributed import CancelledError, KilledWorker
        from distributed.comm import CommClosedError

        try:
            return self._ask(partial(future.result, timeout=self._wait), self._wait + CLOSE_SECONDS)
        except KilledWorker as error:
            return MemoryError(str(error))
        except Exception as error:
            if "deserialization of the task graph" in str(error):
                message = "the Dask scheduler cannot read the task, because it has no or another reportgen"
                raise MissingError("worker-differs", message, hint=SAME_SCHEDULER) from error
            if getattr(error, "reason", None) == CONNECTION_LOST:
                raise self.lost() from error
            self._refuse_lost()
            return None if isinstance(error, (CancelledError, CommClosedError, OSError)) else error

    def cancel(self, futures: Collection[Future]) -> None:
        """Cancel tasks, so that their workers stop; does nothing if the scheduler is lost."""
        if futures:
            with contextlib.suppress(Exception):
                self._ask(partial(self._client.cancel, list(futures)), CLOSE_SECONDS)

    def _ask(self, action: Callable[[], T], seconds: float) -> T:
        """Return the result of an action; raises MissingError ("cluster-lost") as soon as the connection ends."""
        return within_seconds(action, seconds, self._refuse_lost)

    def _refuse_lost(self) -> None:
        """Raise MissingError ("cluster-lost") if the connection has ended.

        Dask would try to connect again for a long time, but a new scheduler does not know the tasks of this process.
        """
        if self._client.status != "running":
            raise self.lost()

    def lost(self) -> MissingError:
        """Return the error for a scheduler, or for all workers, that do not answer."""
        message = f"the Dask scheduler at {self._address} does not answer any more"
        hint = "finished runs are stored; the same command continues with the rest"
        return MissingError("cluster-lost", message, hint=hint)

    @contextlib.contextmanager
    def _lost_means_error(self) -> Iterator[None]:
        """Raise MissingError ("cluster-lost") for an error of the connection in the block."""
        try:
            yield
        except ReportgenError:
            raise
        except Exception as error:
            if isinstance(error, (OSError, RuntimeError)) or type(error).__module__.startswith("distributed"):
                raise self.lost() from error
            raise


def _import_dask() -> Any:
    try:
        import dask
        import distributed  # noqa: F401
    except ImportError as error:
        message, hint = "--dask requires the package distributed", "pip install distributed"
        raise MissingError("missing-library", message, hint=hint) from error
    return dask


def _refuse_other_program(address: str, wait: float) -> None:
    """Raise UsageError ("no-scheduler") unless a Dask scheduler answers; a connection to other programs can hang."""
    from distributed.core import rpc
    from distributed.security import Security

    async def ask() -> Any:
        async with rpc(address, timeout=wait, connection_args=Security().get_connection_args("client")) as server:
            return await server.identity()

    try:
        answer = within_seconds(lambda: asyncio.run(asyncio.wait_for(ask(), wait)), wait + CLOSE_SECONDS)
    except Exception as error:  # other programs make Dask raise many kinds of errors
        raise _no_scheduler(address, error) from error
    if not (isinstance(answer, dict) and answer.get("type") == "Scheduler"):
        raise _no_scheduler(address)


def _close(connection: Any) -> None:
    """Close a client or a cluster; no error of it hides the one that ends the block, such as Ctrl-C."""
    with contextlib.suppress(Exception):
        connection.close(timeout=CLOSE_SECONDS)


def check_wait(seconds: float) -> None:
    """Raise UsageError ("out-of-range") unless a number of seconds is a possible longest wait."""
    if not 0 < seconds <= MOST_SECONDS:  # also refuses NaN
        hint = f"a number of seconds above 0, at most {MOST_SECONDS:.0f}"
        raise UsageError("out-of-range", f"the longest wait for Dask is {seconds:g} s", hint=hint)


def _no_scheduler(address: str, error: Exception | None = None) -> UsageError:
    why = f": {error}" if isinstance(error, (ValueError, TypeError)) else ""
    hint = "an address such as tcp://localhost:8786, or local for a cluster on this machine"
    return UsageError("no-scheduler", f"no Dask scheduler answers at {address}{why}", hint=hint)
