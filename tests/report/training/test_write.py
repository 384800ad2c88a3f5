"""The page, the PDF and the kit of a diagnosis: complete, safe, small and reproducible."""

from __future__ import annotations

import csv
import itertools
import json
import logging
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from pypdf import PdfReader

from reportgen.analysis.training_groups import TrainingGroup
from reportgen.figures.drawing.export import svg_text
from reportgen.report.media import html
from reportgen.report.training.inputs import LoggedFile, TrainingReport
from reportgen.report.training.write import document_of, draw_training, publish_training
from reportgen.runs.training_log import LogNote
from tests.report.outline import Outline
from tests.report.test_report import external_addresses
from tests.training_examples import SHORT, diverged, finding, group, log

pytestmark = pytest.mark.slow

HOSTILE = "<script>alert(1)</script> & $x_1$ \\textbf{x}"
PROVENANCE = {"reportgen": "0", "command": "reportgen diagnose 'my logs'", "written": "2026-01-01T00:00:00Z"}


def report(groups: Sequence[TrainingGroup], name: str = "my logs") -> TrainingReport:
    files = [LoggedFile(f"{one.name}/metrics.csv", 1234, "ab" * 32) for one in groups]
    return TrainingReport("logs", name, groups, files, {"findings": []}, PROVENANCE, 30, ("b.csv: no columns",))


def mixed() -> list[TrainingGroup]:
    run = log(HOSTILE, notes=(LogNote("epochs", HOSTILE),), ignored={HOSTILE: HOSTILE}, settings={HOSTILE: HOSTILE})
    return [
        group("healthy", abstained={"overfitting": SHORT}),
        group(HOSTILE, [finding("overfitting", message=HOSTILE, advice=HOSTILE)], [run, run], id="hostile"),
        group("=SUM(A1)", id="formula"),
        diverged(),
    ]


