"""A study's text becomes safe HTML: formulas are formulas, and hostile text stays text."""

from __future__ import annotations

import pytest

from reportgen.report import markdown, math


def test_formulas_and_prices() -> None:
    html = markdown.to_html("The variance $n\\,\\mathrm{Var}(w)$ costs $5 and $x dollars.")
    assert html.count("<math") == 1
    assert "$5 and $x dollars" in html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[click](javascript:alert(1))",
        "![picture](https://example.org/x.png)",
        "[x](data:text/html;base64,AAAA)",
        "<style>body{display:none}</style>",
        '[x](https://example.org "a" onmouseover="b)',
    ],
)
@pytest.mark.parametrize("medium", [False, True])
def test_hostile_text_stays_text(text: str, medium: bool) -> None:
    html = str(markdown.to_html(text, medium))
    for sign in ("<script", "<img", "<style", 'href="javascript', 'href="data', 'onmouseover="b'):
        assert sign not in html.replace("&quot;", "'")


def test_links_to_https_and_mail_remain() -> None:
    assert 'href="https://example.org/"' in markdown.to_html("[x](https://example.org/)")
    assert 'href="mailto:a@example.org"' in markdown.to_html("[x](mailto:a@example.org)")
    assert "href" not in markdown.to_html("[x](http://example.org/)")


def test_headings_begin_below_the_report_s() -> None:
    assert "<h3>" in markdown.to_html("# Big")
    assert "<h6>" in markdown.to_html("###### Small")


@pytest.mark.parametrize("latex", [r"\sqrt{2/n}", r"\sum_i w_i x_i", r"\mathrm{Var}(s) = n\,\mathrm{Var}(w)", "x"])
def test_a_formula_is_mathml_on_the_page_and_a_picture_in_print(latex: str) -> None:
    assert str(math.mathml(latex)).startswith("<math")
    picture = str(math.svg(latex))
    assert "<svg" in picture
    assert 'role="img"' in picture
    assert "vertical-align" in picture


def test_a_formula_that_cannot_be_read_is_shown_as_written() -> None:
    broken = r"\frac{<b>"
    for made in (math.mathml(broken), math.svg(broken)):
        assert "<b>" not in str(made)
