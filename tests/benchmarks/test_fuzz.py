"""Mutated files are read or refused with an error that names them; a long search is `python -m benchmarks.fuzz`."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.fuzz.__main__ import cases, corpus, failure_of
from benchmarks.fuzz.targets import TARGETS

CASES = {"study": 6, "forged": 15, "stored": 15}
"""Number of cases of the slow targets."""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", TARGETS)
def test_mutated_files_are_read_or_refused(tmp_path: Path, name: str) -> None:
    for number, files in cases(TARGETS[name], 17, CASES.get(name, 30)):
        assert failure_of(TARGETS[name], number, files, tmp_path / str(number)) is None


@pytest.mark.parametrize("name", TARGETS)
def test_the_corpus_is_valid(tmp_path: Path, name: str) -> None:
    for number, files in enumerate(corpus(TARGETS[name])):
        for file, content in files.items():
            path = tmp_path / str(number) / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        TARGETS[name].read(tmp_path / str(number))


def test_a_case_is_repeated_by_its_number() -> None:
    first, second = (list(cases(TARGETS["data"], 1, 5)) for _ in range(2))
    assert first == second
