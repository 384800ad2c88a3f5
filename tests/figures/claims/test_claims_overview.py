"""The figure of all claims draws their sentences as text, without the marks of Markdown."""

from __future__ import annotations

from dataclasses import replace

from matplotlib.text import Text

from reportgen.figures.claims.claims_overview import draw
from tests.figures.examples import analysis, claim, record, result, summary


def test_sentences_are_drawn_and_read_without_marks() -> None:
    one = claim(measure={"metric": "val_loss"}, expect={"below": 0.5})
    found = replace(result(one, ["a"]), says="The *loss* of `relu` is below $\\sigma^2$.")
    drawing = draw(analysis([summary("a", [record()])], [one], [found]))
    assert drawing is not None
    assert drawing.narrow is not None
    for figure in (drawing.figure, drawing.narrow()):
        drawn = " ".join(text.get_text() for text in figure.findobj(Text)).replace("\n", " ")
        assert "The loss of relu is below σ²." in drawn
        assert not set("*`$") & set(drawn)
    assert "The loss of relu is below σ²" in drawing.alt
