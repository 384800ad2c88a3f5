"""Copies of the user's data files in a report."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from reportgen.errors import StoreError
from reportgen.report.publish import data_copies
from reportgen.report.publish.data_copies import choose_copies
from reportgen.report.site.pages import write_site
from reportgen.study.loading.loader import load_study
from reportgen.workflow.run import render_study, run_study

STUDY = """
title: T
question: Q
data: {name: csv, path: a/own.csv, target: y, seed: 0}
network: {hidden: [3]}
training: {epochs: 1, batch_size: 16}
seeds: 2
remedies: false
"""
ROWS = "".join(f"{n % 7},{n % 5},{int(n % 7 > 3)}\n" for n in range(60))


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A study with two data files of the same name, of which it uses one."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "own.csv").write_text(f"{name},b,y\n{ROWS}", encoding="utf-8")
    (tmp_path / "s.yaml").write_text(STUDY, encoding="utf-8")
    return tmp_path / "s.yaml"


def report(study: Path) -> Path:
    return run_study(study, output=study.parent / "reports", formats=["json"]).folder


def written(folder: Path) -> dict:
    return yaml.safe_load((folder / "study.yaml").read_text(encoding="utf-8"))


def test_a_report_contains_its_data_and_its_study_names_the_copy(study: Path) -> None:
    folder = report(study)
    assert (folder / "data" / "own.csv").read_bytes() == (study.parent / "a" / "own.csv").read_bytes()
    assert written(folder)["data"]["path"] == "data/own.csv"
    assert render_study(folder / "study.yaml", formats=["json"]).stored == 2


def test_two_files_of_one_name_get_two_names(study: Path) -> None:
    study.write_text(STUDY + "vary: {data.path: [a/own.csv, b/own.csv]}\n", encoding="utf-8")
    folder = report(study)
    assert sorted(path.name for path in (folder / "data").iterdir()) == ["own-2.csv", "own.csv"]
    assert [value["value"] for value in written(folder)["vary"]["data.path"]] == ["data/own.csv", "data/own-2.csv"]
    assert [value["label"] for value in written(folder)["vary"]["data.path"]] == ["a/own.csv", "b/own.csv"]


def test_a_study_can_keep_its_data_out_of_the_report(study: Path) -> None:
    study.write_text(STUDY + "copy_data: false\n", encoding="utf-8")
    folder = report(study)
    assert not (folder / "data").exists()
    assert written(folder)["data"]["path"] == "../../a/own.csv"


def test_data_that_are_too_large_are_left_out_with_a_sentence(study: Path, monkeypatch) -> None:
    size = (study.parent / "a" / "own.csv").stat().st_size
    monkeypatch.setattr(data_copies, "MOST_BYTES", size)
    assert choose_copies(load_study(study)).left_out == ()
    monkeypatch.setattr(data_copies, "MOST_BYTES", size - 1)
    found = run_study(study, output=study.parent / "reports", formats=["json"])
    assert len(found.left_out) == 1
    assert "own.csv" in found.left_out[0]
    assert not (found.folder / "data").exists()


def test_a_file_of_the_user_is_not_replaced_by_a_copy(study: Path) -> None:
    mine = study.parent / "reports" / "s" / "data" / "own.csv"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine", encoding="utf-8")
    with pytest.raises(StoreError) as caught:
        report(study)
    assert (caught.value.code, caught.value.where) == ("path-occupied", str(mine))
    assert mine.read_text(encoding="utf-8") == "mine"


def test_new_data_replace_the_copy_of_the_former_report(study: Path) -> None:
    report(study)
    (study.parent / "a" / "own.csv").write_text(f"c,d,y\n{ROWS}1,1,0\n", encoding="utf-8")
    assert (report(study) / "data" / "own.csv").read_text(encoding="utf-8").endswith("1,1,0\n")


def test_generated_data_need_no_copy(study: Path) -> None:
    study.write_text(STUDY.replace("name: csv, path: a/own.csv, target: y", "name: moons"), encoding="utf-8")
    assert not (report(study) / "data").exists()


def test_a_site_does_not_publish_the_data(study: Path, tmp_path: Path) -> None:
    write_site([report(study)], tmp_path / "site")
    assert (tmp_path / "site" / "s" / "results.json").is_file()
    assert not (tmp_path / "site" / "s" / "data").exists()
