"""A notebook that runs a study, as the documentation describes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reportgen.errors import StudyError, UsageError
from reportgen.workflow.run import run_study

pytestmark = pytest.mark.slow

CELLS = (
    'import reportgen as rg\nr = rg.run_study("rates.yaml")\nr',
    "r.claims",
    "len(r.runs), len(r.layers) > 0",
    'r.figure("loss_curves")',
    'r.figure("loss_curves").save("curves.svg")',
)


@pytest.mark.filterwarnings("ignore")
def test_a_notebook_shows_a_report_its_tables_and_its_figures(finished, monkeypatch: pytest.MonkeyPatch) -> None:
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[3]))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in CELLS])
    nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": "."}}).execute()
    report, claims, counts, figure, saved = (_result(cell) for cell in notebook.cells)
    assert report["text/plain"].count("\n") == 0
    assert "supported" in report["text/html"]
    assert "data:image/svg+xml;base64," in report["text/html"]
    assert "| supported |" in report["text/markdown"]
    assert "supported" in claims["text/html"]
    assert counts["text/plain"] == "(6, True)"
    assert "<svg" in figure["image/svg+xml"]
    assert "curves.svg" in saved["text/plain"]
    assert Path("curves.svg").read_text(encoding="utf-8").startswith("<svg")


def _result(cell: Any) -> dict[str, Any]:
    return next(output.data for output in cell.outputs if output.output_type == "execute_result")


def test_a_report_gives_tables_and_figures_outside_of_notebooks(finished, monkeypatch: pytest.MonkeyPatch) -> None:
    report = run_study("rates.yaml", formats=["json"])
    assert len(report.claims) == 1
    assert len(report.runs) == 6
    assert list(report.layers.columns)[:4] == ["variant", "seed", "step", "layer"]
    assert "\n" not in repr(report)
    for name, start in (("a.svg", b"<svg"), ("a.pdf", b"%PDF"), ("a.png", b"\x89PNG"), ("a.csv", b"variant")):
        assert report.figure("loss_curves").save(name).read_bytes().startswith(start)


@pytest.mark.parametrize(
    ("id_", "ending", "kind", "code"),
    [
        ("lose_curves", ".svg", StudyError, "unknown-name"),
        ("sparsity_accuracy", ".svg", UsageError, "no-figure"),
        ("loss_curves", ".jpg", UsageError, "invalid-file-name"),
    ],
)
def test_a_figure_that_cannot_be_drawn_or_saved_is_an_error(
    finished, id_: str, ending: str, kind: Any, code: str
) -> None:
    report = run_study("rates.yaml", formats=["json"])
    with pytest.raises(kind) as caught:
        report.figure(id_).save(f"figure{ending}")
    assert caught.value.code == code
