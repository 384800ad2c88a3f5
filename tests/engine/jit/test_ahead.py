"""Kernels compiled ahead are those that runs call."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from reportgen.engine.jit import ahead
from reportgen.engine.train import train
from tests.engine.networks import data, spec


@pytest.mark.skipif(ahead.config.DISABLE_JIT, reason="nothing is compiled")
def test_a_run_uses_only_the_types_that_are_compiled_ahead() -> None:
    everything = (*ahead.signatures(), *ahead.deferred())
    for kernel, arguments in everything:
        kernel.compile(arguments)
    before = {kernel: list(kernel.signatures) for kernel, _ in everything}
    train(spec(), data())
    for kernel, known in before.items():
        assert kernel.signatures == known, kernel.__name__


def test_the_second_process_marks_the_cache(tmp_path, monkeypatch) -> None:
    env = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path), "NUMBA_DISABLE_JIT": "1"}
    code = "from reportgen.engine.jit import ahead; ahead.signatures = lambda kinds: (); ahead.main()"
    with subprocess.Popen([sys.executable, "-c", code], env=env, stdin=subprocess.PIPE) as process:
        assert process.wait(60) == 0
    monkeypatch.setattr(ahead.config, "CACHE_DIR", str(tmp_path))
    assert ahead._marker().exists()
    assert not ahead._is_worthwhile()


def test_the_second_process_ends_with_the_one_that_started_it(tmp_path) -> None:
    """Whatever ends that one, its end of the pipe closes."""
    env = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path), "NUMBA_DISABLE_JIT": "1"}
    busy = "ahead.signatures = lambda kinds: time.sleep(60)"
    code = f"import time; from reportgen.engine.jit import ahead; {busy}; print('ready', flush=True); ahead.main()"
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline().strip() == b"ready"
        process.stdin.close()
        assert process.wait(30) == 1
    assert list(tmp_path.glob("ahead-*")) == []


def test_waiting_returns_without_a_process_and_can_be_cancelled(monkeypatch) -> None:
    class Busy:
        def poll(self) -> None:
            return None

    def stop() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ahead, "_process", [])
    ahead.wait(stop)
    monkeypatch.setattr(ahead, "_process", [Busy()])
    with pytest.raises(KeyboardInterrupt):
        ahead.wait(stop)


def test_waiting_for_a_process_that_hangs_ends(monkeypatch) -> None:
    class Busy:
        def poll(self) -> None:
            return None

    asked: list[int] = []
    monkeypatch.setattr(ahead, "_process", [Busy()])
    monkeypatch.setattr(ahead, "_LONGEST_SECONDS", 0.12)
    ahead.wait(lambda: asked.append(1))
    assert 1 <= len(asked) <= 4


def test_the_second_process_executes_no_module_of_the_current_folder(tmp_path, monkeypatch) -> None:
    (tmp_path / "numpy.py").write_text("open('executed', 'w').close(); raise SystemExit", encoding="utf-8")
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    monkeypatch.setattr(ahead.config, "CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    process = ahead._start(["no such kind"])
    assert process is not None
    assert process.stdin is not None
    with process:
        process.stdin.close()
        process.wait(60)
    assert not (tmp_path / "executed").exists()
