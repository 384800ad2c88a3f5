"""Measured systems, each in separate processes with its own threads and libraries."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

from benchmarks.nets import Net

Measure = Callable[[float], tuple[int, float]]
"""A function that trains for about this many seconds and returns the number of steps and the exact seconds."""

START_LIMIT_SECONDS = 120


@dataclass(frozen=True)
class System:
    """A row of the table.

    module, option: `module.prepare(net, option)` returns a Measure. processes: number of concurrent processes, each
    bound to one core if there are several. requires: package that the row requires. twin: another option of the module,
    which the same processes can measure, so that nothing else differs. for_images: whether only networks on images are
    measured.
    """

    name: str
    module: str
    option: str = ""
    processes: int = 1
    threads: int = 1
    env: Mapping[str, str] = field(default_factory=dict)
    requires: str | None = None
    twin: str | None = None
    for_images: bool = False


def repeat(chunk: Callable[[], int], seconds: float) -> tuple[int, float]:
    """Call `chunk`, which returns its number of steps, until the time is over; return all steps and the seconds."""
    steps, start = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - start) < seconds:
        steps += chunk()
    return steps, elapsed


class Workers:
    """Running processes of a system for a network."""

    def __init__(self, system: System, net: Net) -> None:
        context = multiprocessing.get_context("spawn")
        self._connections: list[Connection] = []
        self._processes = []
        with _environment(_thread_limits(system.threads) | dict(system.env)):
            for index in range(system.processes):
                ours, theirs = context.Pipe()
                core = index if system.processes > 1 else None
                process = context.Process(target=_serve, args=(theirs, system, net, core), daemon=True)
                process.start()
                theirs.close()
                self._connections.append(ours)
                self._processes.append(process)
        for connection in self._connections:
            if not connection.poll(START_LIMIT_SECONDS):
                self.close()
                raise TimeoutError(f"{system.name} was not ready after {START_LIMIT_SECONDS} s")
            try:
                connection.recv()
            except EOFError:
                raise RuntimeError(f"{system.name} ended before it was ready; its message is above") from None

    def steps_per_second(self, seconds: float, twin: bool = False) -> float:
        """Return the steps per second, summed over the concurrent processes."""
        for connection in self._connections:
            connection.send((seconds, twin))
        results: list[tuple[int, float]] = [connection.recv() for connection in self._connections]
        return sum(steps / elapsed for steps, elapsed in results)

    def close(self) -> None:
        """End the processes."""
        for connection, process in zip(self._connections, self._processes, strict=True):
            connection.close()
            process.join(timeout=1)
            process.kill()


def _thread_limits(threads: int) -> dict[str, str]:
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return dict.fromkeys(names, str(threads))


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _serve(connection: Connection, system: System, net: Net, core: int | None) -> None:
    if core is not None and hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[core % len(cores)]})
    prepare: Callable[[Net, str], Measure] = importlib.import_module(system.module).prepare
    options = [system.option] if system.twin is None else [system.option, system.twin]
    measures = [prepare(net, option) for option in options]
    connection.send("ready")
    while True:
        try:
            seconds, twin = connection.recv()
        except EOFError:
            return
        connection.send(measures[twin](seconds))
