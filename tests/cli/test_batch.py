"""Several studies in one command: failures stay where they are, and every study leaves a line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reportgen.errors import MissingError, StoreError
from reportgen.workflow import run as pipeline
from tests.cli.test_main import run


@pytest.fixture
def three(pretend):
    """Three studies in a folder, of which `fail` may let one fail when it is analysed."""
    for name in ("a", "b", "c"):
        Path(f"pack/{name}.yaml").parent.mkdir(exist_ok=True)
        Path(f"pack/{name}.yaml").write_text("title: x\n", encoding="utf-8")
    return pretend


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


def test_every_study_leaves_a_line_with_verdicts_time_and_report(three, capsys):
    three.verdicts, three.required = ("supported", "contradicted"), (False, False)
    code, out, err = run(capsys, "run", "pack")
    head, *lines, total = summary(out)
    assert code == 0
    assert head.startswith("3 studies in ")
    assert [line.split()[0] for line in lines] == ["a", "b", "c"]
    for line, name in zip(lines, "abc", strict=True):
        assert "1 supported, 1 contradicted" in line
        assert line.endswith(str(Path(f"reports/{name}/index.html")))
        assert "second" in line or " s " in line
    assert total == "  claims: 3 supported, 3 contradicted"
    assert "b (2 of 3): 6 runs to train" in err


def test_a_study_without_claims_says_so(three, capsys):
    three.verdicts, three.required = (), ()
    _, *lines, total = summary(run(capsys, "run", "pack")[1])
    assert all("  no claims  " in line for line in lines)
    assert total == "  claims: none"


def test_one_study_alone_has_no_summary(pretend, capsys):
    _, out, err = run(capsys, "run", "rates.yaml")
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
    code, out, err = run(capsys, "run", "pack")
    assert code == expected
    assert [Path(f"reports/{name}/index.html").exists() for name in "abc"] == [True, False, True]
    line = summary(out)[2]
    assert line.split()[0] == "b"
    assert "no report" in line
    assert str(error) in err
    assert "1 without a report" in summary(out)[-1]
    assert ("Traceback" in err) == (expected == 1)


def test_json_has_an_entry_for_every_study(three, capsys, monkeypatch):
    error = MissingError("file-not-found", "no mnist here", "b.yaml:3:7")
    fail(monkeypatch, "b", error)
    _, out, _ = run(capsys, "run", "pack", "--json")
    a, b, c = json.loads(out)
    assert (a["study"], c["study"]) == ("a", "c")
    assert a["seconds"] >= 0
    assert b == {"study": "b", "folder": str(Path("reports/b")), "error": str(error), "error_details": error.values}


def test_an_interruption_keeps_what_is_done_and_the_same_command_takes_up_the_rest(three, capsys, monkeypatch):
    with monkeypatch.context() as patch:
        fail(patch, "b", KeyboardInterrupt())
        code, out, err = run(capsys, "run", "pack")
    assert code == 130
    assert err.splitlines()[-1].startswith("Interrupted. ")
    assert Path("reports/a/index.html").exists()
    assert not Path("reports/c").exists()
    trained = len(three.trained)
    code, out, _ = run(capsys, "run", "pack")
    assert code == 0
    assert len(three.trained) == trained + 6  # those of c alone; b was trained, and not yet analysed
    assert len(summary(out)) == 5


def test_quiet_prints_the_paths_alone(three, capsys):
    _, out, err = run(capsys, "run", "pack", "-q")
    assert out.split() == [str(Path(f"reports/{name}/index.html")) for name in "abc"]
    assert err == ""


def test_quick_studies_have_no_verdicts_in_the_summary(three, capsys):
    _, out, _ = run(capsys, "run", "pack", "--quick")
    assert summary(out)[1].split("  ")[-2].strip() == "no verdicts"
    assert summary(out)[-1] == "  claims: none"