def page(groups: Sequence[TrainingGroup]) -> str:
    made = report(groups)
    drawn = draw_training(made)
    return html.page(document_of(made, drawn), {one.id: svg_text(one) for one in drawn.all})


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report in all formats, of a hostile, a healthy and a diverged run."""
    return publish(tmp_path_factory.mktemp("report") / "logs")


def publish(folder: Path, formats: Sequence[str] = ("html", "pdf", "kit")) -> Path:
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", "1700000000")
        publish_training(report(mixed(), HOSTILE), folder, formats, lambda final: final)
    return folder


def test_the_page_is_one_safe_file(written: Path) -> None:
    text = (written / "index.html").read_text(encoding="utf-8")
    outline = Outline(text)
    assert "script" not in outline.tags
    assert "default-src 'none'" in text
    assert external_addresses(outline) == []
    assert len(outline.ids) == len(set(outline.ids))
    assert all(address[1:] in outline.ids for address in outline.addresses if address.startswith("#"))
    assert "style=" not in text


def test_headings_go_down_one_level_at_a_time(written: Path) -> None:
    levels = Outline((written / "index.html").read_text(encoding="utf-8")).headings
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_sections_have_their_order_and_the_worst_group_comes_first(written: Path) -> None:
    text = (written / "index.html").read_text(encoding="utf-8")
    marks = ("answer", "runs", "unjudged", "unreadable", "methods", "sources", "provenance")
    places = [text.index(f'id="{mark}"') for mark in marks]
    assert places == sorted(places)
    groups = re.findall(r'id="group-([\w-]+)"', text)
    assert groups == ["diverged", "hostile", "healthy", "formula"]


def test_consequences_are_below_their_cause_without_advice(written: Path) -> None:
    text = (written / "index.html").read_text(encoding="utf-8")
    section = text[text.index('id="group-diverged"') :].partition('id="group-hostile"')[0]
    assert section.index("Learning rate too high") < section.index("Consequences:") < section.index("Divergence.")
    assert section.count("<strong>Try:</strong>") == 2  # of the cause and of the note


def test_the_pdf_is_tagged_with_bookmarks_and_the_data(written: Path) -> None:
    reader = PdfReader(written / "logs.pdf")
    text = " ".join(one.extract_text() for one in reader.pages)
    assert "alert(1)" in text
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]  # type: ignore[index]
    assert reader.outline
    assert {"diagnosis.json", "runs.csv", "findings.csv"} <= set(reader.attachments)


def test_the_kit_has_the_figures_and_snippets(written: Path) -> None:
    tex = (written / "embed" / "figures.tex").read_text(encoding="utf-8")
    for name in re.findall(r"reportgenfigures/([\w-]+)\.pdf", tex):
        assert all((written / "figures" / f"{name}.{end}").stat().st_size for end in ("svg", "pdf", "png", "csv"))
    assert "\\textbf{x}" not in tex
    assert "| verdict |" in (written / "embed" / "report.md").read_text(encoding="utf-8")


def test_no_cell_of_a_table_is_a_formula(written: Path) -> None:
    for path in [*written.glob("tables/*.csv"), *written.glob("figures/*.csv")]:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.reader(file):
                for cell in row:
                    assert not cell.startswith(("=", "@", "+")), (path.name, cell)
    assert "'=SUM(A1)" in (written / "tables" / "runs.csv").read_text(encoding="utf-8")


def test_the_json_has_verdicts_files_and_provenance(written: Path) -> None:
    values = json.loads((written / "diagnosis.json").read_text(encoding="utf-8"))
    assert values["format"] == "reportgen-diagnosis"
    assert [one["verdict"] for one in values["groups"]] == ["error", "warning", "no finding", "no finding"]
    assert values["files"][0] == {"name": "healthy/metrics.csv", "size": 1234, "sha256": "ab" * 32}
    assert values["provenance"]["command"] == PROVENANCE["command"]
    assert [one["opens"] for one in values["figures"]].count(True) == 1


def test_the_same_bytes_twice(written: Path, tmp_path: Path) -> None:
    again = publish(tmp_path / "logs", ("html", "pdf"))  # figures in files have a test of their own
    names = [path.relative_to(again) for path in again.rglob("*.*") if path.name != "manifest.json"]
    assert {"index.html", "logs.pdf", "diagnosis.json", "runs.csv"} <= {name.name for name in names}
    assert [name for name in names if (again / name).read_bytes() != (written / name).read_bytes()] == []


def test_weasyprint_logs_no_warnings(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    module = pytest.importorskip("weasyprint")
    made = report(mixed())
    document = document_of(made, draw_training(made))
    from reportgen.report.media.render import fill

    pictures = {drawing.id: "" for drawing in (document.story, *document.drawings) if drawing is not None}
    logging.getLogger("weasyprint").setLevel(logging.WARNING)
    with caplog.at_level(logging.WARNING, "weasyprint"):
        module.HTML(string=fill(document, pictures, "print"), base_url=None).write_pdf(pdf_variant="pdf/ua-1")  # type: ignore[arg-type]
    assert [record.message for record in caplog.records if record.name == "weasyprint"] == []


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (group(), "3 of 3 rules could judge"),
        (group(abstained=dict.fromkeys(["a", "b", "c", "d"], SHORT)), "Only 3 of 7 rules could judge"),
        (group(passed=()), "No rule could judge this training."),
        (group(findings=[finding("overfitting")]), "This training has 1 problem: <strong>Overfitting</strong>."),
        (group(findings=[finding("undertrained", "info")]), "One note is worth reading: Training stopped too early."),
        (diverged(), "The run diverged"),
    ],
)
def test_the_answer_about_one_run_is_a_sentence(made: TrainingGroup, words: str) -> None:
    text = page([made])
    assert words in text
    assert "<details" in text  # the columns are folded, the run itself is not
    assert '<details class="group"' not in text


def test_the_answer_about_many_runs_counts_verdicts() -> None:
    text = " ".join(re.sub("<[^>]+>", "", page([group("a"), group("b", [finding("overfitting")]), diverged()])).split())
    assert "Of 3 runs, 1 has an error, 1 has a warning, but no error and 1 has no finding." in text
    assert "1 of 3 runs diverged" in text


def test_a_hundred_runs_are_a_small_page_with_few_figures() -> None:
    groups = [diverged(f"bad{k}") if k % 30 == 1 else group(f"run{k}") for k in range(100)]
    text = page(groups)
    assert len(text.encode()) < 5_000_000
    assert text.count("<figure ") < 40
    assert text.count('class="spark"') == 100
    assert text.count('<details class="group"') == 100
