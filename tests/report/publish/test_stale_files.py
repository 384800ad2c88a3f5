"""Files of a former report are removed if its results differ; files of the user always stay."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from reportgen.report.publish.manifest import changed_files, checksums, read_manifest, read_origin
from reportgen.report.publish.stale_files import stale_files
from reportgen.workflow.events import ProgressListener
from reportgen.workflow.run import render_study, run_study

pytestmark = pytest.mark.slow

STUDY = """
title: Two widths
question: Which?
data: {name: moons, samples: 60}
network: {hidden: [4]}
training: {epochs: 1}
vary: {network.hidden: [[3], [5]]}
seeds: 2
figures: [loss_curves]
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small study and its report in all formats."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "widths.yaml").write_text(STUDY, encoding="utf-8")
    run_study(folder / "widths.yaml", output=folder / "reports")
    return folder


@pytest.fixture
def study(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the report in reports/widths, in a working folder with its study."""
    shutil.copytree(made, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    return Path("reports/widths")


def inside(folder: Path) -> list[str]:
    """Return the names in a report's folder without the stored runs and the manifest."""
    return sorted(path.name for path in folder.iterdir() if path.name not in ("runs", "manifest.json"))


def test_the_manifest_lists_every_file_of_the_report_with_its_checksum(study: Path) -> None:
    files = [path.relative_to(study).as_posix() for path in study.rglob("*") if path.is_file()]
    listed = [name for name in files if name != "manifest.json" and not name.startswith("runs/")]
    assert read_manifest(study) == checksums(study, listed)


def test_every_altered_file_is_named_and_written_again(study: Path) -> None:
    written = read_manifest(study) or {}
    names = [name for name in written if not name.startswith("tables/")]
    assert {"index.html", "widths.pdf", "figures/loss_curves.png", "embed/figures.tex", "study.yaml"} <= set(names)
    for name in names:
        (study / name).write_bytes((study / name).read_bytes() + b" ")
    notices: list[str] = []
    listener = ProgressListener()
    listener.notice = notices.append  # type: ignore[method-assign]
    run_study("widths.yaml", listener=listener)
    assert sorted(notice.partition(": ")[0] for notice in notices) == sorted(str(study / name) for name in names)
    assert changed_files(study) == []


def test_a_manifest_that_was_altered_is_none(study: Path) -> None:
    path = study / "manifest.json"
    path.write_text(path.read_text("utf-8").replace('"runs": 4', '"runs": 5'), encoding="utf-8")
    assert (read_manifest(study), read_origin(study), changed_files(study)) == (None, None, ["manifest.json"])


def test_new_results_remove_the_files_that_show_the_former_ones(study: Path) -> None:
    (study / "notes.txt").write_text("mine", encoding="utf-8")
    (study / "copy.pdf").write_bytes((study / "widths.pdf").read_bytes())
    (study / "figures" / "mine.svg").write_text("<svg/>", encoding="utf-8")
    run_study("widths.yaml", overrides={"seeds": 3}, formats=["json"])
    assert inside(study) == ["copy.pdf", "figures", "notes.txt", "results.json", "study.yaml", "tables"]
    assert [path.name for path in (study / "figures").iterdir()] == ["mine.svg"]


def test_a_page_and_a_pdf_that_the_user_changed_stay(study: Path) -> None:
    (study / "index.html").write_text("<title>mine</title>", encoding="utf-8")
    (study / "widths.pdf").write_bytes(b"%PDF-1.7 stream\nmine")
    run_study("widths.yaml", overrides={"seeds": 3}, formats=["json"])
    assert {"index.html", "widths.pdf"} <= set(inside(study))


def test_the_same_results_in_another_format_keep_the_other_formats(study: Path) -> None:
    before = inside(study)
    for format_ in ("json", "html", "kit"):
        render_study("widths.yaml", formats=[format_])
        assert inside(study) == before
    assert json.loads((study / "results.json").read_text(encoding="utf-8"))["figures"]


def test_new_results_in_one_format_remove_the_other_formats(study: Path) -> None:
    run_study("widths.yaml", overrides={"seeds": 3}, formats=["html"])
    assert inside(study) == ["index.html", "results.json", "study.yaml", "tables"]


def test_a_file_of_the_user_inside_a_folder_of_the_report_stays(study: Path) -> None:
    own = [study / folder / "mine.txt" for folder in ("tables", "figures", "embed")]
    for path in own:
        path.write_text("mine", encoding="utf-8")
    run_study("widths.yaml", overrides={"seeds": 3}, formats=["json", "kit"])
    assert [path.read_text(encoding="utf-8") for path in own] == ["mine"] * 3


def test_snippets_and_figures_that_the_user_changed_stay(study: Path) -> None:
    changed = ("embed/report.md", "embed/figures.tex", "figures/loss_curves.svg", "figures/loss_curves.csv")
    for name in changed:
        (study / name).write_text("mine", encoding="utf-8")
    run_study("widths.yaml", overrides={"seeds": 3}, formats=["html"])
    left = {f"{folder}/{path.name}" for folder in ("embed", "figures") for path in (study / folder).iterdir()}
    assert left == set(changed)


def test_files_that_stayed_after_a_render_are_removed_with_later_results(study: Path) -> None:
    render_study("widths.yaml", formats=["json"])
    run_study("widths.yaml", overrides={"seeds": 3}, formats=["json"])
    assert inside(study) == ["results.json", "study.yaml", "tables"]


def test_a_figure_that_the_study_no_longer_names_is_removed(study: Path) -> None:
    run_study("widths.yaml", overrides={"figures": ["accuracy_curves"]}, formats=["kit"])
    assert {path.stem.removesuffix("-dark") for path in (study / "figures").iterdir()} == {"accuracy_curves"}


def test_a_report_without_a_manifest_is_known_by_its_results(study: Path) -> None:
    (study / "manifest.json").unlink()
    (study / "copy.pdf").write_bytes((study / "widths.pdf").read_bytes())
    (study / "figures" / "mine.svg").write_text("<svg/>", encoding="utf-8")
    run_study("widths.yaml", overrides={"seeds": 3}, formats=["json"])
    assert inside(study) == ["copy.pdf", "figures", "results.json", "study.yaml", "tables"]
    assert [path.name for path in (study / "figures").iterdir()] == ["mine.svg"]


OURS = '{"format": "reportgen-results", '
LISTED = '{"format": "reportgen-manifest", "version": 1, "files": '


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("results.json", "{"),
        ("results.json", "[1]"),
        ("results.json", OURS + '"figures": 3, "study": 4}'),
        ("results.json", OURS + '"figures": [{"id": "../../notes"}], "study": {"id": "../notes"}}'),
        ("results.json", OURS + '"figures": [{"id": "mine/x"}], "study": {"id": "mine/x"}}'),
        ("results.json", OURS + '"study": {"id": "\\ud800\\u0000"}}'),
        ("results.json", '{"figures": [{"id": "x"}]}'),
        ("manifest.json", "{"),
        ("manifest.json", LISTED + "3}"),
        ("manifest.json", LISTED + '{"../notes.pdf": "SHA256", "/notes.pdf": 1, "figures/x.svg": null}}'),
        ("manifest.json", '{"files": {"figures/x.svg": "SHA256"}}'),
    ],
)
def test_a_damaged_or_foreign_file_in_the_place_of_ours_removes_nothing(tmp_path: Path, name: str, text: str) -> None:
    folder, staged = tmp_path / "a", tmp_path / "new"
    (folder / "figures" / "mine").mkdir(parents=True)
    staged.mkdir()
    own = [tmp_path / "notes.csv", tmp_path / "notes.pdf", *(folder / "figures" / at for at in ("x.svg", "mine/x.svg"))]
    for path in own:
        path.write_text("mine", encoding="utf-8")
    checksum = checksums(tmp_path, ["notes.pdf"])["notes.pdf"]
    (folder / name).write_text(text.replace("SHA256", checksum), encoding="utf-8")
    (staged / "results.json").write_text('{"runs": []}', encoding="utf-8")
    assert stale_files(folder, staged) == []
    assert all(path.read_text(encoding="utf-8") == "mine" for path in own)
