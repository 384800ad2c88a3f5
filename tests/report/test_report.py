"""The page and the PDF of small studies: complete, safe, accessible and reproducible."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import itertools
import json
import logging
import re
from pathlib import Path

import pytest
from pypdf import PdfReader

from reportgen import figures
from reportgen.analysis.analyse import analyse
from reportgen.analysis.finding import Guessing, Remedy
from reportgen.analysis.results import Analysis
from reportgen.engine.train import train
from reportgen.errors import MissingError
from reportgen.languages.translate import in_language
from reportgen.report.document.document import make_document
from reportgen.report.document.sources import papers
from reportgen.report.media import html, pdf
from reportgen.report.write import write
from reportgen.runs.record import RunRecord
from reportgen.study.loading.loader import load_study
from tests.engine.networks import data
from tests.report.outline import Outline

STUDY = """
title: "Größe & <script>alert('x')</script> $5 and $x שלום 🎲"
question: "Does [this](javascript:alert(1)) hold?"
introduction: "A formula $s = \\\\sum_i w_i x_i$ and <b>bold</b>."
closing: "- Try `reportgen run x`"
data: {name: gaussian, samples: 40, features: 5, classes: 4}
network: {hidden: [12, 12, 12, 12, 12, 12], activation: tanh, init: {name: gaussian, std: 0.02}}
training: {epochs: %(epochs)d, lr: %(lr)s, batch_size: 8}
vary: {network.bias: %(vary)s}
seeds: %(seeds)d
%(figures)s
%(more)s
"""
FIGURES = "figures: [claims_overview, activation_std_by_layer, loss_curves]"
"""Few figures: drawing takes most of the time of a report."""

CLAIMS = """
claims:
  - {id: dies, says: "The signal <b>dies</b> out.", source: [csci-497p], lecture: 11, note: "A note with $n = 6$.",
     measure: {metric: activation_std, layer: last, step: 0}, expect: {below: 0.001}}
  - {id: printed, says: As printed, measure: {metric: activation_std, layer: hidden, step: 0},
     expect: {near: [0.05, 0.004], rtol: 0.5}}
  - {id: no, says: It grows, measure: {metric: activation_std, layer: hidden, step: 0}, expect: {monotone: increasing}}
