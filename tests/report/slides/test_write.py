"""The files of the slides: a tagged PDF, LaTeX that compiles without overfull boxes, and a Quarto document."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from pypdf import PdfReader

from reportgen import figures
from reportgen.figures.slides import draw_slides
from reportgen.report.document.document import make_document
from reportgen.report.slides.deck import make_deck
from reportgen.report.slides.write import write_sources
from reportgen.report.write import write
from reportgen.shipped import templates_folder
from tests.report.test_report import analysed


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The slides of a study with letters that LaTeX, Markdown and HTML give a meaning."""
    folder = tmp_path_factory.mktemp("report")
    made = analysed(folder)
    write(made, figures.draw_all(made), folder, ["slides"])
    return folder / "slides"


def test_the_pages_of_the_pdf_are_16_by_9_and_tagged(written: Path) -> None:
    reader = PdfReader(written / "slides.pdf")
    assert len(reader.pages) == 2 + len(list((written / "figures").glob("*.svg")))  # with the opening and the verdicts
    assert {round(float(page.mediabox.width / page.mediabox.height), 2) for page in reader.pages} == {1.78}
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert "שלום" in reader.metadata.title
    assert "pdfuaid" in root["/Metadata"].get_data().decode()


def test_every_figure_of_the_pdf_has_an_alternative_text(written: Path) -> None:
    found = Counter()
    pending = [PdfReader(written / "slides.pdf").trailer["/Root"]["/StructTreeRoot"]]
    while pending:
        node = pending.pop().get_object()
        if not hasattr(node, "get"):
            continue
        if node.get("/S") == "/Figure":
            found[bool(node.get("/Alt"))] += 1
        kids = node.get("/K", [])
        pending += kids if isinstance(kids, list) else [kids]
    assert found[True] == len(list((written / "figures").glob("*.svg")))
    assert found[False] == 0


def test_no_text_of_a_slide_is_smaller_than_18_points() -> None:
    sizes = re.findall(r"(?:font-size|font):\s*([\d.]+)pt", (templates_folder() / "slides.css").read_text())
    assert len(sizes) > 8
    assert min(map(float, sizes)) >= 18


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdfLaTeX is not installed")
def test_the_latex_source_compiles_without_overfull_boxes(written: Path, tmp_path: Path) -> None:
    shutil.copytree(written, tmp_path / "slides")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "slides-beamer.tex"]
    done = subprocess.run(command, cwd=tmp_path / "slides", capture_output=True, check=False)
    if b"beamer.cls' not found" in done.stdout:
        pytest.skip("Beamer is not installed")
    log = (tmp_path / "slides" / "slides-beamer.log").read_text(encoding="latin-1")
    assert done.returncode == 0, log[-2000:]
    assert "Overfull" not in log


def test_the_latex_source_has_a_frame_for_each_figure_with_label_and_note(written: Path) -> None:
    text = (written / "slides-beamer.tex").read_text(encoding="utf-8")
    ids = {path.stem for path in (written / "figures").glob("*.pdf")}
    assert {name for name in re.findall(r"reportgenslides/([\w-]+)\.pdf", text)} == ids
    assert len(re.findall(r"label=fig-hostile-", text)) == len(ids) == text.count("\\note{")
    assert "\\$5 and \\$x" in text
    assert not re.search(r"\\(scriptsize|tiny)\b", text)


def test_the_quarto_document_has_a_slide_and_a_reference_for_each_figure(written: Path) -> None:
    text = (written / "slides-quarto.qmd").read_text(encoding="utf-8")
    ids = {path.stem for path in (written / "figures").glob("*.svg")}
    assert {name for name in re.findall(r"\]\(figures/([\w-]+)\.svg\)\{#fig-hostile-", text)} == ids
    assert text.count("::: {.notes}") == len(ids)
    assert "<script>" not in text.partition("---\n\n")[2]


def test_a_quick_look_has_no_verdicts_on_slides(tmp_path: Path) -> None:
    made = analysed(tmp_path, watermark="A quick look: no verdicts", figures="figures: [loss_curves]")
    drawings = figures.draw_all(made)
    deck = make_deck(made, make_document(made, drawings), draw_slides(made, drawings))
    write_sources(deck, tmp_path / "slides")
    text = (tmp_path / "slides" / "slides-beamer.tex").read_text(encoding="utf-8")
    assert "A quick look: no verdicts" in text
    assert "no verdict}" in text
    assert not re.search(r"textbf\{(supported|contradicted|inconclusive)\}", text)
