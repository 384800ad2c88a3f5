"""Kernels that are compiled ahead, in a second process, while this one compiles others.

Numba compiles one kernel at a time in a process. A second process leaves some of them in the cache of kernels, in the
order in which they are needed, while this one compiles the others. What it has not done in time is compiled here too.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numba import config, float32, float64, int32, int64, types, uint32

from reportgen.engine.jit.cache import sources_hash
from reportgen.engine.predict import outputs
from reportgen.engine.probes.agreement import agreement_by_example
from reportgen.engine.probes.evenness import weight_shape
from reportgen.engine.probes.probe import probe, probe_activations, probe_gradients, probe_updates, probe_weights
from reportgen.engine.program import pass_types
from reportgen.engine.setup import probe_types, training_types
from reportgen.engine.step import train_steps

_POLL_SECONDS = 0.05
_LONGEST_SECONDS = 120.0
"""How long a run waits for the second process: several times what it takes, in case that it hangs."""

_lock = threading.Lock()
_process: list[subprocess.Popen[bytes] | None] = []


def begin() -> None:
    """Start compiling in a second process, once, where kernels are not in the cache and a core is free for it."""
    with _lock:
        if not _process:
            _process.append(_start() if _is_worthwhile() else None)


def wait(check_cancelled: Callable[[], None]) -> None:
    """Return once the second process has ended, if there is one; `check_cancelled` is called meanwhile, and may raise.

    A kernel that it could not compile, or not in time, is compiled in this process as soon as it is called; one that
    is needed at the end of a run is compiled here meanwhile.
    """
    end = time.monotonic() + _LONGEST_SECONDS
    while _process and _process[0] is not None and _process[0].poll() is None and time.monotonic() < end:
        check_cancelled()
        compile_deferred()
        time.sleep(_POLL_SECONDS)


def compile_deferred() -> None:
    """Compile in this process, where that was not done yet, what a run needs at its end."""
    for kernel, arguments in deferred():
        if not (config.DISABLE_JIT or kernel.signatures):
            kernel.compile(arguments)


def _is_worthwhile() -> bool:
    return not (config.DISABLE_JIT or _marker().exists()) and (os.cpu_count() or 1) > 1 and bool(sys.executable)


def _marker() -> Path:
    """Return the file that tells that the kernels are there."""
    return Path(config.CACHE_DIR) / f"ahead-{sources_hash()}"


def _start() -> subprocess.Popen[bytes] | None:
    root = str(Path(__file__).resolve().parents[3])
    paths = os.pathsep.join(part for part in (root, os.environ.get("PYTHONPATH")) if part)
    env = os.environ | {"NUMBA_CACHE_DIR": config.CACHE_DIR, "PYTHONPATH": paths}
    command, silent = [sys.executable, "-m", __name__], subprocess.DEVNULL
    try:  # nothing is written to the pipe: it closes when this process ends, however that comes about
        return subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=silent, stderr=silent)
    except OSError:
        return None


def signatures() -> Sequence[tuple[Any, tuple[Any, ...]]]:
    """Return the kernels of the second process, with the types with which runs call them, float32 networks alone.

    They take about as long as what the first one compiles to set up a run and to score it. What no step needs comes
    first: by the time that passes through layers are wanted here, the first process has left them in the cache.
    """
    network = pass_types(np.dtype(np.float32))
    vector, labels = float32[::1], int64[::1]
    arrays, schedule = probe_types()
    training = (*network, *training_types(np.dtype(np.float32)))
    return (
        *_probe_kernels(),
        (train_steps, (*training, int64, labels, int64, float64[::1], vector, float64[:, ::1], schedule)),
        (probe, (*network, training[-1], int64, vector, int64, arrays)),
    )


def _probe_kernels() -> Sequence[tuple[Any, tuple[Any, ...]]]:
    """Return the kernels that a look alone calls."""
    vector, numbers, counts, room = float32[::1], float64[::1], int64[::1], int32[::1]
    return (
        (probe_activations, (vector, numbers, counts, room, numbers)),
        (probe_gradients, (vector, uint32[::1], counts, counts, room, numbers)),
        (probe_weights, (vector, vector, int64, numbers)),
        (probe_updates, (counts, vector, vector, vector, numbers)),
        (agreement_by_example, (vector, vector, int64, int64)),
        (weight_shape, (vector, numbers)),
    )


def deferred() -> Sequence[tuple[Any, tuple[Any, ...]]]:
    """Return the kernels that are not needed until a run ends: the first process compiles them while it waits."""
    network, vector = pass_types(np.dtype(np.float32)), float32[::1]
    return ((outputs, (*network, vector, int64[::1], int64, types.boolean, int64, vector)),)


def _end_with_parent() -> None:
    """End this process as soon as the one that started it has ended."""
    os.read(0, 1)
    os._exit(1)


def main() -> None:
    """Compile the kernels into the cache, as long as whoever asked for them lives."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    for kernel, arguments in signatures():
        kernel.compile(arguments)
    _marker().touch()


if __name__ == "__main__":
    main()
