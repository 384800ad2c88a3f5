"""No English of the engine is left in a report: with a pseudo-language, all Latin words come from the study."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from matplotlib.text import Text

from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.engine.tables.inits import INITS
from reportgen.figures.drawing import figure
from reportgen.languages.translate import in_language
from reportgen.report.write import page
from tests.figures.gallery import GALLERY
from tests.languages.pseudo import CODE, Texts, english_words, pseudo, pseudo_language
from tests.report.test_report import CLAIMS, STUDY, analysed

NAMES = " ".join([*ACTIVATIONS, *INITS, "Python", "ms", "NaN", "sqrt(fan_in)"])
"""Names of components, of programs and of units, and formulas."""

OF_EXAMPLES = (
    "Small weights let the signal die out small large bad range test Range lenet baseline winning random plain deep "
    "digits moons at train batch norm run diverged fc weight mean std batch-norm"
)
"""Words of the studies and logs in the gallery."""


def test_a_page_has_no_english_of_the_engine(tmp_path: Path) -> None:
    with pseudo_language(tmp_path / "catalogue"):
        text = page(analysed(tmp_path, more=f"{CLAIMS}\nlang: {CODE}\n"))
    assert pseudo("Claims and verdicts") in text
    sources = " ".join(re.findall(r'<p class="where">(.*?)</p>', text))
    months = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember"
    assert english_words(Texts(text).parts, f"{STUDY} {CLAIMS} {NAMES} {sources} {months}") == {}


@pytest.mark.parametrize("name", [name for name in GALLERY if name != "pictures"])
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
