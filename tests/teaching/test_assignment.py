"""The folder of an assignment, and its key."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from reportgen.errors import ReportgenError, StudyError, UsageError
from reportgen.shipped import shipped_studies
from reportgen.study.loading.blanks import BLANK
from reportgen.study.loading.loader import load_study
from reportgen.teaching.assignment import write_assignment
from reportgen.teaching.key import read_key
from reportgen.teaching.same_study import changes, other_data
from tests.teaching.course import OWN, fill_in, hand_out, replace, write_course


def read(path: Path) -> dict:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_the_study_has_blanks_and_its_data(tmp_path: Path) -> None:
    folder, _ = hand_out(tmp_path, ["training.lr:low", "network.init"])
    study = read(folder / "act.yaml")
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()) == [
        "README.md",
        "act.yaml",
        "data/own.csv",
    ]
    assert study["student"] == study["training"]["lr"] == study["network"]["init"] == BLANK
    assert [(claim["predict"], claim["why"]) for claim in study["claims"]] == [(BLANK, BLANK)] * 2
    assert (study["seeds"], study["data"]["path"]) == (3, "data/own.csv")


def test_texts_that_give_results_away_are_left_out(tmp_path: Path) -> None:
    folder, _ = hand_out(tmp_path)
    text = (folder / "act.yaml").read_text(encoding="utf-8")
    assert "It is 0.6" not in text
    assert "It does not." not in text


def test_check_refuses_the_blanks_until_they_are_filled_in(tmp_path: Path) -> None:
    folder, _ = hand_out(tmp_path, ["training.lr"])
    with pytest.raises(StudyError) as caught:
        load_study(folder / "act.yaml")
    assert caught.value.code == "not-filled-in"
    fill_in(folder / "act.yaml", "ann")
    assert load_study(folder / "act.yaml").study.student == "ann"


def test_the_readme_names_the_gaps_the_claims_and_the_points(tmp_path: Path) -> None:
    folder, _ = hand_out(tmp_path, ["training.lr:low"])
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert "`training.lr` so that `low` is supported" in text
    assert "- `high`: The loss is high." in text
    assert "| settings that you choose, if their claims are supported | 2 |" in text
    assert "reportgen run act.yaml" in text


def test_a_filled_in_study_agrees_with_its_key(tmp_path: Path) -> None:
    folder, key = hand_out(tmp_path, ["training.lr"])
    fill_in(folder / "act.yaml", "ann", lr=0.7, own=OWN)
    study = load_study(folder / "act.yaml").study
    assert list(changes(study, read_key(key))) == []
    assert not other_data(study, read_key(key))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("lr: 0.3", "lr: 0.4", ("training.lr", "0.4", "0.3")),
        ("[relu, tanh]", "[relu, tanh, elu]", ("elu",)),
        ("seeds: 3", "seeds: 2", ("2 seeds", "3")),
        ("above: 100", "above: 1", ("high",)),
        ("- id: low", "- id: lower", ("low", "missing")),
        ("activation: relu", "activation: tanh", ("high",)),
    ],
)
def test_each_change_of_the_assignment_is_named(tmp_path: Path, old: str, new: str, words: tuple[str, ...]) -> None:
    folder, key = hand_out(tmp_path)
    fill_in(folder / "act.yaml", "ann")
    replace(folder / "act.yaml", old, new)
    found = list(changes(load_study(folder / "act.yaml").study, read_key(key)))
    assert len(found) == 1
    assert all(word in found[0] for word in words)


def test_texts_and_more_seeds_may_change(tmp_path: Path) -> None:
    folder, key = hand_out(tmp_path)
    fill_in(folder / "act.yaml", "ann")
    replace(folder / "act.yaml", "seeds: 3", "seeds: 4\nintroduction: Mine.")
    replace(folder / "act.yaml", "says: The loss is high.", "says: The loss is large.")
    assert list(changes(load_study(folder / "act.yaml").study, read_key(key))) == []


def test_other_data_are_seen(tmp_path: Path) -> None:
    folder, key = hand_out(tmp_path)
    fill_in(folder / "act.yaml", "ann")
    replace(folder / "data" / "own.csv", "3,3,a", "3,3,b")
    assert other_data(load_study(folder / "act.yaml").study, read_key(key))


@pytest.mark.parametrize(
    ("gap", "code"),
    [
        ("training.rate", "unknown-setting"),
        ("data.path", "unknown-setting"),
        ("network.activation", "overlapping-settings"),
        ("network", "unknown-setting"),
        ("training.lr:lowest", "unknown-name"),
        ("", "unknown-setting"),
    ],
)
def test_gaps_are_settings_that_all_variants_share(tmp_path: Path, gap: str, code: str) -> None:
    with pytest.raises(UsageError) as caught:
        hand_out(tmp_path, [gap])
    assert (caught.value.code, caught.value.where) == (code, f"--gap {gap}")
    assert not (tmp_path / "hw").exists()


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("seeds: 3", "seeds: 3\nplugins: [p.py]", "code-not-allowed"),
        ("name: csv, path: data-of-the-course/own.csv, target: y", "name: mnist, path: .", "conflicting-settings"),
        ("seeds: 3", "seeds: 3\ncopy_data: false", "conflicting-settings"),
    ],
)
def test_unsuitable_studies_are_refused(tmp_path: Path, old: str, new: str, code: str) -> None:
    study = write_course(tmp_path / "course")
    replace(study, old, new)
    with pytest.raises(ReportgenError) as caught:
        write_assignment(study, tmp_path / "hw")
    assert caught.value.code == code


def test_a_study_without_claims_is_refused(tmp_path: Path) -> None:
    study = write_course(tmp_path / "course")
    study.write_text(study.read_text(encoding="utf-8").partition("claims:")[0], encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        write_assignment(study, tmp_path / "hw")
    assert caught.value.code == "missing-key"


def test_files_are_never_replaced_and_the_key_stays_apart(tmp_path: Path) -> None:
    folder, key = hand_out(tmp_path)
    study = tmp_path / "course" / "act.yaml"
    for target, key_path, code in (
        (folder, tmp_path / "new.yaml", "file-exists"),
        (tmp_path / "new", key, "file-exists"),
        (tmp_path / "new", tmp_path / "new" / "key.yaml", "output-conflict"),
    ):
        with pytest.raises(UsageError) as caught:
            write_assignment(study, target, key_path)
        assert caught.value.code == code
    assert not (tmp_path / "new").exists()


def test_default_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    written = write_assignment(write_course(tmp_path / "course"))
    assert written.study == Path("assignment-act/act.yaml")
    assert written.key == Path("assignment-act.key.yaml")


@pytest.mark.parametrize("name", ["init", "search", "lottery_ticket", "convolution", "sanity_checks"])
def test_shipped_studies_become_assignments(tmp_path: Path, name: str) -> None:
    assert name in shipped_studies()
    written = write_assignment(name, tmp_path / "hw")
    fill_in(written.study, "ann")
    assert list(changes(load_study(written.study).study, read_key(written.key))) == []
