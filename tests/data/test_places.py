"""Places of errors in data files: the line of the study that names the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reportgen.cli.main import invoke
from reportgen.data.readers.published import PUBLISHED
from reportgen.engine.spec import AugmentSpec
from reportgen.errors import MissingError, ReportgenError, StudyError
from reportgen.study.loading.loader import load_study
from reportgen.workflow.costs.estimate import download_bytes, run_costs
from reportgen.workflow.request import make_request, plan_jobs
from reportgen.workflow.run import run_request
from tests.study.texts import added, data

TABLE = "a,kind\n" + "".join(f"{k},{'xy'[k % 2]}\n" for k in range(40))


def study(folder: Path, text: str) -> Path:
    path = folder / "s.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(folder: Path, text: str) -> tuple[str, str]:
    """Return the code and the place of the error in the study, without the folder of the study."""
    with pytest.raises(StudyError) as caught:
        load_study(study(folder, text))
    return caught.value.code, place(caught.value, folder)


def place(error: ReportgenError, folder: Path) -> str:
    return str(error.where).removeprefix(str(folder)).lstrip("\\/")


@pytest.mark.parametrize(
    ("given", "code", "where", "names"),
    [
        ("path: t.csv", "invalid-data", "3:25: data.path", ["t.csv:3: column 'a': 'oops'"]),
        ("path: t.csv, target: knd", "missing-column", "3:40: data.target", ["t.csv", "'knd'", "'kind'"]),
        ("path: t.csv, target: 7", "missing-column", "3:40: data.target", ["t.csv", "0 to 1"]),
    ],
)
def test_an_error_in_a_table_has_the_place_of_the_key_to_correct(
    tmp_path: Path, given: str, code: str, where: str, names: list[str]
) -> None:
    (tmp_path / "t.csv").write_text("a,kind\n1,x\noops,y\n", encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        load_study(study(tmp_path, data(f"{{name: csv, {given}}}")))
    assert (caught.value.code, place(caught.value, tmp_path)) == (code, f"s.yaml:{where}")
    assert all(name in str(caught.value) for name in names)


def test_a_wrong_separator_has_the_place_of_the_data(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a, b;kind;c\n1;x;1\n", encoding="utf-8")
    found = refused(tmp_path, data("{name: csv, path: t.csv, target: kind}"))
    assert found == ("wrong-separator", "s.yaml:3:7: data.separator")


def test_errors_in_arrays_and_published_files_have_the_place_of_the_path(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(b"no archive")
    np.savez(tmp_path / "b.npz", x_train=np.zeros((2, 2)), y_train=np.zeros(2))
    for file in PUBLISHED["mnist"].files:
        (tmp_path / file.name.removesuffix(".gz")).write_bytes(b"no images")
    for given, code, where in (
        ("{name: npz, path: a.npz}", "invalid-file", "3:25: data.path"),
        ("{name: npz, path: b.npz}", "missing-array", "3:25: data.path"),
        ("{name: mnist, path: .}", "invalid-file", "3:27: data.path"),
    ):
        assert refused(tmp_path, data(given)) == (code, f"s.yaml:{where}")


CROP = "training: {augment: {crop: 6, border: reflect}}\n"


def save_images(path: Path, shape: tuple[int, ...]) -> None:
    np.savez(path, x_train=np.zeros((4, *shape)), y_train=[0, 1, 0, 1], x_val=np.zeros((1, *shape)), y_val=[0])


@pytest.mark.parametrize(("shape", "code"), [((36,), "images-required"), ((6, 7), "out-of-range")])
def test_an_augmentation_that_does_not_fit_an_archive_has_its_own_place(
    tmp_path: Path, shape: tuple[int, ...], code: str
) -> None:
    save_images(tmp_path / "a.npz", shape)
    save_images(tmp_path / "good.npz", (1, 7, 7))
    archive = data("{name: npz, path: a.npz}")
    assert refused(tmp_path, archive + CROP) == (code, "s.yaml:5:28: training.augment.crop")
    varied = archive + "vary: {training.augment.crop: [0, 6], training.augment.border: [reflect]}\n"
    assert refused(tmp_path, varied) == (code, "s.yaml:5:35: vary.training.augment.crop[1]")
    searched = archive + CROP.replace("6", "0") + "search: {training.augment.crop: {choices: [0, 6]}, samples: 2}\n"
    assert refused(tmp_path, searched) == (code, "s.yaml:6:47: search.training.augment.crop.choices[1]")
    several = data("{name: npz, path: good.npz}") + CROP + "vary: {data.path: [good.npz, a.npz]}\n"
    assert refused(tmp_path, several)[0] == code


@pytest.mark.parametrize("shape", [(7, 7), (3, 9, 7)])
def test_images_of_an_archive_can_be_augmented(tmp_path: Path, shape: tuple[int, ...]) -> None:
    save_images(tmp_path / "a.npz", shape)
    plan = load_study(study(tmp_path, data("{name: npz, path: a.npz}") + CROP))
    assert plan.runs[0].spec.training.augment == AugmentSpec(crop=6, border="reflect")


def test_a_missing_archive_is_reported_before_its_augmentation(tmp_path: Path) -> None:
    found = refused(tmp_path, data("{name: npz, path: a.npz}") + CROP)
    assert found == ("file-not-found", "s.yaml:3:25: data.path")


def test_a_path_that_is_too_long_has_the_place_of_the_path(tmp_path: Path) -> None:
    for name in ("csv", "npz"):
        code, where = refused(tmp_path, data(f"{{name: {name}, path: {'a' * 5000}}}"))
        assert (code, where) == ("unreadable-file", "s.yaml:3:25: data.path")


def test_an_error_in_a_file_of_one_variant_has_the_place_of_the_variant(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,kind\n1,x\n2,x\n", encoding="utf-8")
    (tmp_path / "good.csv").write_text(TABLE, encoding="utf-8")
    text = data("{name: csv, path: good.csv}") + "vary: {data.path: [good.csv, t.csv]}\n"
    assert refused(tmp_path, text) == ("single-class", "s.yaml:5:30: vary.data.path[1]")


def test_an_error_in_an_option_has_the_place_of_the_option_or_of_the_data(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(TABLE, encoding="utf-8")
    for option, code, where in (
        ("train: 5000", "impossible-split", "3:39: data.train"),
        ("keep: {7: 1}", "unknown-class", "3:38: data.keep"),
        ("validation: 0.999", "impossible-split", "3:7: data"),
    ):
        assert refused(tmp_path, data(f"{{name: csv, path: t.csv, {option}}}")) == (code, f"s.yaml:{where}")


def test_missing_data_have_the_place_of_the_data_or_their_path(tmp_path: Path, cache: Path) -> None:
    request = make_request(study(tmp_path, data("{name: mnist}")), output=tmp_path)
    jobs = plan_jobs(request.plan)
    with pytest.raises(MissingError) as caught:
        download_bytes(request.plan, jobs)
    assert (caught.value.code, place(caught.value, tmp_path)) == ("missing-data", "s.yaml:3:7: data")
    request = make_request(study(tmp_path, data("{name: mnist, path: nowhere}")), output=tmp_path)
    with pytest.raises(MissingError) as caught:
        plan_jobs(request.plan)
    assert (caught.value.code, place(caught.value, tmp_path)) == ("file-not-found", "s.yaml:3:27: data.path")


def test_an_error_in_a_table_that_changed_after_the_check_has_the_same_place(tmp_path: Path) -> None:
    """A file can change after its study is read; the estimate of costs reads it again, and so does training."""
    (tmp_path / "t.csv").write_text(TABLE, encoding="utf-8")
    request = make_request(study(tmp_path, data("{name: csv, path: t.csv}")), output=tmp_path / "out")
    jobs = plan_jobs(request.plan)
    (tmp_path / "t.csv").write_text(TABLE + "oops,x\n", encoding="utf-8")
    for action in (lambda: run_costs(request.plan, jobs), lambda: run_request(request)):
        with pytest.raises(StudyError) as caught:
            action()
        assert (caught.value.code, place(caught.value, tmp_path)) == ("invalid-data", "s.yaml:3:25: data.path")
        assert "t.csv:42: column 'a'" in caught.value.message


def test_an_error_in_a_file_named_by_a_flag_has_the_place_of_the_flag(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "t.csv").write_text("a,kind\n1,x\noops,y\n", encoding="utf-8")
    path = study(tmp_path, added(""))
    assert invoke(["check", str(path), "--set", "data={name: csv, path: t.csv}"]) == 3
    assert capsys.readouterr().err.startswith("reportgen: --set data: data.path: t.csv:3: column 'a': 'oops'")
