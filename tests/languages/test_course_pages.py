"""No English is left in a site, in assignments and their feedback, and in the preview."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from reportgen.languages.translate import in_language
from reportgen.preview.server import PreviewPage
from reportgen.report.document.claim_view import claim_views
from reportgen.report.document.sources import LECTURES, papers
from reportgen.report.media.render import fill_page
from reportgen.report.site.finished import Finished
from reportgen.report.site.lecture_claims import lecture_claims
from reportgen.report.site.modern_claims import modern_claims
from reportgen.report.site.pages import common_language, write_site
from reportgen.teaching.grades import PARTS, Grade, Problem
from reportgen.teaching.instructions import instructions
from reportgen.teaching.key import Key, read_key
from reportgen.teaching.points import items_of
from reportgen.teaching.write import gradescope
from tests.languages.pseudo import CODE, Texts, english_words, pseudo, pseudo_language
from tests.report.finished_reports import claim, report
from tests.report.test_report import CLAIMS, STUDY, analysed
from tests.teaching.course import STUDY as COURSE
from tests.teaching.course import hand_out

CONTENT = "Which last one It holds Title Init Digits The Loss falls All csci"
"""Words of the reports of `finished_reports`."""

with in_language(CODE):
    LISTED_CLAIMS = [each.shown for each in lecture_claims()]
    LISTED_CLAIMS += [f"{each.shown} {each.shown_print} {each.paper}" for each in modern_claims()]

LISTED = " ".join(
    [
        *LISTED_CLAIMS,
        *LECTURES,
        *LECTURES.values(),
        *(f"{paper.key} {paper.text} {paper.link}" for paper in papers().values()),
    ]
)
"""The claims of the lectures and papers in German, and their sources, which stay as written."""


@pytest.fixture(scope="module", autouse=True)
def pseudo_catalogue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pseudo_language(tmp_path_factory.mktemp("pseudo") / "catalogue"):
        yield


def site_of(source: Path, folder: Path) -> list[Path]:
    return [path for path in write_site([source], folder, language=CODE) if path.suffix == ".html"]


def words_of(pages: list[Path]) -> list[str]:
    return [part for page in pages for part in Texts(page.read_text(encoding="utf-8")).parts]


def test_a_site_has_no_english_of_the_engine(tmp_path: Path) -> None:
    claims = [claim("holds"), claim("b", "contradicted", 12), claim("c", "inconclusive", None), claim("d", lecture=12)]
    report(tmp_path / "in" / "init", claims)
    first = modern_claims()[0]
    study, ids = next(iter(first.tests.items()))
    report(tmp_path / "in" / study, [claim(ids[0], lecture=None), claim(ids[-1], "contradicted", None)])
    report(tmp_path / "in" / "quick", study={"watermark": "A quick look at a small version of the study: no verdicts"})
    pages = site_of(tmp_path / "in", tmp_path / "out")
    assert len(pages) == 3
    text = pages[0].read_text(encoding="utf-8")
    assert pseudo("Results of the claims") in text
    assert '<html lang="de">' in text
    names = f"{CONTENT} {study} {' '.join(ids)} Quick {study.title()} init digits quick lectures modern CSV PDF"
    assert english_words(words_of(pages), f"{names} {LISTED}") == {}


def test_sites_without_lectures_have_no_english_of_the_engine(tmp_path: Path) -> None:
    report(tmp_path / "in" / "init", [claim("holds", lecture=None)], study={"student": "ann"})
    folder = report(tmp_path / "in" / "logs", [])
    (folder / "results.json").unlink()
    groups = [{"verdict": "error", "runs": ["a"]}, {"verdict": "no finding", "runs": ["b"]}]
    values = {"format": "reportgen-diagnosis", "version": 1, "id": "logs", "title": "zz.csv", "groups": groups}
    (folder / "diagnosis.json").write_text(json.dumps(values), encoding="utf-8")
    pages = [path for path in write_site([tmp_path / "in"], tmp_path / "out", language=CODE) if path.suffix == ".html"]
    report(tmp_path / "no" / "empty", [])
    pages += [
        path for path in write_site([tmp_path / "no"], tmp_path / "bare", language=CODE) if path.suffix == ".html"
    ]
    assert english_words(words_of(pages), f"{CONTENT} Init ann zz csv Empty CSV PDF") == {}


def test_a_site_has_the_language_that_all_reports_have() -> None:
    def finished(lang: str) -> Finished:
        return Finished(Path(), "a", "A", "?", None, (), 0, {}, 0.0, None, (), lang=lang)

    assert common_language([finished("es"), finished("es")]) == "es"
    assert common_language([finished("es"), finished("de")]) == "en"
    assert common_language([]) == "en"


@pytest.fixture
def key(tmp_path: Path) -> Key:
    own = read_key(hand_out(tmp_path / "hand-out", ["training.lr"])[1])
    return own.model_copy(update={"lang": CODE})


def test_instructions_have_no_english_of_the_engine(key: Key) -> None:
    text = instructions(key, "act.yaml")
    shown = "".join(part for at, part in enumerate(text.split("`")) if at % 2 == 0)
    assert pseudo("Points") in text
    assert english_words([shown], f"{COURSE} id loss falls below one says measure metric val_loss expect") == {}


def test_feedback_has_no_english_of_the_engine(key: Key, tmp_path: Path) -> None:
    analysis = analysed(tmp_path, more=CLAIMS)
    nothing = items_of(key, None)
    with in_language(CODE):
        graded = Grade(
            "ann", Path("ann"), (), nothing, claim_views(analysis), trained="2026-01-01", not_counted=(Path(),)
        )
        problem = Problem("changed", "the setting training.lr is 0.1, and the assignment has 0.2; further changes: 2")
        refused = Grade("ann", Path("ann"), (problem,), nothing)
        pages = [fill_page("feedback.html.j2", grade=grade, key=key, parts=PARTS) for grade in (graded, refused)]
        tests = [gradescope(grade) for grade in (graded, refused)]
    texts = [part for page in pages for part in Texts(page).parts]
    texts += [one["output"] + " ".join(test["name"] + test["output"] for test in one["tests"]) for one in tests]
    known = f"{COURSE} {STUDY} {CLAIMS} ann training lr {' '.join(one.id for one in key.claims)}"
    assert english_words(texts, known) == {}


def test_the_frame_of_a_preview_has_no_english_of_the_engine() -> None:
    shown = PreviewPage("act.yaml")
    shown.use(CODE)
    with in_language(CODE):
        frame = fill_page("preview.html.j2", name="act.yaml", nonce="x")
    assert english_words([*Texts(frame).parts, shown.state.message], "act yaml") == {}
