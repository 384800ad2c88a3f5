"""A folder contains the former report or the new one, whatever happens while files are replaced."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.alterations import CHANGES, Change
from reportgen import disk
from reportgen.errors import ResultsError, StoreError
from reportgen.paths import JOURNAL
from reportgen.report.publish import replacement
from reportgen.report.publish.manifest import read_manifest, write_manifest
from reportgen.report.publish.publisher import publish_files
from reportgen.report.publish.replacement import exclusive, recover, refuse_unfinished
from tests.disk_faults import FAULTS, KILL, Killed, each_fault, tree

pytestmark = pytest.mark.slow

FORMER = {"index.html": "old page", "figures/a.svg": "old", "figures/gone.svg": "old", "results.json": '{"runs": [1]}'}
SHA_OF_SECRET = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"
NEW = {"index.html": "new page", "figures/a.svg": "new", "tables/b.csv": "new", "results.json": '{"runs": [2]}'}


def publish(folder: Path, files: dict[str, str]) -> None:
    def write(staged: Path, final: Path) -> None:
        for name, text in files.items():
            (staged / name).parent.mkdir(exist_ok=True)
            (staged / name).write_text(text, encoding="utf-8")

    publish_files(folder, write, lambda final: final, "results.json")


@pytest.fixture
def former(tmp_path: Path) -> Path:
    """A folder with the former report and a file of the user."""
    folder = tmp_path / "former"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    publish(folder, FORMER)
    return folder


@pytest.fixture
def new(former: Path, tmp_path: Path) -> Path:
    """The same folder with the new report."""
    shutil.copytree(former, tmp_path / "new")
    publish(tmp_path / "new", NEW)
    return tmp_path / "new"


def sweep_all(patching: pytest.MonkeyPatch, folder: Path) -> None:
    """Do what the next start does, when the process of the last one is gone."""
    with patching.context() as patch:
        patch.setattr(disk, "_abandoned", lambda path: True)
        recover(folder)
        disk.remove_abandoned(folder)


def mixtures(
    patching: pytest.MonkeyPatch, former: Path, new: Path, act: Callable[[Path], None], faults: tuple[str, ...]
) -> tuple[int, int]:
    """Return the number of faults, and of those after which the folder is neither report as a whole."""
    whole = [tree(former), tree(new)]
    folder, count, mixed = former.with_name("tried"), 0, 0
    shutil.copytree(former, folder)
    for fault, _, raised in each_fault(patching, faults, lambda: act(folder)):
        assert raised is None or isinstance(raised, Killed if fault == KILL else StoreError), raised
        sweep_all(patching, folder)
        count += 1
        mixed += tree(folder) not in whole
        shutil.rmtree(folder)
        shutil.copytree(former, folder)
    return count, mixed


def test_a_report_is_the_former_or_the_new_one_after_a_fault_at_any_disk_operation(
    former: Path, new: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count, mixed = mixtures(monkeypatch, former, new, lambda folder: publish(folder, NEW), FAULTS)
    assert count > 4 * 40
    assert mixed == 0


def test_the_faults_expose_files_that_are_replaced_one_by_one(
    former: Path, new: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: the test above proves nothing if renames without a journal pass it too."""

    def one_by_one(folder: Path) -> None:
        for name, content in tree(new).items():
            (folder / name).parent.mkdir(exist_ok=True)
            disk.replace_file(folder / name, content)
        (folder / "figures" / "gone.svg").unlink()

    assert mixtures(monkeypatch, former, new, one_by_one, (KILL,))[1] > 0


