"""Ctrl-C, SIGTERM and SIGHUP at any time end with their own exit codes, also if a library drops the interruption."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from reportgen.cli import app, batch
from reportgen.workflow.events import ProgressListener
from tests.cli.test_main import run
from tests.rates import write_study

SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143), *([(signal.SIGHUP, 129)] if os.name != "nt" else [])]

posix = pytest.mark.skipif(os.name == "nt", reason="sends signals the POSIX way")

VERB = """
import atexit, sys, threading, time
from reportgen.cli import doctor, main as cli

class Destructor:
    def __del__(self):
        print("ready", flush=True)
        time.sleep(60)

def work():
    try:
        print("ready", flush=True)
        time.sleep(60)
    except KeyboardInterrupt:
        {handled}

def destroy():
    Destructor()
    time.sleep(60)

class SlowThread(threading.Thread):
    def start(self):
        super().start()
        time.sleep(0.2)

def destroy_on_a_busy_machine():
    cli.threading.Thread = SlowThread
    destroy()

def end():
    print("ready", flush=True)
    time.sleep(60)

doctor.examine = {work}
if sys.argv[1:] == ["list"]:
    atexit.register(end)
cli.main()
"""


def interrupted(number: int, verb: str, handled: str = "pass", work: str = "work") -> tuple[int, str]:
    """Send a signal to a verb when it says that it is ready; return its exit code and what it printed to stderr."""
    call = [sys.executable, "-c", VERB.format(handled=handled, work=work), verb]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(call, text=True, **pipes) as process:  # type: ignore[call-overload]
        while process.stdout.readline() != "ready\n":
            assert process.poll() is None
        process.send_signal(number)
        return process.wait(60), process.stderr.read()


@posix
@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize(("number", "code"), SIGNALS)
@pytest.mark.parametrize(
    ("handled", "says"),
    [
        ("raise", "Interrupted."),
        ("return [(True, 'a machine')]", "Interrupted, but all work is done."),
        ("raise RuntimeError('of a library')", "Interrupted."),
    ],
)
def test_a_signal_has_its_exit_code_whatever_becomes_of_its_exception(
    number: int, code: int, handled: str, says: str
) -> None:
    assert interrupted(number, "doctor", handled) == (code, f"{says}\n")


@posix
@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize(("number", "code"), SIGNALS)
@pytest.mark.parametrize("work", ["destroy", "destroy_on_a_busy_machine"])
def test_a_signal_during_a_destructor_is_not_forgotten(number: int, code: int, work: str) -> None:
    assert interrupted(number, "doctor", work=work) == (code, "Interrupted.\n")


@posix
@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("number", [number for number, _ in SIGNALS])
def test_a_signal_after_the_end_of_the_work_changes_nothing(number: int) -> None:
    assert interrupted(number, "list") == (0, "")


@posix
@pytest.mark.parametrize("number", [int(number) for number, _ in SIGNALS])
def test_an_ignored_signal_stays_ignored(number: int) -> None:
    ignoring = f"import signal; signal.signal({number}, signal.SIG_IGN)\n"
    code = f"{ignoring}{VERB.format(handled='pass', work='work')}".replace(
        "time.sleep(60)", f"signal.raise_signal({number})"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, "list"], capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.fixture
def interruptions() -> Iterator[list[int]]:
    """The signals that have interrupted this process, without those of a test."""
    yield app.interruptions
    app.interruptions.clear()


@pytest.mark.slow
@pytest.mark.parametrize("options", [("-f", "json"), ("--shard", "1/1")])
def test_a_study_after_a_dropped_interruption_is_not_begun(
    training, capsys, monkeypatch, interruptions, options
) -> None:
    write_study("pack/a.yaml")
    write_study("pack/b.yaml")

    def train(*arguments):
        interruptions.append(signal.SIGINT)
        return training.train(*arguments)

    monkeypatch.setattr("reportgen.runs.executors.train", train)
    code, _, err = run(capsys, "run", "pack", *options)
    assert (code, len(training.trained)) == (130, 6)
    assert err.splitlines()[-1].startswith("Interrupted. ")


def test_an_error_of_a_library_after_an_interruption_is_the_interruption(interruptions) -> None:
    def make(request, listener):
        interruptions.append(signal.SIGINT)
        raise RuntimeError("in place of KeyboardInterrupt")

    with pytest.raises(KeyboardInterrupt):
        batch.run_one(None, make, ProgressListener())
