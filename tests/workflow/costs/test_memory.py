"""Memory of this process: the least of the machine and of the control groups around the process."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.workflow.costs import memory

GIB = 2**30


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the control groups of a machine with 64 GiB."""
    monkeypatch.setattr(memory, "CGROUPS", tmp_path)
    monkeypatch.setattr(memory, "OWN", tmp_path / "own")
    monkeypatch.setattr(memory.os, "sysconf", lambda name: {"SC_PAGE_SIZE": 4096}.get(name, 2**24))
    return tmp_path


def limit(folder: Path, name: str, text: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"{text}\n", encoding="ascii")


def test_the_machine_has_the_memory_without_a_limit(groups: Path) -> None:
    assert memory.machine_bytes() == 64 * GIB
    (groups / "own").write_text("0::/a/b\n", encoding="utf-8")
    limit(groups / "a" / "b", "memory.max", "max")
    assert memory.machine_bytes() == 64 * GIB


@pytest.mark.parametrize("place", [".", "a", "a/b"])
def test_a_group_or_one_around_it_limits_the_memory(groups: Path, place: str) -> None:
    (groups / "own").write_text("0::/a/b\n", encoding="utf-8")
    limit(groups / place, "memory.max", 2 * GIB)
    assert memory.machine_bytes() == 2 * GIB


def test_groups_of_version_1_limit_the_memory(groups: Path) -> None:
    (groups / "own").write_text("5:cpu:/\n4:memory:/docker/x\n", encoding="utf-8")
    limit(groups / "memory", "memory.limit_in_bytes", 3 * GIB)
    limit(groups / "memory" / "docker" / "x", "memory.limit_in_bytes", 9223372036854771712)
    assert memory.machine_bytes() == 3 * GIB


def test_damaged_files_of_the_system_are_no_limit(groups: Path) -> None:
    (groups / "own").write_text("\n:\nmemory\n0::\n", encoding="utf-8")
    limit(groups, "memory.max", "-5")
    assert memory.machine_bytes() == 64 * GIB
