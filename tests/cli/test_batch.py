"""Several studies in one command: a failure does not stop the others, and each study has a summary line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reportgen.errors import MissingError, StoreError
from reportgen.workflow.analysing import analyse as pipeline
from tests.cli.test_main import run
from tests.rates import CONTRADICTED, SUPPORTED, study, write_study

pytestmark = pytest.mark.slow


@pytest.fixture
def three(training):
    """A folder with three studies; `fail` makes the analysis of one of them fail."""
    for name in ("a", "b", "c"):
        write_study(f"pack/{name}.yaml")
    return training


def fail(monkeypatch, name: str, error: BaseException) -> None:
    analyse = pipeline.analyse

    def failing(plan, *rest):
        if plan.study.id == name:
            raise error
        return analyse(plan, *rest)

    monkeypatch.setattr(pipeline, "analyse", failing)


def summary(out: str) -> list[str]:
    lines = out.splitlines()
    start = next(i for i, line in enumerate(lines) if " studies in " in line)
    return lines[start:]


def test_each_study_has_a_line_with_verdicts_time_and_report(three, capsys):
    for name in ("a", "b", "c"):
        write_study(f"pack/{name}.yaml", ("low", SUPPORTED, False), ("high", CONTRADICTED, False))
    code, out, err = run(capsys, "run", "pack", "-f", "json")
    head, *lines, total = summary(out)
    assert code == 0
    assert head.startswith("3 studies in ")
    assert [line.split()[0] for line in lines] == ["a", "b", "c"]
    for line, name in zip(lines, "abc", strict=True):
        assert "1 supported, 1 contradicted" in line
        assert line.endswith(str(Path(f"reports/{name}/results.json")))
        assert "second" in line or " s " in line
    assert total == "  claims: 3 supported, 3 contradicted"
    assert "b (2 of 3): 6 runs to train" in err


def test_a_study_without_claims_has_no_verdict_counts(three, capsys):
    for name in ("a", "b", "c"):
        Path(f"pack/{name}.yaml").write_text(study(), encoding="utf-8")
    _, *lines, total = summary(run(capsys, "run", "pack", "-f", "json")[1])
    assert all("  no claims  " in line for line in lines)
    assert total == "  claims: none"


def test_a_single_study_has_no_summary(training, capsys):
    _, out, err = run(capsys, "run", "rates.yaml", "-f", "json")
    assert "studies in" not in out
    assert "rates: 6 runs to train" in err


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MissingError("file-not-found", "no mnist here"), 4),
        (StoreError("not-writable", "the disk is full"), 5),
        (ZeroDivisionError("ours"), 1),
    ],
)
def test_a_study_that_fails_does_not_stop_the_others(three, capsys, monkeypatch, error, expected):
    fail(monkeypatch, "b", error)
    code, out, err = run(capsys, "run", "pack", "-f", "json")
    assert code == expected
    assert [Path(f"reports/{name}/results.json").exists() for name in "abc"] == [True, False, True]
    line = summary(out)[2]
    assert line.split()[0] == "b"
    assert "no report" in line
    assert str(error) in err
    assert "1 without a report" in summary(out)[-1]
    assert ("Traceback" in err) == (expected == 1)


def test_json_has_an_entry_for_every_study(three, capsys, monkeypatch):
    error = MissingError("file-not-found", "no mnist here", "b.yaml:3:7")
    fail(monkeypatch, "b", error)
    _, out, _ = run(capsys, "run", "pack", "--json", "-f", "json")
    a, b, c = json.loads(out)
    assert (a["study"], c["study"]) == ("a", "c")
    assert a["seconds"] >= 0
    assert b == {"study": "b", "folder": str(Path("reports/b")), "error": str(error), "error_details": error.values}


def test_after_an_interruption_the_same_command_continues_with_the_rest(three, capsys, monkeypatch):
    with monkeypatch.context() as patch:
        fail(patch, "b", KeyboardInterrupt())
        code, out, err = run(capsys, "run", "pack", "-f", "json")
    assert code == 130
    assert err.splitlines()[-1].startswith("Interrupted. ")
    assert Path("reports/a/results.json").exists()
    assert not Path("reports/c").exists()
    trained = len(three.trained)
    code, out, _ = run(capsys, "run", "pack", "-f", "json")
    assert code == 0
    assert len(three.trained) == trained + 6  # only those of c; the runs of b were stored before its analysis failed
    assert len(summary(out)) == 5


def test_quiet_prints_only_the_paths(three, capsys):
    _, out, err = run(capsys, "run", "pack", "-q", "-f", "json")
    assert out.split() == [str(Path(f"reports/{name}/results.json")) for name in "abc"]
    assert err == ""


def test_quick_studies_have_no_verdicts_in_the_summary(three, capsys):
    _, out, _ = run(capsys, "run", "pack", "--quick", "-f", "json")
    assert summary(out)[1].split("  ")[-2].strip() == "no verdicts"
    assert summary(out)[-1] == "  claims: none"
