"""Loading of a study file: its id, its kind, and its numbers."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reportgen.errors import StudyError
from reportgen.study.loading.loader import load_study
from tests.odd_files import sparse
from tests.study.texts import SOUND, data


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("rates", "rates"),
        ("Two Words & more", "two-words-more"),
        ("Über Größe", "uber-grosse"),
        ("naïve_café", "naive_cafe"),
        ("日本", "study"),
    ],
)
def test_the_id_of_a_study_is_the_name_of_its_file_in_ascii(tmp_path: Path, name: str, wanted: str) -> None:
    path = tmp_path / f"{name}.yaml"
    path.write_text(SOUND, encoding="utf-8")
    assert load_study(path).study.id == wanted


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no such pipes")
def test_a_pipe_is_rejected_without_reading_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(StudyError) as caught:
        load_study(tmp_path / "pipe.yaml")
    assert caught.value.code == "not-a-file"


def test_a_file_of_any_size_is_rejected_without_reading_it(tmp_path: Path) -> None:
    sparse(tmp_path / "large.yaml")
    with pytest.raises(StudyError) as caught:
        load_study(tmp_path / "large.yaml")
    assert caught.value.code == "too-large"


def test_every_whole_number_can_be_written_with_an_exponent(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(data("{name: gaussian, samples: 1e2, features: 4e0, classes: 2, seed: 1e3}"), encoding="utf-8")
    found = load_study(path).study.data
    assert (found.samples, found.features, found.seed) == (100, 4, 1000)
    path.write_text(data("{name: gaussian, samples: 12.5}"), encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        load_study(path)
    assert (caught.value.code, caught.value.where) == ("wrong-type", f"{path}:3:33: data.samples")
