"""Verification of a report against the records of its runs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reportgen.audit.diff import ROWS, result_differences, table_differences
from reportgen.cli.main import invoke
from reportgen.engine import spec
from reportgen.report.results.tables import TABLES
from reportgen.workflow.run import run_study
from tests.odd_files import ODD

STUDY = """
title: Two rates
question: Which?
data: {name: csv, path: own.csv, target: y, seed: 0}
network: {hidden: [4]}
training: {epochs: 2, batch_size: 8}
vary: {training.lr: [0.1, 0.5]}
seeds: 3
sanity: [initial_loss, regularized_loss]
ensembles: true
figures: [loss_curves]
claims:
  - id: learns
    says: It learns.
    measure: {metric: train_loss}
    where: {training.lr: 0.5}
    expect: {below: 5}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a study, its data and its report."""
    folder = tmp_path_factory.mktemp("made")
    rows = "".join(f"{n % 7},{n % 5},{int(n % 7 > 3)}\n" for n in range(60))
    (folder / "own.csv").write_text("a,b,y\n" + rows, encoding="utf-8")
    (folder / "rates.yaml").write_text(STUDY, encoding="utf-8")
    run_study(folder / "rates.yaml", output=folder / "reports", formats=["html"])
    return folder


@pytest.fixture
def report(made: Path, tmp_path: Path) -> Path:
    """The folder of a report that a test may damage, with its data."""
    shutil.copytree(made, tmp_path / "own")
    return tmp_path / "own" / "reports" / "rates"


def verify(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, list[str], str]:
    """Return the code of `reportgen verify`, the lines on stdout, and stderr."""
    code = invoke(["verify", *map(str, arguments)])
    printed = capsys.readouterr()
    return code, printed.out.splitlines(), printed.err


def edit(path: Path, change: Callable[[Any], None]) -> None:
    values = json.loads(path.read_text(encoding="utf-8"))
    change(values)
    path.write_text(json.dumps(values), encoding="utf-8")


def records(report: Path) -> Iterator[Path]:
    return iter(sorted((report / "runs").iterdir()))


def test_an_unchanged_report_agrees(report: Path, capsys) -> None:
    code, lines, err = verify(capsys, report)
    assert (code, lines, err) == (0, [f"{report}: agrees with the records of its 6 runs"], "")
    assert verify(capsys, report / "results.json", "-q") == (0, [], "")


def test_a_report_with_its_data_agrees_in_another_place(report: Path, tmp_path: Path, capsys) -> None:
    moved = tmp_path / "elsewhere" / "rates"
    shutil.move(report, moved)
    shutil.rmtree(tmp_path / "own")
    assert verify(capsys, moved)[:2] == (0, [f"{moved}: agrees with the records of its 6 runs"])


def test_a_search_for_a_file_of_data_agrees_without_the_original_files(made: Path, tmp_path: Path, capsys) -> None:
    for name in ("own.csv", "other.csv"):
        shutil.copyfile(made / "own.csv", tmp_path / name)
    text = STUDY[: STUDY.index("claims:")].replace("sanity: [initial_loss, regularized_loss]\nensembles: true\n", "")
    search = "search: {method: grid, data.path: {choices: [own.csv, other.csv]}}\nseeds: 1"
    (tmp_path / "files.yaml").write_text(text.replace("seeds: 3", search), encoding="utf-8")
    report = run_study(tmp_path / "files.yaml", output=tmp_path / "out", formats=["json"]).folder
    for name in ("own.csv", "other.csv"):
        (tmp_path / name).unlink()
    assert verify(capsys, report)[0] == 0


def test_a_folder_of_reports_is_verified_whole(report: Path, capsys) -> None:
    shutil.copytree(report, report.with_name("other"))
    edit(report / "results.json", lambda values: values["claims"][0].update(n=4))
    code, lines, _ = verify(capsys, report.parent)
    assert code == 3
    assert [line.rpartition("reports")[2][1:].partition(":")[0] for line in lines if not line.startswith("  ")] == [
        "other",
        "rates",
    ]


@pytest.mark.parametrize(
    ("change", "place", "reported"),
    [
        (lambda values: values["claims"][0].update(verdict="contradicted"), "claims: learns: verdict", "contradicted"),
        (lambda values: values["claims"][0]["interval"].__setitem__(1, 0.25), "claims: learns: interval: 2", 0.25),
        (lambda values: values["runs"].pop(), "runs: lr-0p5, seed 2", None),
        (lambda values: values.update(more=1), "more", 1),
        (lambda values: values["study"].update(title="X"), "study: title", "X"),
        (lambda values: values["figures"][0].update(caption="X"), "figures: loss_curves: caption", "X"),
        (lambda values: values["sanity"][0].update(measured=0.5), "sanity: initial_loss, lr-0p1: measured", 0.5),
    ],
)
def test_each_value_that_differs_from_the_records_is_a_difference(
    report: Path, capsys, change, place: str, reported: Any
) -> None:
    edit(report / "results.json", change)
    code, lines, _ = verify(capsys, report, "--json")
    [difference] = json.loads("\n".join(lines))[0]["differences"]
    assert code == 3
    assert (difference["file"], difference["place"], difference["reported"]) == ("results.json", place, reported)
    assert difference["recomputed"] != reported


def test_cells_and_rows_of_tables_are_differences(report: Path, capsys) -> None:
    claims, epochs = (report / "tables" / f"{name}.csv" for name in ("claims", "epochs"))
    claims.write_text(claims.read_text("utf-8").replace("supported", "contradicted"), encoding="utf-8")
    epochs.write_text("\n".join(epochs.read_text("utf-8").splitlines()[:-1]) + "\n", encoding="utf-8")
    (report / "tables" / "layers.csv").unlink()
    (report / "tables" / "runs.csv").write_bytes(b"\xff")
    code, lines, _ = verify(capsys, report, "--json")
    differences = json.loads("\n".join(lines))[0]["differences"]
    assert code == 3
    assert sorted((one["file"], one["place"], one["reported"]) for one in differences) == [
        ("tables/claims.csv", "learns: verdict", "contradicted"),
        ("tables/epochs.csv", "lr-0p5, seed 2, epoch 2", None),
        ("tables/layers.csv", "", None),
        ("tables/runs.csv", "", None),
    ]


@pytest.mark.parametrize("odd", ODD)
def test_a_table_that_is_no_file_is_a_difference(report: Path, capsys, odd: Callable[[Path], None]) -> None:
    odd(report / "tables" / "runs.csv")
    code, lines, _ = verify(capsys, report, "--json")
    differences = json.loads("\n".join(lines))[0]["differences"]
    assert (code, [one["file"] for one in differences]) == (3, ["tables/runs.csv"])


def test_nothing_is_computed_from_damaged_records(report: Path, capsys) -> None:
    runs = json.loads((report / "results.json").read_text(encoding="utf-8"))["runs"]
    first, second, third = (report / "runs" / run["key"] for run in runs[:3])
    content = (first / "arrays.npz").read_bytes()
    (first / "arrays.npz").write_bytes(content[:-10])
    edit(second / "run.json", lambda values: values["final"].update(train_loss=0.0))
    shutil.rmtree(third)
    edit(report / "results.json", lambda values: values["claims"][0].update(n=4))
    code, lines, _ = verify(capsys, report)
    assert (code, len(lines)) == (3, 5)
    assert lines.pop().strip().startswith("results.json: has changed")
    faults = {line.split("runs/")[1].split(":")[0]: line.rpartition(": ")[2] for line in lines[1:]}
    assert faults.keys() == {first.name, second.name, third.name}
    assert "arrays.npz" in faults[first.name]
    assert "run.json" in faults[second.name]
    assert "missing" in faults[third.name]


def test_records_for_other_data_are_differences(report: Path, capsys) -> None:
    data = report / "data" / "own.csv"
    data.write_text(data.read_text("utf-8").replace("3,0,0", "3,1,0"), encoding="utf-8")
    code, lines, _ = verify(capsys, report)
    assert (code, len(lines)) == (3, 8)
    assert "from study.yaml and the data it is " in lines[1]
    assert lines[-1].strip().startswith("data/own.csv: has changed")


def test_every_other_file_that_has_changed_is_a_difference(report: Path, capsys) -> None:
    (report / "index.html").write_bytes((report / "index.html").read_bytes() + b" ")
    code, lines, _ = verify(capsys, report, "--json")
    assert (code, [one["file"] for one in json.loads("\n".join(lines))[0]["differences"]]) == (3, ["index.html"])
    path = report / "manifest.json"
    path.write_text(path.read_text("utf-8").replace("a", "b", 1), encoding="utf-8")
    code, lines, _ = verify(capsys, report, "--json")
    assert (code, [one["file"] for one in json.loads("\n".join(lines))[0]["differences"]]) == (3, ["manifest.json"])


def test_json_has_each_difference_as_values(report: Path, capsys) -> None:
    edit(report / "results.json", lambda values: values["claims"][0].update(n=4))
    code, lines, _ = verify(capsys, report, "--json")
    [found] = json.loads("\n".join(lines))
    assert (code, found["agrees"], found["runs"], found["study"]) == (3, False, 6, "rates")
    [difference] = found["differences"]
    assert (difference["file"], difference["place"]) == ("results.json", "claims: learns: n")
    assert (difference["reported"], difference["recomputed"]) == (4, 3)


def test_runs_of_another_engine_cannot_be_verified(report: Path, capsys) -> None:
    for folder in records(report):
        edit(folder / "run.json", lambda values: values.update(engine=spec.ENGINE_VERSION - 1))
    code, lines, _ = verify(capsys, report, "--json")
    error = json.loads("\n".join(lines))["error"]
    assert (code, error["code"], error["where"]) == (3, "engine-mismatch", str(report))
    assert str(spec.ENGINE_VERSION - 1) in error["message"]


def test_a_folder_without_a_report_or_a_study_is_an_error(report: Path, tmp_path: Path, capsys) -> None:
    assert verify(capsys, tmp_path / "none")[0] == 2
    (report / "study.yaml").unlink()
    shutil.copytree(report, report.with_name("other"))
    code, lines, err = verify(capsys, report, report.with_name("other"), "--json")
    assert (code, err.count("\n")) == (3, 2)
    answers = json.loads("\n".join(lines))
    assert [answer["report"] for answer in answers] == [str(report), str(report.with_name("other"))]
    assert [answer["error_details"]["where"] for answer in answers] == [
        str(folder / "study.yaml") for folder in (report, report.with_name("other"))
    ]
    (report / "results.json").write_text("{", encoding="utf-8")
    assert verify(capsys, report)[0] == 3


def test_a_quick_look_in_another_folder_agrees(made: Path, tmp_path: Path, capsys) -> None:
    search = "search: {training.lr: {log_uniform: [0.01, 1]}, samples: 6}\nvary: {network.hidden: [[2], [3]]}\n"
    study = "title: T\nquestion: Q\ndata: {name: moons, samples: 60}\nnetwork: {hidden: [3]}\ntraining: {epochs: 1}\n"
    (tmp_path / "s.yaml").write_text(study + search, encoding="utf-8")
    for place, typed in (("a", {}), ("b", {"search.samples": 5})):
        command = " ".join(["reportgen run s.yaml --quick", *(f"--set {key}={value}" for key, value in typed.items())])
        options: dict[str, Any] = {"quick": True, "overrides": typed, "command": command}
        folder = run_study(tmp_path / "s.yaml", output=tmp_path / place, formats=["json"], **options).folder
        folder = folder.rename(folder.with_name("renamed"))
        assert verify(capsys, folder)[:2] == (
            0,
            [f"{folder}: agrees with the records of its {len([*records(folder)])} runs"],
        )


def test_rows_of_every_table_have_names(report: Path) -> None:
    assert list(ROWS) == list(TABLES)
    for name, keys in ROWS.items():
        file = report / "tables" / f"{name}.csv"
        if name == "rounds":  # only studies with pruning have it
            assert not file.exists()
            continue
        head, *rows = file.read_text(encoding="utf-8").splitlines()
        assert rows or name == "findings"
        assert set(keys) <= set(head.split(","))


def test_last_bits_are_no_difference_and_integers_must_be_equal() -> None:
    reported = {"claims": [{"id": "a", "measured": 0.1 + 0.2, "n": 3}]}
    assert list(result_differences("f", reported, {"claims": [{"id": "a", "measured": 0.3, "n": 3}]})) == []
    assert len(list(result_differences("f", reported, {"claims": [{"id": "a", "measured": 0.3001, "n": 4}]}))) == 2
    rest = {"claims": [{"id": "a", "measured": 0.1 + 0.2 - 0.3, "n": 3}]}
    assert list(result_differences("f", rest, {"claims": [{"id": "a", "measured": 0.0, "n": 3}]})) == []
    table = 'rule,variant,evidence\nr,v,"[0.30000000000000004]"\n'
    assert list(table_differences("f", "findings", table, table.replace("0.30000000000000004", "0.3"))) == []
    assert len(list(table_differences("f", "findings", table, table.replace("000", "100")))) == 1


def test_only_the_numbers_in_captions_and_messages_are_compared() -> None:
    def reported(caption: str) -> dict[str, Any]:
        finding = {"rule": "r", "variant": "v", "message": caption}
        texts = {"figures": [{"id": "a", "caption": caption}], "claims": [{"id": "a", "says": caption}]}
        return {**texts, "findings": [finding]}

    def places(caption: str) -> list[str]:
        return [one.place for one in result_differences("f", reported("It falls from 0.5 to 1e-3."), reported(caption))]

    assert places("A fall from 0.5 to 1e-3") == ["claims: a: says"]
    assert sorted(places("It falls from 0.6 to 1e-3.")) == [
        "claims: a: says",
        "figures: a: caption",
        "findings: r, v: message",
    ]


def test_items_are_matched_by_name_and_not_by_position() -> None:
    reported = {"claims": [{"id": "b"}, {"id": "a"}], "findings": [{"rule": "r", "variant": "v"}] * 2}
    recomputed = {"claims": [{"id": "a"}, {"id": "b"}], "findings": [{"rule": "r", "variant": "v"}]}
    [found] = result_differences("f", reported, recomputed)
    assert found.place == "findings: r, v (2)"
