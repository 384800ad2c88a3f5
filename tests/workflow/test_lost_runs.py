"""Records of remedies and sanity checks that the former report needs and that are no longer stored."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from reportgen.audit.verify import verify_report
from reportgen.errors import UsageError
from reportgen.workflow.run import render_study, run_study

STUDY = """
title: A net that does not train
question: Does the remedy help?
data: {name: gaussian, samples: 40, features: 5, classes: 4}
network: {hidden: [16, 16, 16, 16, 16, 16, 16, 16], activation: tanh, init: {name: gaussian, std: 0.02}}
training: {epochs: 0, batch_size: 8}
seeds: 3
remedies: {limit: 1}
sanity: [regularized_loss, gradient_check]
figures: []
"""

REPORT = Path("reports/deep")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    (folder / "deep.yaml").write_text(STUDY, encoding="utf-8")
    run_study(folder / "deep.yaml", output=folder / "reports", formats=["json"])
    return folder


@pytest.fixture(autouse=True)
def report(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(made, tmp_path / "own")
    monkeypatch.chdir(tmp_path / "own")


def results() -> dict:
    return json.loads((REPORT / "results.json").read_text("utf-8"))


def additional(purpose: str) -> list[Path]:
    """Return the stored runs of a remedy or of a sanity check; only the check changes the penalty."""
    planned = {run["key"] for run in results()["runs"]}
    folders = [folder for folder in sorted((REPORT / "runs").iterdir()) if folder.name not in planned]
    penalized = [
        folder for folder in folders if json.loads((folder / "run.json").read_text())["spec"]["training"]["l2"]
    ]
    return penalized if purpose == "sanity check" else [folder for folder in folders if folder not in penalized]


def contents() -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}


def render(**overrides) -> None:
    render_study("deep.yaml", formats=["json"], overrides=overrides)


def refused() -> str:
    """Return the message of a refused `render`, which must write nothing."""
    before = contents()
    with pytest.raises(UsageError) as caught:
        render()
    assert (caught.value.code, contents() == before) == ("runs-missing", True)
    return caught.value.message


def differing() -> list[str]:
    return [difference.file for difference in verify_report(REPORT).differences]


def test_a_report_with_all_records_is_rendered_and_agrees() -> None:
    assert len(additional("remedy")) == 3
    assert len(additional("sanity check")) == 1
    render()
    assert differing() == []


@pytest.mark.parametrize("purpose", ["remedy", "sanity check"])
@pytest.mark.parametrize("damage", ["missing", "damaged"])
def test_render_and_verify_name_each_lost_record(purpose: str, damage: str) -> None:
    lost = additional(purpose)[:2]
    for folder in lost:
        if damage == "missing":
            shutil.rmtree(folder)
        else:
            (folder / "arrays.npz").write_bytes(b"damaged")
    message = refused()
    assert all(folder.name in message for folder in lost)
    assert sorted(differing()) == [f"runs/{folder.name}" for folder in lost]


def test_render_and_verify_name_a_missing_measurement() -> None:
    stored = sorted((REPORT / "sanity").iterdir())
    for file in stored:
        file.unlink()
    message = refused()
    assert all(file.name in message for file in stored)
    assert differing() == [f"sanity/{file.name}" for file in stored]


def test_a_damaged_record_of_a_remedy_is_refused_without_a_former_report() -> None:
    lost = additional("remedy")[0]
    (REPORT / "results.json").unlink()
    (lost / "arrays.npz").write_bytes(b"damaged")
    assert lost.name in refused()


def test_results_that_the_study_no_longer_asks_for_need_no_records() -> None:
    for folder in additional("remedy") + additional("sanity check"):
        shutil.rmtree(folder)
    render(remedies=False, sanity=[])
    assert all(finding["remedies"] == [] for finding in results()["findings"])


def test_remedies_and_checks_that_were_never_made_need_no_records() -> None:
    shutil.rmtree(REPORT)
    run_study("deep.yaml", formats=["json"], overrides={"remedies": False, "sanity": []})
    render()
    assert all(finding["remedies"] == [] for finding in results()["findings"])


def test_a_run_trains_the_lost_records_again() -> None:
    former, lost = results()["findings"], additional("remedy")[0]
    shutil.rmtree(lost)
    run_study("deep.yaml", formats=["json"])
    assert lost.is_dir()
    assert results()["findings"] == former


def test_the_message_distinguishes_missing_and_damaged_runs() -> None:
    one, two, _ = (REPORT / "runs" / run["key"] for run in results()["runs"])
    (one / "arrays.npz").write_bytes(b"damaged")
    assert "1 of the 3 runs of deep is damaged" in refused()
    shutil.rmtree(two)
    message = refused()
    assert "1 of the 3 runs of deep is not stored, and 1 is damaged" in message
    assert one.name in message
