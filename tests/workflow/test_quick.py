"""The sizes of quick looks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reportgen.study.loading.loader import dump_study, load_study
from reportgen.study.model.study import StudyFile
from reportgen.workflow.quick import quick_folder
from reportgen.workflow.request import make_request
from tests.odd_files import ODD

STUDY = "{title: T, question: Q, data: DATA, network: {hidden: [3]}, vary: {training.lr: [0.1, 1]}, seeds: 5}"


def sizes(folder: Path, data: str, **typed: Any) -> list[tuple[int | None, int | None]]:
    """Return the numbers of samples and of training examples of the runs of a quick look."""
    (folder / "s.yaml").write_text(STUDY.replace("DATA", data), encoding="utf-8")
    runs = make_request(folder / "s.yaml", output=folder, quick=True, overrides=typed).plan.runs
    assert len(runs) >= 4
    return sorted({(run.spec.data.samples, run.spec.data.train) for run in runs})


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("{name: gaussian, samples: 2000, test: 0.2, train: 1000}", (500, 225)),
        ("{name: gaussian, samples: 2000, test: 0.2, train: 350}", (500, 78)),
        ("{name: gaussian, samples: 2000}", (500, None)),
        ("{name: gaussian, samples: 450, validation: 0, train: 420}", (450, 400)),
        ("{name: gaussian, samples: 2000, classes: 600}", (625, None)),
        ("digits", (None, 400)),
        ("{name: digits, keep: {0: 0.1, 1: 0.1, 2: 0.1, 3: 0.1, 4: 0.1, 5: 0.1, 6: 0.1, 7: 0.1}}", (None, None)),
        ("mnist", (None, 400)),
    ],
)
def test_a_quick_look_uses_a_part_of_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: str, expected: tuple[int | None, int | None]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert sizes(tmp_path, data) == [expected]


@pytest.mark.parametrize(
    ("data", "components", "expected"),
    [
        ("{name: gaussian, samples: 2000, features: 600}", 500, (625, None)),
        ("{name: gaussian, samples: 2000, features: 600}", 300, (500, None)),
        ("{name: gaussian, samples: 560, features: 600}", 440, (560, None)),
        ("{name: gaussian, samples: 2000, features: 900, train: 900}", 700, (1912, 778)),
    ],
)
def test_pca_has_enough_examples_for_its_components(
    tmp_path: Path, data: str, components: int, expected: tuple[int | None, int | None]
) -> None:
    text = STUDY.replace("DATA", data).replace(
        "seeds:", f"preprocess: [{{name: pca, components: {components}}}], seeds:"
    )
    (tmp_path / "s.yaml").write_text(text, encoding="utf-8")
    plan = make_request(tmp_path / "s.yaml", output=tmp_path, quick=True).plan
    [found] = {(run.spec.data.samples, run.spec.data.train) for run in plan.runs}
    assert found == expected
    assert ("PCA" in str(plan.study.watermark)) == (components != 300)


def test_a_small_file_is_used_completely(tmp_path: Path) -> None:
    rows = "".join(f"{number},{number % 2}\n" for number in range(60))
    (tmp_path / "own.csv").write_text("x,y\n" + rows, encoding="utf-8")
    assert sizes(tmp_path, "{name: csv, path: own.csv, target: y}") == [(None, None)]


def test_a_typed_or_varied_number_of_training_examples_keeps_the_samples(tmp_path: Path) -> None:
    data = "{name: gaussian, samples: 2000}"
    assert sizes(tmp_path, data, **{"data.train": 1200}) == [(2000, 1200)]
    assert sizes(tmp_path, data, vary={"data.train": [5, 700]}) == [(2000, 5), (2000, 700)]


def test_a_quick_look_is_the_study_with_smaller_values(tmp_path: Path) -> None:
    study = tmp_path / "s.yaml"
    text = STUDY.replace("DATA", "{name: gaussian, samples: 2000, seed: 0}").replace("seeds:", "ensembles: [2], seeds:")
    study.write_text(text, encoding="utf-8")
    quick = make_request(study, quick=True, overrides={"training.l2": 0.1}).plan
    small = {"training.l2": 0.1, "training.epochs": 3, "data.samples": 500, "seeds": [0, 1], "ensembles": True}
    typed = load_study(study, small | {"watermark": quick.study.watermark})
    assert quick.runs == typed.runs
    assert quick.variants == typed.variants
    assert dump_study(quick.study) == dump_study(typed.study)
    assert all(getattr(quick.study, name) == getattr(typed.study, name) for name in StudyFile.model_fields)


def test_a_quick_look_reads_and_validates_the_study_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    validated: list[str] = []
    validate = StudyFile.model_validate

    def counted(tree: dict[str, Any]) -> StudyFile:
        validated.append(tree["title"])
        return validate(tree)

    monkeypatch.setattr(StudyFile, "model_validate", counted)
    assert sizes(tmp_path, "{name: gaussian, samples: 2000}") == [(500, None)]
    assert validated == ["T"]


@pytest.mark.parametrize("odd", ODD)
def test_results_that_cannot_be_read_count_as_a_full_report(tmp_path: Path, odd: Callable[[Path], None]) -> None:
    odd(tmp_path / "results.json")
    assert quick_folder(tmp_path).name == f"{tmp_path.name}-quick"
