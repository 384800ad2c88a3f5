"""Files that somebody altered are named by the verbs that read them; benchmarks/alterations.py alters all files."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.alterations import REPORT, other_digit, prepare, try_verb, verbs
from tests.clocks import stop_clocks

pytestmark = pytest.mark.slow

VERBS = verbs("json")
EVERY = {"key": 1, "compare": 5, "merge": 5, "diagnose": 11, "grade": 31}
"""How many alterations there are for each one that is tried."""


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a report, its shards and an assignment, which are the current folder; clocks stand still."""
    folder = tmp_path_factory.mktemp("alterations") / "start"
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch, contextlib.chdir(folder):
        stop_clocks(patch)
        prepare("json", "initial_loss")
        yield folder


@pytest.mark.parametrize("name", sorted(VERBS))
def test_an_altered_file_is_named_and_nothing_wrong_passes(start: Path, name: str) -> None:
    counts = try_verb(VERBS[name], every=EVERY.get(name, 19))
    assert counts.wrong == []
    assert counts.tried > 2
    assert counts.named > 0


def test_alterations_pass_unnoticed_without_digests(start: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: the test above proves nothing if a reader that compares no digest passes it too."""
    for module in ("finished", "copies"):
        monkeypatch.setattr(f"reportgen.report.site.{module}.changed_files", lambda folder: [])
    counts = try_verb(replace(VERBS["index"], reads=f"{REPORT}/results.json"), changes=(other_digit,))
    assert any(text.startswith("passed: ") for text in counts.wrong)
