"""The entry point `python -m reportgen`."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from reportgen.cli.main import invoke
from tests.rates import write_study

INTERRUPTED_IMPORT = """
import signal, sys

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == "reportgen.cli.main":
            try:
                signal.raise_signal(signal.SIGINT)
            finally:  # a second one during the handling of the first
                signal.raise_signal(signal.SIGINT)

from reportgen.__main__ import main
sys.meta_path.insert(0, Interrupting())
main()
"""


@pytest.mark.usefixtures("interruptible")
def test_an_interruption_during_the_imports_shows_no_traceback():
    command = [sys.executable, "-c", INTERRUPTED_IMPORT]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr.splitlines()) == (130, ["Interrupted."])


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps the current folder")
@pytest.mark.parametrize("verb", ["run", "check", "render", "index"])
def test_a_deleted_current_folder_is_one_sentence(verb, tmp_path, monkeypatch, capsys):
    study = tmp_path / "rates.yaml"
    write_study(study)
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    try:
        assert invoke([verb, "." if verb == "index" else str(study)]) == 2
    finally:
        os.chdir(tmp_path)
    printed = capsys.readouterr().err.splitlines()
    assert len([line for line in printed if line.startswith("reportgen: ")]) == 1
    assert not [line for line in printed if "Traceback" in line]


@pytest.mark.parametrize("verb", ["run", "check", "index", "verify", "diagnose"])
def test_a_name_that_is_too_long_for_a_file_is_an_error_without_traceback(verb, capsys):
    assert invoke([verb, "a" * 5000]) in (2, 3)  # 3 if the system allows such names: a missing study
    printed = capsys.readouterr().err
    assert printed.startswith("reportgen: ")
    assert printed.count("\n") == 1