"""
PROVENANCE = {"reportgen": "0", "python": "3", "command": "reportgen run x", "train_seconds": 1.0}


def analysed(folder: Path, **given: object) -> Analysis:
    values = {"epochs": 2, "lr": 0.1, "vary": "[0, 0.1]", "seeds": 3, "more": CLAIMS, "figures": FIGURES} | given
    path = folder / "hostile.yaml"
    path.write_text(STUDY % values, encoding="utf-8")
    plan = load_study(path, {"watermark": given.get("watermark")})
    records = {}
    for run in plan.runs:
        o = train(run.spec, data())
        records[run.variant, run.seed] = RunRecord(
            "k", run.spec, o.status, o.stopped_at_step, o.steps, 0.1, o.final, o.facts, o.arrays
        )
    return analyse(plan, records, PROVENANCE)


def unpictured_page(analysis: Analysis) -> str:
    """Return the page of a study with the captions of all its figures, but with empty pictures."""
    drawings = figures.draw_all(analysis)
    with in_language(analysis.plan.study.lang):
        return html.page(make_document(analysis, drawings), {drawing.id: "<svg></svg>" for drawing in drawings})


INSIDE = ("#", "data:,", "data:image/png;base64,")
"""How addresses within a page begin."""


def external_addresses(outline: Outline) -> list[str]:
    """Return the addresses outside of the page, except those of the papers that it cites."""
    cited = {paper.address for paper in papers().values()}
    return [one for one in outline.addresses if not one.startswith(INSIDE) and one not in cited]


def write_at_a_set_time(analysis: Analysis, folder: Path, formats: list[str]) -> None:
    (folder / "results.json").write_text("{}", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", "1700000000")
        write(analysis, figures.draw_all(analysis), folder, formats)


def test_the_page_is_one_safe_file(written_page: str) -> None:
    text = written_page
    outline = Outline(text)
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert outline.tags.count("script") == len(scripts) + 1 == 2  # the explorer and its data
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in text
    assert len(scripts[0]) < 60_000
    assert "default-src 'none'" in text
    assert external_addresses(outline) == []
    assert len(outline.ids) == len(set(outline.ids))
    assert "<b>bold</b>" not in text
    assert "$5 and $x" in text
    assert "<math" in text
    assert 'lang="en"' in text


def test_a_page_without_the_script_has_no_script_element(tmp_path: Path) -> None:
    write(analysed(tmp_path), [], tmp_path, ["html"], script=False)
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "script" not in Outline(text).tags
    assert "script-src" not in text
    assert "explorer" not in Outline(text).ids


def test_labels_in_the_data_of_the_explorer_cannot_end_its_element(tmp_path: Path) -> None:
    hostile = "</script><script>alert(1)</script>"
    analysis = analysed(tmp_path, vary=f"[{{value: 0, label: '{hostile}'}}, 0.1]")
    write(analysis, [], tmp_path, ["html"])
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert Outline(text).tags.count("script") == 2
    found = re.search(r'id="explorer-data">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    assert json.loads(found[1])["series"][0]["label"] == hostile


def test_a_quick_page_has_no_verdicts(tmp_path: Path) -> None:
    watermark = "A quick look (1 of 2 epochs): no verdicts"
    analysis = analysed(tmp_path, watermark=watermark, figures="figures: [claims_overview]")
    drawn = figures.draw_all(analysis)
    write(analysis, drawn, tmp_path, ["html", "kit"])
    page, snippet = ((tmp_path / name).read_text(encoding="utf-8") for name in ("index.html", "embed/report.md"))
    assert "for 3 claims" in page
    assert "A quick look (1 of 2 epochs): no verdicts" in page
    assert page.count('<span class="badge no-verdict">') == 4
    assert "<dt>Verdict</dt>" not in page
    assert snippet.count("| no verdict |") == 3
    assert not any(verdict in drawn[0].caption for verdict in ("supported", "contradicted", "inconclusive"))
    assert " inconclusive</span>" not in page


def test_a_page_names_the_requested_figures_without_data(tmp_path: Path) -> None:
    page = unpictured_page(analysed(tmp_path, figures="figures: [claims_overview, search_scatter]"))
    (title,) = [kind.title for kind in figures.FIGURES.values() if kind.id == "search_scatter"]
    assert f"without data in this study: {title}." in page
    assert "without data in this study" not in unpictured_page(analysed(tmp_path, figures="figures: [claims_overview]"))


def test_headings_go_down_one_level_at_a_time(written_page: str) -> None:
    levels = Outline(written_page).headings
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_the_answer_comes_first(written_page: str) -> None:
    text = written_page
    places = [text.index(f'id="{name}"') for name in ("answer", "claims", "introduction", "methods")]
    assert places == sorted(places)
    claims = re.findall(r'<details class="claim" id="claim-(\w+)">', text)
    assert claims == ["no", "dies", "printed"]  # the contradicted claim first
    for word in ("supported", "contradicted", "Lecture and measurement", "csci-497p", "reportgen run x", "Holm"):
        assert word in text


def test_the_pdf_is_tagged_with_bookmarks_and_the_data(written_pdf: Path) -> None:
    reader = PdfReader(written_pdf)
    text = " ".join(page.extract_text() for page in reader.pages).replace("\x00", "")
    assert "supported" in text
    assert "contradicted" in text
    assert "How to read it" not in text
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]  # type: ignore[index]
    assert reader.trailer["/Root"]["/Lang"]  # type: ignore[index]
    assert reader.metadata is not None
    assert "Größe" in str(reader.metadata.title)
    assert reader.outline
    assert "results.json" in reader.attachments


def test_the_kit_contains_figures_and_snippets(written: Path) -> None:
    tex = (written / "embed" / "figures.tex").read_text(encoding="utf-8")
    names = re.findall(r"reportgenfigures/(\w+)\.pdf", tex)
    assert names
    for name in names:
        for ending in (".svg", "-dark.svg", ".pdf", ".png", ".csv"):
            assert (written / "figures" / f"{name}{ending}").stat().st_size > 0
    assert "| verdict |" in (written / "embed" / "report.md").read_text(encoding="utf-8")


def test_the_same_bytes_twice(written: Path, written_pdf: Path, tmp_path: Path) -> None:
    write_at_a_set_time(analysed(tmp_path), tmp_path, ["html", "pdf"])
    for name in ("index.html", written_pdf.name):
        assert (tmp_path / name).read_bytes() == (written / name).read_bytes()


def test_weasyprint_logs_no_warnings(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    document = make_document(analysed(tmp_path), [])
    with caplog.at_level(logging.WARNING, logger="weasyprint"):
        logging.getLogger("weasyprint").setLevel(logging.WARNING)
        module = pdf.weasyprint()
        from reportgen.report.media.render import fill

        module.HTML(string=fill(document, {}, "print"), base_url=None).write_pdf(pdf_variant="pdf/ua-1")
    notes = [record.getMessage() for record in caplog.records]
    assert [note for note in notes if "🎲" not in note] == []  # no font of ours has that one


SCORED = """
claims: [{id: learns, says: It learns, measure: {metric: val_accuracy}, expect: {above: 0.5}}]
"""


@pytest.mark.parametrize(
    ("more", "opens"),
    [
        (CLAIMS, "activation_std_by_layer"),
        (SCORED, "accuracy_curves"),
        (f"{SCORED}figures: [claims_overview, loss_curves, accuracy_curves]", "loss_curves"),
        ("", "accuracy_curves"),
    ],
)
def test_the_figure_that_opens_shows_what_the_claims_measure(tmp_path: Path, more: str, opens: str) -> None:
    analysis = analysed(tmp_path, more=more, figures="")
    drawings = figures.draw_all(analysis)
    document = make_document(analysis, drawings)
    assert document.story is not None
    assert document.story.id == opens
    assert len(document.drawings) == len(drawings) - 1


@pytest.mark.parametrize(
    "given",
    [
        {"more": "", "seeds": 1, "vary": "[0]"},
        {"epochs": 0},
        {"lr": 1e9, "epochs": 30},
        {"vary": "[" + ", ".join(str(k / 100) for k in range(30)) + "]", "seeds": 1, "epochs": 0},
    ],
    ids=["one variant, one seed, no claims", "no training", "all diverged", "many variants"],
)
def test_documents_at_the_edges(tmp_path: Path, given: dict[str, object]) -> None:
    page = unpictured_page(analysed(tmp_path, figures="", **given))
    assert "Methods" in page
    words = re.sub(r"<[^>]*>", " ", page).split()
    assert not {"nan", "inf", "None", "nan%"} & set(words)


def test_a_remedy_shows_how_many_runs_count_as_guessing(tmp_path: Path) -> None:
    analysis = analysed(tmp_path, more="", vary="[0]")
    remedy = Remedy({"training.lr": 0.1}, "val_loss", 1.39, 0.5, -0.89, (-1.0, -0.7), "helped", Guessing(1.386, 3, 1))
    first = dataclasses.replace(analysis.findings[0], remedies=(remedy,))
    document = make_document(dataclasses.replace(analysis, findings=(first,)), ())
    text = " ".join(html.page(document, {}).split())
    assert "3 runs before and 1 run after count as guessing (1.39)" in text


def test_tables_name_the_diverged_runs_that_their_means_leave_out(tmp_path: Path) -> None:
    analysis = analysed(tmp_path, more="")
    first, *others = analysis.variants
    lost = dataclasses.replace(first.records[0], status="diverged")
    variants = (dataclasses.replace(first, records=(lost, *first.records[1:])), *others)
    text = " ".join(html.page(make_document(dataclasses.replace(analysis, variants=variants), ()), {}).split())
    assert "1 of 6 runs diverged" in text
    assert "1 of 3 runs diverged" in text
    assert "<i>n</i> = 2</span>" in text


def test_without_pango_everything_but_the_pdf_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise MissingError("missing-library", "no PDF: a library is missing", hint=pdf.HINT)

    monkeypatch.setattr(pdf, "weasyprint", missing)
    analysis = analysed(tmp_path, epochs=0)
    with pytest.raises(MissingError):
        write(analysis, figures.draw_all(analysis)[:1], tmp_path, ["html", "pdf", "kit"])
    assert (tmp_path / "index.html").stat().st_size > 0
    assert (tmp_path / "embed" / "report.md").is_file()
