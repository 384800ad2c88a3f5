"""Claims on runs: of several processes and threads, one trains a run; a claim ends with its process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from reportgen.runs.claims import LOCKS, Claims

KEY, OTHER = "0123456789abcdef0123", "fedcba9876543210fedc"

HOLDER = """
import sys
from pathlib import Path
from reportgen.runs.claims import Claims
with Claims(Path(sys.argv[1])) as claims, claims.of(sys.argv[2]) as mine:
    print(mine, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path):
    """Another process that has claimed a run."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path), KEY]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "True\n"
        yield process
        process.kill()


def test_a_run_of_another_process_is_not_granted_until_it_ends(tmp_path: Path, holder) -> None:
    with Claims(tmp_path) as claims:
        with claims.of(KEY) as mine, claims.of(OTHER) as other:
            assert (mine, other) == (False, True)
        holder.kill()
        holder.wait()
        with claims.of(KEY) as mine:
            assert mine


def test_a_run_is_granted_to_one_thread_of_a_process(tmp_path: Path) -> None:
    with Claims(tmp_path) as first, Claims(tmp_path) as second:
        with first.of(KEY) as mine, second.of(KEY) as theirs:
            assert (mine, theirs) == (True, False)
        with second.of(KEY) as theirs:
            assert theirs


def test_the_last_process_leaves_no_file(tmp_path: Path, holder) -> None:
    with Claims(tmp_path) as claims, claims.of(OTHER):
        pass
    assert (tmp_path / LOCKS).exists()
    holder.kill()
    holder.wait()
    with Claims(tmp_path):
        pass
    assert not tmp_path.exists()


def test_claims_are_granted_where_no_file_can_be_locked(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file", encoding="utf-8")
    with Claims(tmp_path / "runs") as claims, claims.of(KEY) as mine:
        assert mine
