"""The identity of a program that trains."""

from __future__ import annotations

import pickle
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from reportgen.engine.jit.python_process import ROOT
from reportgen.errors import MissingError
from reportgen.runs import identity as module
from reportgen.runs.identity import check_identity, identity, refuse_other_identity


def test_the_same_program_has_the_same_identity():
    refuse_other_identity(pickle.loads(pickle.dumps(identity())))
    check_identity(identity())


@pytest.mark.parametrize("change", [{"engine": 0}, {"sources": "other"}, {"numpy": "0"}, {"reportgen": "0"}])
def test_another_engine_or_library_is_refused_and_named(change):
    with pytest.raises(MissingError) as caught:
        refuse_other_identity(replace(identity(), **change))
    assert caught.value.code == "worker-differs"
    assert (change.get("numpy") or "") in caught.value.message


@pytest.mark.parametrize("answer", [ModuleNotFoundError("no reportgen"), AttributeError("identity"), "text"])
def test_a_worker_that_cannot_say_its_identity_is_refused(answer):
    with pytest.raises(MissingError) as caught:
        check_identity(answer)
    assert caught.value.code == "worker-differs"


def test_another_error_of_a_worker_is_raised_as_it_is():
    with pytest.raises(ZeroDivisionError):
        check_identity(ZeroDivisionError())


@pytest.mark.parametrize("folder", ["data", "engine", "runs"])
def test_source_code_that_changes_while_it_is_loaded_has_no_identity(folder, monkeypatch):
    changed = module.loaded_sources() | {folder: "changed"}
    monkeypatch.setattr(module, "_identity", module._identity.__wrapped__)
    monkeypatch.setattr(module, "training_sources", lambda: changed)
    with pytest.raises(MissingError) as caught:
        identity()
    assert caught.value.code == "worker-differs"


PROGRAM = """
import sys
from pathlib import Path
from reportgen.runs.identity import identity
before = identity()
package = Path(sys.argv[1])
for name in ("runs/executors.py", "engine/run.py", "data/split.py"):
    (package / name).write_text("raise RuntimeError('replaced')")
for path in [path for folder in ("data", "engine", "runs") for path in sorted((package / folder).rglob("*.py"))]:
    parts = path.relative_to(package.parent).with_suffix("").parts
    __import__(".".join(parts).removesuffix(".__init__"))
from reportgen.runs.executors import train_job
assert identity() == before
"""


@pytest.mark.slow
def test_a_process_has_loaded_all_code_of_its_identity(tmp_path: Path):
    """An upgrade of the installation changes neither what it trains with nor what it says."""
    shutil.copytree(ROOT / "reportgen", tmp_path / "reportgen", ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-P", "-c", PROGRAM, str(tmp_path / "reportgen")]
    environment = {"PYTHONPATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "PATH": ""}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
