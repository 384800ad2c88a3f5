"""What a former report made goes where its results were others; what reportgen did not make stays whatever happens."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from reportgen.report.publish import stale_files as former
from reportgen.workflow.run import render_study, run_study

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
    """A folder with a small study and its report in all formats, made once for all tests."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "widths.yaml").write_text(STUDY, encoding="utf-8")
    run_study(folder / "widths.yaml", output=folder / "reports")
    return folder


@pytest.fixture
def study(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the report, in reports/widths of a working folder that holds its study too."""
    shutil.copytree(made, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    return Path("reports/widths")


def inside(folder: Path) -> list[str]:
    """Return what stands in a folder, without the stored runs."""
    return sorted(path.name for path in folder.iterdir() if path.name != "runs")


def test_new_results_take_away_what_showed_the_former_ones_and_nothing_else(study: Path) -> None:
    (study / "notes.txt").write_text("mine", encoding="utf-8")
    (study / "copy.pdf").write_bytes((study / "widths.pdf").read_bytes())
    (study / "figures" / "mine.svg").write_text("<svg/>", encoding="utf-8")
    run_study("widths.yaml", overrides={"seeds": 3}, formats=["json"])
    assert inside(study) == ["copy.pdf", "figures", "notes.txt", "results.json", "study.yaml", "tables"]
    assert [path.name for path in (study / "figures").iterdir()] == ["mine.svg"]


def test_a_page_and_a_pdf_of_the_users_own_stay(study: Path) -> None:
    (study / "index.html").write_text("<title>mine</title>", encoding="utf-8")
    (study / "widths.pdf").write_bytes(b"%PDF-1.7 stream\nmine")
    run_study("widths.yaml", overrides={"seeds": 3}, formats=["json"])
    assert {"index.html", "widths.pdf"} <= set(inside(study))


def test_the_same_results_in_another_format_leave_the_others_and_the_figures_known(study: Path) -> None:
    before = inside(study)
    for format_ in ("json", "html", "kit"):
        render_study("widths.yaml", formats=[format_])
        assert inside(study) == before
    assert json.loads((study / "results.json").read_text(encoding="utf-8"))["figures"]


def test_one_format_of_new_results_replaces_its_own_and_takes_the_others_away(study: Path) -> None:
    run_study("widths.yaml", overrides={"seeds": 3}, formats=["html"])
    assert inside(study) == ["index.html", "results.json", "study.yaml", "tables"]


OURS = '{"format": "reportgen-results", '


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[1]",
        OURS + '"figures": 3, "study": 4}',
        OURS + '"figures": [{"id": "../../notes"}]}',
        OURS + '"figures": [{"id": "x", "alt": ""}], "study": {"id": "\\ud800", "title": "\\ud800"}}',
        '{"figures": [{"id": "x"}]}',
    ],
)
def test_a_former_results_file_that_is_damaged_or_another_programs_leads_nowhere(tmp_path: Path, text: str) -> None:
    folder, staged = tmp_path / "a" / "b", tmp_path / "a" / "new"
    (folder / "figures").mkdir(parents=True)
    staged.mkdir()
    (folder / "results.json").write_text(text, encoding="utf-8")
    (staged / "results.json").write_text('{"runs": []}', encoding="utf-8")
    (tmp_path / "a" / "notes.csv").write_text("mine", encoding="utf-8")
    (folder / "figures" / "x.svg").write_text("mine", encoding="utf-8")
    former.tidy(folder, staged)
    assert (tmp_path / "a" / "notes.csv").is_file()
    assert (folder / "figures" / "x.svg").is_file()
    assert (folder / "results.json").read_text(encoding="utf-8") == text


def test_snippets_and_figures_of_the_users_own_stay_though_they_bear_the_names_of_ours(study: Path) -> None:
    run_study("widths.yaml", overrides={"seeds": 3}, formats=["html"])
    for name in ("embed/report.md", "embed/figures.tex", "embed/captions.md", "figures/loss_curves.svg"):
        (study / name).parent.mkdir(exist_ok=True)
        (study / name).write_text("mine", encoding="utf-8")
    (study / "figures" / "loss_curves.csv").write_text("mine", encoding="utf-8")
    assert json.loads((study / "results.json").read_text(encoding="utf-8"))["figures"]
    run_study("widths.yaml", formats=["html"])
    assert sorted(path.name for path in (study / "embed").iterdir()) == ["captions.md", "figures.tex", "report.md"]
    assert sorted(path.name for path in (study / "figures").iterdir()) == ["loss_curves.csv", "loss_curves.svg"]


def test_the_kit_is_known_by_its_words_whatever_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    odd = STUDY.replace("Two widths", "'A & B: *two* <widths> # \"x\" | é'").replace("Which?", "'Is $a < b$?'")
    Path("widths.yaml").write_text(odd, encoding="utf-8")
    folder = run_study("widths.yaml", formats=["kit"]).folder
    assert {"embed", "figures"} <= set(inside(folder))
    run_study("widths.yaml", overrides={"seeds": 3}, formats=["html"])
    assert not {"embed", "figures"} & set(inside(folder))