def test_a_first_report_is_whole_or_absent(new: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    full = tmp_path / "full"
    full.mkdir()
    publish(full, NEW)
    assert mixtures(monkeypatch, empty, full, lambda folder: publish(folder, NEW), (KILL, "EIO"))[1] == 0


@pytest.mark.parametrize("locked", ["figures/a.svg", "results.json", "figures/gone.svg"])
def test_a_file_that_cannot_be_replaced_leaves_the_former_report(
    former: Path, monkeypatch: pytest.MonkeyPatch, locked: str
) -> None:
    before = tree(former)
    monkeypatch.setattr(disk, "BUSY_SECONDS", 0.0)

    def denied(original: Callable[..., None]) -> Callable[..., None]:
        def move(*paths: Path, **options: object) -> None:
            if former / locked in map(Path, paths):
                raise PermissionError(13, "locked by a viewer", str(former / locked))
            original(*paths, **options)

        return move

    for name in ("replace", "rename", "unlink"):
        monkeypatch.setattr(os, name, denied(getattr(os, name)))
    with pytest.raises(StoreError) as caught:
        publish(former, NEW)
    assert (caught.value.code, caught.value.where) == ("not-writable", str(former / locked))
    assert tree(former) == before


@pytest.fixture
def killed(former: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder after a kill between the first and the last file."""
    moved = []

    def replace(source: Path, target: Path) -> None:
        moved.append(target)
        if len(moved) > 3:
            raise Killed
        shutil.move(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(disk, "replace_path", replace)
        patch.setattr(replacement.Replacement, "_undo", lambda self, journal, error: None)
        with pytest.raises(Killed):
            publish(former, NEW)
    return former


def test_a_mixture_is_refused_by_readers_and_mended_by_the_next_writer(killed: Path, new: Path) -> None:
    with pytest.raises(ResultsError) as caught:
        refuse_unfinished(killed)
    assert caught.value.code == "unfinished-report"
    publish(killed, NEW)
    refuse_unfinished(killed)
    assert tree(killed) == tree(new)


def test_no_other_process_writes_while_files_are_replaced(former: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replacement, "WAIT_SECONDS", 0.05)
    with exclusive(former):
        refuse_unfinished(former)  # nothing is replaced yet
        with pytest.raises(StoreError) as caught:
            publish(former, NEW)
    assert caught.value.code == "not-writable"
    publish(former, NEW)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("copy", [False, True])
def test_an_altered_journal_leads_to_no_mixture(
    killed: Path, former: Path, new: Path, copy: bool, change: Change
) -> None:
    journal, kept = killed / JOURNAL, next(killed.glob(f"{disk.PREFIX}*/{JOURNAL}"))
    altered = change((kept if copy else journal).read_bytes())
    assert altered is not None
    (kept if copy else journal).write_bytes(altered)
    with pytest.raises(ResultsError):
        refuse_unfinished(killed)
    publish(killed, NEW)
    assert tree(killed) == tree(new)


@pytest.mark.parametrize("change", CHANGES[:3])
def test_a_damaged_journal_without_a_copy_is_an_error_for_readers_and_writers(killed: Path, change: Change) -> None:
    journal, kept = killed / JOURNAL, next(killed.glob(f"{disk.PREFIX}*/{JOURNAL}"))
    kept.unlink()
    journal.write_bytes(change(journal.read_bytes()) or b"")
    before = tree(killed)
    for act in (refuse_unfinished, recover, lambda folder: publish(folder, NEW)):
        with pytest.raises((ResultsError, StoreError)) as caught:
            act(killed)
        assert caught.value.code == "unfinished-report"
    assert tree(killed) == before


@pytest.mark.parametrize("name", ["../secret.txt", "/secret.txt", "link/secret.txt", 3, None])
@pytest.mark.parametrize("has_checksum", [False, True])
def test_a_hostile_journal_changes_nothing_outside_of_its_folder(
    tmp_path: Path, name: object, has_checksum: bool
) -> None:
    folder, outside = tmp_path / "report", tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    for place in (tmp_path, outside):
        (place / "secret.txt").write_text("secret", encoding="utf-8")
    (folder / "link").symlink_to(outside)
    kept = folder / f"{disk.PREFIX}x" / "link"
    kept.mkdir(parents=True)
    (kept / "secret.txt").write_text("replaced", encoding="utf-8")
    added = {name: SHA_OF_SECRET} if isinstance(name, str) else name
    for values in ({"replaced": [name], "added": {}}, {"replaced": [], "added": added}):
        refuse(folder, {"former": kept.parent.name, **values}, has_checksum)
        assert (tmp_path / "secret.txt").read_text(encoding="utf-8") == "secret"
        assert (outside / "secret.txt").read_text(encoding="utf-8") == "secret"


def test_a_journal_whose_former_files_are_a_link_moves_nothing_into_the_folder(tmp_path: Path) -> None:
    folder, outside = tmp_path / "report", tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    (outside / "secret.txt").write_text("secret", encoding="utf-8")
    (folder / f"{disk.PREFIX}x").symlink_to(outside)
    refuse(folder, {"former": f"{disk.PREFIX}x", "replaced": ["secret.txt"], "added": {}}, has_checksum=True)
    assert (outside / "secret.txt").exists()
    assert not (folder / "secret.txt").exists()


def test_nothing_is_replaced_or_removed_through_a_link(former: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("secret", encoding="utf-8")
    (former / "notes").symlink_to(outside)
    files = (read_manifest(former) or {}) | {"notes/secret.txt": SHA_OF_SECRET}
    write_manifest(former, files)
    publish(former, NEW)
    assert (former / "index.html").read_text(encoding="utf-8") == "new page"
    assert (outside / "secret.txt").read_text(encoding="utf-8") == "secret"
    staged = tmp_path / "staged"
    (staged / "notes").mkdir(parents=True)
    (staged / "notes" / "secret.txt").write_text("replaced", encoding="utf-8")
    with pytest.raises(StoreError) as caught, exclusive(former) as replacement:
        replacement.replace(staged, removed=["index.html"])
    assert caught.value.code == "path-occupied"
    assert (outside / "secret.txt").read_text(encoding="utf-8") == "secret"
    assert (former / "index.html").exists()
    with exclusive(former) as replacement:
        (staged / "notes" / "secret.txt").unlink()
        replacement.replace(staged, removed=["notes/secret.txt"])
    assert (outside / "secret.txt").exists()


def refuse(folder: Path, values: dict[str, object], has_checksum: bool) -> None:
    """Recover a folder with a hostile journal, which must be refused."""
    content = json.loads(json.dumps(values))
    more = {"checksum": disk.checksum(content)} if has_checksum else {}
    (folder / JOURNAL).write_text(json.dumps(content | more), encoding="utf-8")
    with pytest.raises(StoreError) as caught:
        recover(folder)
    assert caught.value.code == "unfinished-report"
