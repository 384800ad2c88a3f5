"""The benchmark of large studies: it reports every value, and names the goals that a study misses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import scale

MEASURED = {"train_s", "render_s", "least_render_s", "train_growth_mb", "render_growth_mb", "page_mb"}


@pytest.mark.slow
def test_the_command_reports_every_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(scale.STUDIES, "tiny", scale.study(scale.RATES[:2], 2))
    scale.main(["tiny", "--json", str(tmp_path / "scale.json")])
    found = json.loads((tmp_path / "scale.json").read_text())["tiny"]
    assert found["runs"] == 4
    assert found.keys() >= MEASURED | scale.GOALS.keys()
    assert all(found[name] > 0 for name in ("train_s", "render_s", "least_render_s", "page_mb"))
    assert all(found["costs"][part]["peak_mb"] > 50 for part in ("train", "render"))
    line = capsys.readouterr().out
    assert all(f"{name} " in line for name in found if name != "costs")


def test_a_line_names_the_missed_goals() -> None:
    met = dict.fromkeys(scale.GOALS, 1.0)
    assert "NOT met" not in scale.line("study", met)
    for goal, limit in scale.GOALS.items():
        assert scale.line("study", met | {goal: 2 * limit}).endswith(f"NOT met: ['{goal}']")


def test_every_study_has_the_size_in_its_description() -> None:
    studies = scale.STUDIES
    runs = {name: len(values["vary"]["training.lr"]) * values["seeds"] for name, values in studies.items()}
    assert (runs["runs"], runs["stored"], runs["wide"]) == (10_000, 3000, 10_000)
    assert len(studies["variants"]["vary"]["training.lr"]) == 200
    assert len(studies["claims"]["claims"]) == 100
    assert studies["layers"]["network"]["hidden"]["layers"] == 200
    assert studies["formulas"]["introduction"].count("$") == 2 * 5000
    assert studies["columns"]["introduction"].splitlines()[0].count("|") == 2001
