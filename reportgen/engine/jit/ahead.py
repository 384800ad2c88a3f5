"""Compiles kernels in a second process, while this one compiles others.

Numba compiles one kernel at a time in a process. A second process compiles some kernels into the cache, in the order in
which they are needed. Kernels that it has not finished in time are compiled in this process as well.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numba import config, float32, float64, int32, int64, types, uint32

from reportgen.engine.jit.cache import is_engine_known, loaded_engine
from reportgen.engine.jit.python_process import start_module
from reportgen.engine.layers.table import LAYERS, LayerKind
from reportgen.engine.network import AGREEMENT, BACKWARD, GRADIENT
from reportgen.engine.predict import outputs
from reportgen.engine.probes.agreement import agreement_by_example
from reportgen.engine.probes.evenness import weight_shape
from reportgen.engine.probes.probe import probe, probe_activations, probe_gradients, probe_updates, probe_weights
from reportgen.engine.program import kernels_of, pass_types
from reportgen.engine.setup import probe_types, training_types
from reportgen.engine.step import train_steps
from reportgen.registry import plugin_of

_POLL_SECONDS = 0.05
_LONGEST_SECONDS = 120.0
"""Longest time that a run waits for the second process, several times longer than it needs."""

_lock = threading.Lock()
_process: list[subprocess.Popen[bytes] | None] = []


def begin(kinds: Iterable[str] = ()) -> None:
    """Start the second process, once, if kernels are missing in the cache and there is more than one core.

    `kinds` are the kinds of layers of the first network.
    """
    with _lock:
        if not _process:
            named = sorted(kinds)
            _process.append(_start(named) if _is_worthwhile(named) else None)


def wait(check_cancelled: Callable[[], None]) -> None:
    """Wait for the second process, if there is one, and compile the kernels of `deferred` in this process.

    `check_cancelled` is called repeatedly and may raise an exception. Kernels that are still missing afterwards are
    compiled when they are called.
    """
    end = time.monotonic() + _LONGEST_SECONDS
    while _process and _process[0] is not None and _process[0].poll() is None and time.monotonic() < end:
        check_cancelled()
        compile_deferred()
        time.sleep(_POLL_SECONDS)


def compile_deferred() -> None:
    """Compile the kernels of `deferred` in this process, unless they are compiled already."""
    for kernel, arguments in deferred():
        if not (config.DISABLE_JIT or kernel.signatures):
            kernel.compile(arguments)


def loaded() -> int:
    """Return the number of kernels of dense networks that can be loaded from the cache; compiles none."""
    chosen = (*signatures(), *deferred())
    return sum(kernel._cache.load_overload(types, kernel.targetctx) is not None for kernel, types in chosen)


def _is_worthwhile(kinds: Sequence[str] = ()) -> bool:
    return not (config.DISABLE_JIT or _marker(kinds).exists()) and (os.cpu_count() or 1) > 1 and bool(sys.executable)


def _marker(kinds: Sequence[str] = ()) -> Path:
    """Return the path of the file that marks the cache as complete for these kinds of layers."""
    others = "".join(f"-{kind}" for kind in kinds if kind in _shipped() and late_kernels([kind]))
    return Path(config.CACHE_DIR) / f"ahead-{loaded_engine()}{others}"


def _shipped() -> Mapping[str, LayerKind]:
    """Return the kinds of layers whose kernels the cache holds, which those of plug-ins are not."""
    return {name: row for name, row in LAYERS.items() if plugin_of("layer", name) is None}


def _start(kinds: Sequence[str]) -> subprocess.Popen[bytes] | None:
    variables, silent = {"NUMBA_CACHE_DIR": config.CACHE_DIR}, subprocess.DEVNULL
    pipes = {"stdin": subprocess.PIPE, "stdout": silent, "stderr": silent}
    try:  # the pipe closes when this process ends, which ends the second process
        return start_module(__name__, *kinds, variables=variables, **pipes)
    except OSError:
        return None


def late_kernels(kinds: Sequence[str]) -> Sequence[tuple[Any, tuple[Any, ...]]]:
    """Return the kernels of these kinds of layers that the first process reaches last, with their argument types."""
    rows = [row for name, row in _shipped().items() if name in kinds]
    found = [kernels_of(row, np.dtype(np.float32)) for row in rows]
    return [kernels[column] for column in (GRADIENT, AGREEMENT, BACKWARD) for kernels in found if column in kernels]


def signatures(kinds: Sequence[str] = ()) -> Sequence[tuple[Any, tuple[Any, ...]]]:
    """Return the kernels that the second process compiles, with their argument types, for float32 networks.

    They take about as long as the kernels that the first process needs to set up and score a run. Kernels of probes
    come first: when the others need the passes through layers, the first process has compiled these into the cache.
    """
    network = pass_types(np.dtype(np.float32))
    vector, labels = float32[::1], int64[::1]
    arrays, schedule = probe_types()
    training = (*network, *training_types(np.dtype(np.float32)))
    return (
        *late_kernels(kinds),
        *_probe_kernels(),
        (train_steps, (*training, int64, labels, int64, float64[::1], vector, float64[:, ::1], schedule)),
        (probe, (*network, training[-1], int64, vector, int64, arrays)),
    )


def _probe_kernels() -> Sequence[tuple[Any, tuple[Any, ...]]]:
    """Return the kernels that only probes call."""
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
    """Return the kernels that are first needed at the end of a run; the first process compiles them while it waits."""
    network, vector = pass_types(np.dtype(np.float32)), float32[::1]
    return ((outputs, (*network, vector, int64[::1], int64, types.boolean, int64, vector)),)


def _end_with_parent() -> None:
    """End this process when the process that started it ends."""
    os.read(0, 1)
    os._exit(1)


def main() -> None:
    """Compile the kernels into the cache."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    kinds = sys.argv[1:]
    for kernel, arguments in signatures(kinds):
        kernel.compile(arguments)
    if is_engine_known():  # otherwise nothing was stored
        _marker(kinds).touch()


if __name__ == "__main__":
    main()
