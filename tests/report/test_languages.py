"""Reports in other languages: complete pages, language marks, and the same results."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from pypdf import PdfReader

from reportgen import figures
from reportgen.errors import MissingError
from reportgen.figures.drawing.export import csv_text
from reportgen.languages.translate import DOMAIN, FOLDER, in_language, translated
from reportgen.report.publish.publisher import publish
from reportgen.report.write import page, write
from tests.languages.pseudo import HIDDEN, Texts
from tests.report.test_report import CLAIMS, analysed, unpictured_page

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["de", "es"])
def code(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def foreign(code: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of a small study in another language."""
    return unpictured_page(analysed(tmp_path_factory.mktemp("report"), figures="", more=f"{CLAIMS}\nlang: {code}\n"))


def test_the_page_is_in_the_language_of_the_study(code: str, foreign: str) -> None:
    assert f'<html lang="{code}">' in foreign
    assert {"de": "Behauptungen und Urteile", "es": "Afirmaciones y veredictos"}[code] in foreign
    assert re.search(r'<span class="value">0,00\d+<', foreign)


def test_no_english_message_is_left_on_the_page(code: str, foreign: str) -> None:
    with (FOLDER / code / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        catalogue = read_po(file, locale=code)
    plain = [m for m in catalogue if isinstance(m.id, str) and m.id and not re.search(r"[{<%]", m.id)]
    changed = [m.id.strip() for m in plain if m.id != m.string]
    text = " ".join(" ".join(Texts(foreign, HIDDEN | {"svg"}, foreign=True).parts).split())
    left = [m for m in changed if len(m) > 4 and re.search(rf"(?<![\w-]){re.escape(m)}(?![\w-])", text)]
    # A word of a translation can be spelled like an English message, such as the genitive "Problems".
    own = " ".join(str(m.string) for m in catalogue)
    assert [m for m in left if not re.search(rf"(?<![\w-]){re.escape(m)}(?![\w-])", own)] == []


def test_no_part_of_the_page_is_marked_as_english(foreign: str) -> None:
    assert '<figure id="figure-' in foreign
    assert 'lang="en"' not in foreign


def test_figures_are_in_the_language_of_the_study_on_every_screen(tmp_path: Path) -> None:
    analysis = analysed(tmp_path, more=f"{CLAIMS}\nlang: de\n")
    drawings = figures.draw_all(analysis)
    write(analysis, drawings, tmp_path, ["html"])
    pictures = re.findall(r"(?s)<svg.*?</svg>", (tmp_path / "index.html").read_text(encoding="utf-8"))
    narrow = [picture for picture in pictures if 'class="narrow"' in picture]
    assert narrow
    assert all(">Schicht<" in picture for picture in narrow if "_by_layer" in picture)
    assert {drawing.language for drawing in drawings} == {"de"}
    assert "Standardabweichung der Aktivierungen nach Schicht" in [drawing.title for drawing in drawings]


def test_the_numbers_of_figures_are_the_same_in_every_language(tmp_path: Path) -> None:
    tables = []
    for code in ("en", "es"):
        drawings = figures.draw_all(analysed(tmp_path, figures="", more=f"{CLAIMS}\nlang: {code}\n"))
        tables.append({drawing.id: csv_text(drawing) for drawing in drawings})
    assert tables[0]
    assert tables[0] == tables[1]


def test_findings_are_english_in_results_and_in_the_language_on_the_page(code: str, tmp_path: Path) -> None:
    english = [(finding.message, finding.advice) for finding in analysed(tmp_path).findings]
    findings = analysed(tmp_path, more=f"{CLAIMS}\nlang: {code}\n").findings
    assert english
    assert [(finding.message, finding.advice) for finding in findings] == english
    assert json.loads(json.dumps([finding.message for finding in findings])) == [message for message, _ in english]
    with in_language(code):
        texts = [(translated(finding.message), translated(finding.advice)) for finding in findings]
    assert all(
        ours != theirs for pairs in zip(texts, english, strict=True) for ours, theirs in zip(*pairs, strict=True)
    )


def test_reports_in_two_languages_do_not_mix_in_threads(tmp_path: Path) -> None:
    more = f"{CLAIMS}\nlang: "
    one = "figures: [loss_curves]"
    studies = {code: analysed(tmp_path, figures=one, more=more + code) for code in ("de", "en", "es")}
    alone = {code: page(study) for code, study in studies.items()}
    with ThreadPoolExecutor(3) as pool:
        assert dict(zip(studies, pool.map(page, studies.values()), strict=True)) == alone


def test_an_english_page_has_no_marks_of_other_languages(written_page: str) -> None:
    assert re.findall(r'lang="\w+"', written_page) == ['lang="en"']


def test_the_pdf_states_its_language(tmp_path: Path) -> None:
    analysis = analysed(tmp_path, more=f"{CLAIMS}\nlang: de\n")
    (tmp_path / "results.json").write_text("{}", encoding="utf-8")
    try:
        write(analysis, [], tmp_path, ["pdf"])
    except MissingError:
        pytest.skip("Pango is not installed")
    pdf = PdfReader(tmp_path / "hostile.pdf")
    assert pdf.trailer["/Root"]["/Lang"] == "de"


def test_results_and_tables_are_the_same_in_every_language(tmp_path: Path) -> None:
    folders = {}
    for code in ("en", "de"):
        folders[code] = tmp_path / code
        folders[code].mkdir()
        publish(analysed(tmp_path, more=f"{CLAIMS}\nlang: {code}\n"), folders[code], ["quiz"], str, lambda path: path)
    english, german = (
        {path.relative_to(folder): path for path in folder.rglob("*.csv")} for folder in folders.values()
    )
    assert english
    assert {name: path.read_bytes() for name, path in english.items()} == {
        name: path.read_bytes() for name, path in german.items()
    }
    ours, theirs = (
        json.loads(re.sub(r'"(sha256|seconds|train_seconds)": [^\n,]*', r'"\1": 0', path.read_text(encoding="utf-8")))
        for path in (folder / "results.json" for folder in folders.values())
    )
    assert theirs["study"].pop("lang") == "de"
    assert "Behauptungen" in theirs["answer"].pop("shown")
    assert ours == theirs
    assert "lang: de" in (folders["de"] / "study.yaml").read_text(encoding="utf-8")
    quiz = json.loads((folders["de"] / "quiz" / "quiz.json").read_text(encoding="utf-8"))
    assert {answer["answer"] for answer in quiz[0]["answers"]} == {"gestützt", "widerlegt", "unentschieden"}
