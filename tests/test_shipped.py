"""The search for studies and templates."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen import shipped
from reportgen.errors import StudyError
from reportgen.shipped import find_studies, study_file
from reportgen.study.loading.loader import load_study


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with two studies, and two shipped studies."""
    monkeypatch.chdir(tmp_path)
    for path in ("mine/b.yaml", "mine/a.yml", "mine/notes.md", "empty/notes.md", "shipped/init.yaml", "shipped/x.yaml"):
        Path(path).parent.mkdir(exist_ok=True)
        Path(path).write_text("", encoding="utf-8")
    monkeypatch.setattr(shipped, "studies_folder", lambda: tmp_path / "shipped")
    return tmp_path


def test_files_folders_and_names_are_found_in_order(folder):
    inside = [str(Path("mine/a.yml")), str(Path("mine/b.yaml"))]
    assert find_studies(["mine", "init"]) == [*inside, "init"]
    assert find_studies(["init", Path("mine")]) == ["init", *inside]


def test_a_file_given_twice_is_found_once(folder):
    assert find_studies(["mine/b.yaml", folder / "mine" / "b.yaml"]) == ["mine/b.yaml"]
    assert len(find_studies(["mine", "mine/b.yaml", "shipped", "init"])) == 4


def test_a_name_is_resolved_to_the_shipped_file(folder):
    assert study_file("init") == folder / "shipped" / "init.yaml"


def test_studies_of_a_pack_are_found_by_name_and_listed_after_those_of_the_lectures(folder):
    (folder / "shipped" / "modern").mkdir()
    (folder / "shipped" / "modern" / "a_pack.yaml").write_text("", encoding="utf-8")
    assert list(shipped.shipped_studies()) == ["init", "x", "a_pack"]
    assert list(shipped.pack_studies("modern")) == ["a_pack"]
    assert study_file("a_pack") == folder / "shipped" / "modern" / "a_pack.yaml"
    assert len(find_studies(["shipped"])) == 2


def test_a_file_takes_precedence_over_a_shipped_study_of_that_name(folder):
    Path("init").write_text("", encoding="utf-8")
    assert study_file("init") == Path("init")


def test_a_folder_of_that_name_without_studies_does_not_hide_a_shipped_study(folder):
    Path("x").mkdir()
    assert find_studies(["x"]) == ["x"]
    assert study_file("x") == folder / "shipped" / "x.yaml"


@pytest.mark.parametrize(
    ("name", "code", "where", "named"),
    [
        ("inot", "unknown-name", None, "'init'"),
        ("nothing", "unknown-name", None, "list studies"),
        ("empty", "no-study", "empty", ".yaml"),
    ],
)
def test_a_missing_study_is_an_error_with_a_suggestion(folder, name, code, where, named):
    with pytest.raises(StudyError) as caught:
        find_studies([name])
    assert (caught.value.code, caught.value.where) == (code, where)
    assert named in caught.value.hint
    if code == "unknown-name":
        with pytest.raises(StudyError) as caught:
            study_file(name)
        assert (caught.value.code, named in caught.value.hint) == (code, True)


def test_a_missing_file_is_left_to_the_loader(folder):
    assert find_studies(["nowhere.yaml"]) == ["nowhere.yaml"]


def test_shipped_folders_are_found_in_a_checkout_and_in_a_wheel(tmp_path, monkeypatch):
    package = tmp_path / "site" / "reportgen"
    (tmp_path / "site" / "templates").mkdir(parents=True)
    monkeypatch.setattr(shipped, "_PACKAGE", package)
    assert shipped.templates_folder() == tmp_path / "site" / "templates"
    (package / "_shipped" / "templates").mkdir(parents=True)
    assert shipped.templates_folder() == package / "_shipped" / "templates"


def test_an_empty_name_is_not_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").write_text("title: T\n", encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        find_studies([""])
    assert caught.value.code == "empty-value"
    assert find_studies(["."]) == ["a.yaml"]


def test_a_path_that_cannot_be_resolved_is_a_study_error(tmp_path):
    loop = tmp_path / "loop.yaml"
    try:
        loop.symlink_to(loop)
    except OSError:
        pytest.skip("this system does not allow symbolic links")
    for path in (loop, tmp_path / f"{'a' * 300}.yaml"):
        with pytest.raises(StudyError) as caught:
            load_study(find_studies([path])[0])
        assert caught.value.where == str(path)
