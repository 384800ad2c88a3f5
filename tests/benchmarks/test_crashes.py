"""Commands that write are stopped at some of their disk operations; benchmarks/crashes.py stops them at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import crashes
from benchmarks.crashes import SCENARIOS, Scenario, try_all
from reportgen.report.publish import replacement

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    crashes.remember(monkeypatch)


@pytest.mark.parametrize(("name", "every", "most"), [("new", 1, 20), ("grade", 23, 8), ("index", 101, 6)])
def test_a_stopped_command_leaves_nothing_half_written(
    monkeypatch: pytest.MonkeyPatch, name: str, every: int, most: int
) -> None:
    counts = try_all(monkeypatch, SCENARIOS[name], every)
    assert counts.wrong == []
    assert counts.tried >= most


@pytest.mark.parametrize(
    ("name", "every"), [("assignment", 61), ("first run", 251), ("second run", 251), ("figures", 401)]
)
def test_a_stopped_run_or_assignment_is_resumed(monkeypatch: pytest.MonkeyPatch, name: str, every: int) -> None:
    counts = try_all(monkeypatch, SCENARIOS[name], every)
    assert counts.wrong == []
    assert counts.tried >= 4


def test_the_faults_expose_a_writer_that_replaces_its_files_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: the tests above prove nothing if a writer without a journal passes them too."""

    def one_by_one(self: replacement.Replacement, staged: Path, removed: object = (), last: object = ()) -> None:
        for path in sorted(staged.rglob("*")):
            target = self._folder / path.relative_to(staged)
            target.mkdir(exist_ok=True) if path.is_dir() else path.replace(target)

    monkeypatch.setattr(replacement.Replacement, "replace", one_by_one)
    grade: Scenario = SCENARIOS["grade"]
    counts = try_all(monkeypatch, grade, 3, (crashes.KILL,))
    assert any(text.startswith("mixture: ") for text in counts.wrong)
