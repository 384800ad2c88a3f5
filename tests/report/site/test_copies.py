"""Copies of reports in a site: without links, beside files of the user, and whole after any fault."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reportgen import disk
from reportgen.errors import ResultsError, StoreError, UsageError
from reportgen.paths import JOURNAL
from reportgen.report.publish.manifest import checksums, write_manifest
from reportgen.report.publish.replacement import recover
from reportgen.report.site.course import make_course
from reportgen.report.site.pages import write_site
from tests.disk_faults import KILL, Killed, each_fault, tree
from tests.report.finished_reports import report


def test_links_in_a_report_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secrets"
    secret.mkdir()
    (secret / "passwords.txt").write_text("secret", encoding="utf-8")
    folder = report(tmp_path / "in" / "a")
    (folder / "a.pdf").unlink()
    (folder / "a.pdf").symlink_to(secret / "passwords.txt")
    (folder / "figures" / "more.svg").symlink_to(secret / "passwords.txt")
    (folder / "more").symlink_to(secret)
    (folder / "figures" / "up").symlink_to(tmp_path)
    write_site([folder], tmp_path / "out")
    copied = sorted(path.relative_to(tmp_path / "out" / "a").as_posix() for path in (tmp_path / "out/a").rglob("*"))
    assert copied == ["figures", "figures/loss curves.svg", "index.html", "results.json"]
    assert "a.pdf" not in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["index.html", "results.json"])
def test_a_file_that_changes_after_its_check_is_not_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    folder = report(tmp_path / "in" / "a")
    write_manifest(folder, checksums(folder, ["index.html", "results.json"]))
    refuse_after_reading(folder, tmp_path, monkeypatch, lambda: (folder / name).write_bytes(b"{}"), name)


def test_a_report_that_is_written_again_after_its_check_is_not_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = report(tmp_path / "in" / "a")
    write_manifest(folder, checksums(folder, ["index.html", "results.json"]))

    def write_again() -> None:
        shutil.rmtree(folder)
        report(folder, claims=[])
        write_manifest(folder, checksums(folder, ["index.html", "results.json"]))

    refuse_after_reading(folder, tmp_path, monkeypatch, write_again, "results.json")


def refuse_after_reading(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[], object], name: str
) -> None:
    """Make a site of a report that changes after it was read, which must be refused."""

    def course(*given: Any) -> Any:
        made = make_course(*given)
        change()
        return made

    monkeypatch.setattr("reportgen.report.site.pages.make_course", course)
    with pytest.raises(ResultsError) as caught:
        write_site([folder], tmp_path / "out")
    assert (caught.value.code, caught.value.where) == ("results-changed", str(folder / name))
    assert tree(tmp_path / "out") == {}


def test_a_copy_does_not_replace_a_report_behind_a_link(tmp_path: Path) -> None:
    report(tmp_path / "in" / "a")
    other = report(tmp_path / "other" / "a")
    before = tree(other)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a").symlink_to(other)
    with pytest.raises(StoreError) as caught:
        write_site([tmp_path / "in"], tmp_path / "out")
    assert caught.value.code == "path-occupied"
    assert tree(other) == before


@pytest.mark.parametrize("name", ["index.html", "lectures.html", "claims.csv", "manifest.json"])
def test_a_file_of_the_user_in_the_place_of_a_page_is_refused(tmp_path: Path, name: str) -> None:
    report(tmp_path / "in" / "a")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        write_site([tmp_path / "in"], tmp_path / "out")
    assert (caught.value.code, caught.value.where) == ("path-occupied", str(tmp_path / "out" / name))
    assert tree(tmp_path / "out") == {name: b"mine"}


def test_files_that_a_report_no_longer_has_are_removed_from_its_copy(tmp_path: Path) -> None:
    folder = report(tmp_path / "in" / "a")
    write_manifest(folder, checksums(folder, ["index.html", "a.pdf"]))
    write_site([folder], tmp_path / "out")
    (tmp_path / "out" / "a" / "notes.txt").write_text("mine", encoding="utf-8")
    (folder / "a.pdf").unlink()
    write_manifest(folder, checksums(folder, ["index.html"]))
    write_site([folder], tmp_path / "out")
    names = {path.name for path in (tmp_path / "out" / "a").iterdir()}
    assert names == {"figures", "index.html", "manifest.json", "notes.txt", "results.json"}


def test_a_site_is_the_former_or_the_new_one_after_a_fault_at_any_disk_operation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report(tmp_path / "in" / "a")
    write_site([tmp_path / "in"], tmp_path / "former")
    (tmp_path / "in" / "a" / "index.html").write_text("another page", encoding="utf-8")
    shutil.copytree(tmp_path / "former", tmp_path / "new")
    write_site([tmp_path / "in"], tmp_path / "new", "Another title")
    whole = [tree(tmp_path / "former"), tree(tmp_path / "new")]
    out, count = tmp_path / "out", 0
    shutil.copytree(tmp_path / "former", out)
    faults = each_fault(monkeypatch, (KILL, "ENOSPC"), lambda: write_site([tmp_path / "in"], out, "Another title"), 3)
    for fault, _, raised in faults:
        assert raised is None or isinstance(raised, Killed if fault == KILL else (StoreError, UsageError)), raised
        with monkeypatch.context() as patch:
            patch.setattr(disk, "_abandoned", lambda path: True)
            recover(out)
            disk.remove_abandoned(out)
        assert tree(out) in whole
        count += 1
        shutil.rmtree(out)
        shutil.copytree(tmp_path / "former", out)
    assert count > 20


def test_the_next_index_repairs_a_site_whose_writer_was_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report(tmp_path / "in" / "a")
    former, out = tmp_path / "former", tmp_path / "out"
    write_site([tmp_path / "in"], former)
    (tmp_path / "in" / "a" / "index.html").write_text("another page", encoding="utf-8")
    shutil.copytree(former, out)
    mixtures = 0
    for _ in each_fault(monkeypatch, (KILL,), lambda: write_site([tmp_path / "in"], out, "Another title"), 2):
        mixtures += (out / JOURNAL).exists()
        left = {path.name for path in tmp_path.rglob(f"{disk.PREFIX}*")}
        with monkeypatch.context() as patch:
            patch.setattr(disk, "_abandoned", lambda path, left=left: path.name in left)  # the process has ended
            write_site([tmp_path / "in"], out, "Another title")
        assert "Another title" in (out / "index.html").read_text("utf-8")
        assert not (out / JOURNAL).exists()
        shutil.rmtree(out)
        shutil.copytree(former, out)
    assert mixtures > 3
