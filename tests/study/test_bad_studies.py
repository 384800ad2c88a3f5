"""Every invalid study raises an error with its code and place, before anything is written."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from reportgen.errors import CODES, StudyError
from reportgen.study.loading.loader import load_study
from tests.study.bad_answers import BAD_ANSWERS
from tests.study.bad_data import BAD_DATA
from tests.study.bad_expectations import BAD_EXPECTATIONS
from tests.study.bad_layers import BAD_LAYERS
from tests.study.bad_measures import BAD_MEASURES
from tests.study.bad_network import BAD_NETWORK
from tests.study.bad_places import BAD_PLACES
from tests.study.bad_pruning import BAD_PRUNING
from tests.study.bad_readings import BAD_READINGS
from tests.study.bad_search import BAD_SEARCH
from tests.study.bad_sections import BAD_SECTIONS
from tests.study.bad_training import BAD_TRAINING
from tests.study.bad_variants import BAD_VARIANTS
from tests.study.bad_yaml import BAD_YAML
from tests.study.texts import SOUND, Bad

EVERY_BAD = (
    *BAD_YAML,
    *BAD_DATA,
    *BAD_NETWORK,
    *BAD_LAYERS,
    *BAD_TRAINING,
    *BAD_PRUNING,
    *BAD_SECTIONS,
    *BAD_VARIANTS,
    *BAD_SEARCH,
    *BAD_MEASURES,
    *BAD_EXPECTATIONS,
    *BAD_READINGS,
    *BAD_PLACES,
    *BAD_ANSWERS,
)
LEAKS = re.compile(
    r"(?i)pydantic|\binput_|validation error|input should|should be a valid|NoneType|<class|\bdict\b|\bstr\b"
)


def error_of(folder: Path, text: str | bytes) -> StudyError:
    path = folder / "s.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(StudyError) as caught:
        load_study(path)
    return caught.value


def test_the_valid_study_loads(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(SOUND, encoding="utf-8")
    assert load_study(path).study.title == "T"


def test_names_are_unique() -> None:
    names = [bad.name for bad in EVERY_BAD]
    assert len(set(names)) == len(names) > 200


@pytest.mark.parametrize("bad", EVERY_BAD, ids=lambda bad: bad.name)
def test_an_invalid_study_has_an_error_with_code_and_place(bad: Bad, tmp_path: Path) -> None:
    error = error_of(tmp_path, bad.raw)
    path = str(tmp_path / "s.yaml")
    assert (error.code, error.where) == (bad.code, f"{path}:{bad.where}" if bad.where else path)
    for name in bad.names:
        assert re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", f"{error.message} ({error.hint})")
    assert_one_sentence(error)


def test_every_code_is_declared() -> None:
    assert {bad.code for bad in EVERY_BAD} <= set(CODES)


def assert_one_sentence(error: StudyError) -> None:
    assert "\n" not in str(error)
    assert not LEAKS.search(error.message), error.message
    assert len(error.message) <= 160
    assert not error.message.endswith(".")


def test_a_folder_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as caught:
        load_study(tmp_path)
    assert (caught.value.code, caught.value.where) == ("not-a-file", str(tmp_path))


def test_a_missing_file_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as caught:
        load_study(tmp_path / "none.yaml")
    assert (caught.value.code, caught.value.where) == ("file-not-found", str(tmp_path / "none.yaml"))


def test_the_command_line_exits_with_code_3_and_writes_nothing(tmp_path: Path) -> None:
    """One process checks a sample of the invalid studies: its output names each of them and contains no traceback."""
    sample = EVERY_BAD[::9]
    for number, bad in enumerate(sample):
        (tmp_path / f"bad{number}.yaml").write_bytes(bad.raw)
    before = sorted(tmp_path.iterdir())
    names = [f"bad{number}.yaml" for number in range(len(sample))]
    command = [sys.executable, "-m", "reportgen", "run", *names, "-o", "out"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert sorted(tmp_path.iterdir()) == before
    lines = done.stderr.splitlines()
    for bad, name in zip(sample, names, strict=True):  # a study with several errors has several lines
        own = [line for line in lines if line.startswith((f"reportgen: {name}:", f"reportgen: {name} "))]
        assert any(f"{name}:{bad.where}" in line for line in own) if bad.where else own


@pytest.mark.parametrize(
    "text",
    [
        "[" * 20_000,
        "[" * 20_000 + "]" * 20_000,
        "{a: " * 20_000,
        "- " * 20_000,
        "? " * 20_000,
        "a: &x [b]\n" + "".join(f"k{n}: &x{n} {{<<: [*x, *x, *x]}}\n" for n in range(50)),
    ],
    ids=["brackets", "closed brackets", "braces", "dashes", "question marks", "merge bomb"],
)
def test_a_hostile_file_does_not_crash_the_process(text: str, tmp_path: Path) -> None:
    """The test uses a separate process, because the parser can crash on such files."""
    path = tmp_path / "hostile.yaml"
    path.write_text(text, encoding="utf-8")
    code = "import sys; from reportgen.study.syntax.yaml12 import read; read(open(sys.argv[1]).read(), 'hostile.yaml')"
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert "StudyError" in done.stderr
