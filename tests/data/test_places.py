"""What is wrong with a file of data is told at the place of the study that names the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reportgen.cli.main import invoke
from reportgen.data.readers.published import PUBLISHED
from reportgen.errors import MissingError, StudyError
from reportgen.study.loading.loader import load_study
from reportgen.workflow.estimate import download_bytes, run_costs
from reportgen.workflow.request import order_study, plan_jobs
from reportgen.workflow.run import run_order
from tests.study.texts import added, data

TABLE = "a,kind\n" + "".join(f"{k},{'xy'[k % 2]}\n" for k in range(40))


def study(folder: Path, text: str) -> Path:
    path = folder / "s.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(folder: Path, text: str) -> str:
    """Return what loading the study says, without the folder before the study's name."""
    with pytest.raises(StudyError) as caught:
        load_study(study(folder, text))
    return str(caught.value).replace(str(folder), "").lstrip("\\/")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("path: t.csv", "3:25: data.path: t.csv:3: column 'a': 'oops' is not a finite number (every cell needs"),
        ("path: t.csv, target: knd", "3:40: data.target: t.csv: no column 'knd' (did you mean 'kind'?)"),
        ("path: t.csv, target: 7", "3:40: data.target: t.csv: no column 7 (columns are 0 to 1)"),
    ],
)
def test_a_table_is_told_with_the_key_that_is_to_be_mended(tmp_path: Path, given: str, words: str) -> None:
    (tmp_path / "t.csv").write_text("a,kind\n1,x\noops,y\n", encoding="utf-8")
    assert refused(tmp_path, data(f"{{name: csv, {given}}}")).startswith(f"s.yaml:{words}")


def test_another_separator_is_asked_for_at_the_data(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a, b;kind;c\n1;x;1\n", encoding="utf-8")
    said = refused(tmp_path, data("{name: csv, path: t.csv, target: kind}"))
    assert said.startswith("s.yaml:3:7: data.separator: t.csv: no column 'kind' (set separator: semicolon")


def test_arrays_and_published_files_are_told_with_the_study(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(b"no archive")
    np.savez(tmp_path / "b.npz", x_train=np.zeros((2, 2)), y_train=np.zeros(2))
    for file in PUBLISHED["mnist"].files:
        (tmp_path / file.name.removesuffix(".gz")).write_bytes(b"no images")
    for given, words in (
        ("{name: npz, path: a.npz}", "3:25: data.path: a.npz: not a readable .npz file"),
        ("{name: npz, path: b.npz}", "3:25: data.path: b.npz: has no x_val and no y_val (it holds x_train, y_train)"),
        ("{name: mnist, path: .}", "3:27: data.path: "),
    ):
        assert refused(tmp_path, data(given)).startswith(f"s.yaml:{words}")
    assert "train-images-idx3-ubyte is broken" in refused(tmp_path, data("{name: mnist, path: .}"))


def test_a_path_that_is_too_long_is_told_with_the_study(tmp_path: Path) -> None:
    for name in ("csv", "npz"):
        said = refused(tmp_path, data(f"{{name: {name}, path: {'a' * 5000}}}"))
        assert said.startswith("s.yaml:3:25: data.path: ")


def test_a_file_that_one_variant_names_is_told_there(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,kind\n1,x\n2,x\n", encoding="utf-8")
    (tmp_path / "good.csv").write_text(TABLE, encoding="utf-8")
    text = data("{name: csv, path: good.csv}") + "vary: {data.path: [good.csv, t.csv]}\n"
    assert refused(tmp_path, text).startswith("s.yaml:5:30: vary.data.path[1]: t.csv: column 'kind': holds one class")


def test_an_option_of_the_data_is_told_at_the_option_or_the_data_and_not_at_their_file(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(TABLE, encoding="utf-8")
    for option, words in (
        ("train: 5000", "3:39: data.train: train: 5000 of 32 training examples"),
        ("keep: {7: 1}", "3:38: data.keep: keep names class 7 (classes are 0 to 1)"),
        ("validation: 0.999", "3:7: data: validation 0.999"),
    ):
        assert refused(tmp_path, data(f"{{name: csv, path: t.csv, {option}}}")).startswith(f"s.yaml:{words}")


def test_data_that_are_not_at_hand_are_told_with_the_study(tmp_path: Path, cache: Path) -> None:
    order = order_study(study(tmp_path, data("{name: mnist}")), output=tmp_path)
    jobs = plan_jobs(order.plan)
    with pytest.raises(MissingError) as caught:
        download_bytes(order.plan, jobs)
    assert str(caught.value).startswith(f"{tmp_path / 's.yaml'}:3:7: data: ")
    order = order_study(study(tmp_path, data("{name: mnist, path: nowhere}")), output=tmp_path)
    with pytest.raises(MissingError, match=r"s\.yaml:3:27: data\.path: there is no folder nowhere"):
        plan_jobs(order.plan)


def test_a_table_that_is_spoilt_after_the_check_is_still_told_with_the_study(tmp_path: Path) -> None:
    """A file can change after its study is read; guessing costs reads it again, and so does training."""
    (tmp_path / "t.csv").write_text(TABLE, encoding="utf-8")
    order = order_study(study(tmp_path, data("{name: csv, path: t.csv}")), output=tmp_path / "out")
    jobs = plan_jobs(order.plan)
    (tmp_path / "t.csv").write_text(TABLE + "oops,x\n", encoding="utf-8")
    words = r"s\.yaml:3:25: data\.path: t\.csv:42: column 'a': 'oops' is not a finite number"
    with pytest.raises(StudyError, match=words):
        run_costs(order.plan, jobs)
    with pytest.raises(StudyError, match=words):
        run_order(order)


def test_a_flag_that_names_the_file_is_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "t.csv").write_text("a,kind\n1,x\noops,y\n", encoding="utf-8")
    path = study(tmp_path, added(""))
    assert invoke(["check", str(path), "--set", "data={name: csv, path: t.csv}"]) == 3
    assert capsys.readouterr().err.startswith("reportgen: --set data: data.path: t.csv:3: column 'a': 'oops'")
