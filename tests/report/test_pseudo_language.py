"""No English of the engine is left in a report: with a pseudo-language, all Latin words come from the study."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from matplotlib.text import Text

from reportgen.analysis.results import Analysis
from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.engine.tables.inits import INITS
from reportgen.figures import FIGURES
from reportgen.figures.drawing import figure
from reportgen.figures.slides import draw_slides
from reportgen.languages.translate import in_language
from reportgen.report.document.document import make_document
from reportgen.report.media.render import fill_page, fill_slides
from reportgen.report.notebook.view import html, markdown, view_of
from reportgen.report.quiz.questions import make_quiz
from reportgen.report.results.results import results_dict
from reportgen.report.slides.deck import make_deck
from reportgen.report.write import page
from reportgen.study.model.claims import VERDICTS
from tests.figures.gallery import GALLERY
from tests.languages.pseudo import CODE, Texts, english_words, pseudo, pseudo_language
from tests.report.test_report import CLAIMS, STUDY, analysed

pytestmark = pytest.mark.slow

NAMES = " ".join([*ACTIVATIONS, "Tanh", *INITS, "Python", "ms", "NaN", "sqrt(fan_in)"])
"""Names of components, of programs and of units, and formulas."""

OF_EXAMPLES = (
    "Small weights let the signal die out small large bad range test Range lenet baseline winning random plain deep "
    "digits moons at train batch norm run diverged fc weight mean std batch-norm cosine dropout no positive centred "
    "He Xavier decay penalty"
)
"""Words of the studies and logs in the gallery."""


MONTHS = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember"

MORE = f"""
  - {{id: better, says: A bias reaches a higher accuracy., measure: {{metric: val_accuracy}},
     tune: {{along: training.lr}}, where: {{network.bias: 0.1}}, expect: {{greater_than: {{network.bias: 0}}}}}}
  - {{id: soon, says: It is fast., measure: {{metric: epochs_to, score: val_accuracy, level: 0.9}},
     where: {{network.bias: 0, training.lr: 0.1}}, expect: {{below: 1}}}}
answer: {{says: "Accuracy {{better}}, epochs {{soon}}.", claims: [dies]}}
predict_first: true
lang: {CODE}
"""
"""Claims of other kinds, an answer that quotes them, and a quiz before it."""


def of_all_kinds(folder: Path) -> Analysis:
    ids = "figures: [claims_overview, answer_values, scores_by_setting, activation_std_by_layer]"
    more = f"{CLAIMS.rstrip()}{MORE}"
    return analysed(folder, vary="[0, 0.1], training.lr: [0.05, 0.1]", figures=ids, more=more)


def test_a_page_has_no_english_of_the_engine(tmp_path: Path) -> None:
    with pseudo_language(tmp_path / "catalogue"):
        text = page(of_all_kinds(tmp_path))
    assert pseudo("Claims and verdicts") in text
    assert pseudo("The values behind the answer") in text
    sources = " ".join(re.findall(r'<p class="where">(.*?)</p>', text))
    assert english_words(Texts(text).parts, f"{STUDY} {CLAIMS} {MORE} {NAMES} {sources} {MONTHS}") == {}


def test_slides_and_a_quiz_have_no_english_of_the_engine(tmp_path: Path) -> None:
    analysis = of_all_kinds(tmp_path)
    with pseudo_language(tmp_path / "catalogue"), in_language(CODE):
        drawings = [FIGURES[id_].draw(analysis) for id_ in ("final_scores", "answer_values", "activation_std_by_layer")]
        shown = [drawing for drawing in drawings if drawing is not None]
        deck = make_deck(analysis, make_document(analysis, shown), draw_slides(analysis, shown))
        quiz = make_quiz(analysis)
        assert quiz is not None
        slides = fill_slides(deck, {slide.drawing.id: "" for slide in deck.slides})
        questions = fill_page("quiz.html.j2", quiz=quiz)
        feedback = [question.feedback(verdict) for question in quiz.questions for verdict in VERDICTS]
    assert pseudo("Scores of the finished runs") in slides
    texts = [*Texts(slides).parts, *Texts(questions).parts, *feedback]
    assert english_words(texts, f"{STUDY} {CLAIMS} {MORE} {NAMES} {MONTHS}") == {}


def test_a_notebook_has_no_english_of_the_engine(tmp_path: Path) -> None:
    analysis = of_all_kinds(tmp_path)
    with pseudo_language(tmp_path / "catalogue"):
        overview = FIGURES["claims_overview"].draw(analysis)
        assert overview is not None
        view = view_of(results_dict(analysis, [overview]), Path("folder"))
        texts = [*Texts(html(view, lambda _id: "<svg/>")).parts, markdown(view)]
        unanswered = replace(view, says="")
        texts += [unanswered.answer, unanswered.line.removeprefix("<report hostile")]
    assert pseudo("contradicted") in texts[-2]
    assert english_words(texts, f"{STUDY} {CLAIMS} {MORE} {NAMES} folder") == {}


@pytest.mark.parametrize("name", list(GALLERY))
def test_figures_have_no_english_of_the_engine(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The examples of the gallery are English studies; here they are drawn in the language around them.
    monkeypatch.setattr(figure, "in_language", lambda _code: in_language(CODE))
    texts = []
    with pseudo_language(tmp_path / "catalogue"), in_language(CODE):
        for drawing in GALLERY[name](tmp_path):
            texts += [drawing.title, drawing.caption, drawing.alt, drawing.finding]
            texts += [text.get_text() for text in drawing.figure.findobj(Text)]
    assert texts
    assert english_words(texts, f"{NAMES} {OF_EXAMPLES}") == {}
