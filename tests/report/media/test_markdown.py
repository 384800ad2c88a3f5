"""The text of a study becomes safe HTML: formulas are converted, and hostile text stays text."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from reportgen.report.media import markdown, math


class Elements(HTMLParser):
    """Collect the elements and attributes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


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
        r"$\text{<script>alert(1)</script>}$",
        r"$\text{<a href='javascript:alert(1)'>x</a>}$",
        r"$\href{javascript:alert(1)}{x}$",
        r"$\style{background:url(https://example.org)}{x}$",
        '[x](https://example.org "a" onmouseover="b)',
    ],
)
@pytest.mark.parametrize("formula", [math.mathml, math.svg])
def test_hostile_text_stays_text(text: str, formula: markdown.Formula) -> None:
    found = Elements(str(markdown.to_html(text, formula)))
    assert found.tags <= {"p", "a", "code", "math", "mrow", "mi", "mtext", "svg", "title", "path", "rect", "span"}
    assert not [name for name, _ in found.attributes if name.startswith("on")]
    assert all(value.startswith("https:") for name, value in found.attributes if name == "href")
    assert all(value.startswith("vertical-align:") for name, value in found.attributes if name == "style")


def test_links_to_https_and_mail_remain() -> None:
    assert 'href="https://example.org/"' in markdown.to_html("[x](https://example.org/)")
    assert 'href="mailto:a@example.org"' in markdown.to_html("[x](mailto:a@example.org)")
    assert "href" not in markdown.to_html("[x](http://example.org/)")


def test_headings_start_below_the_headings_of_the_report() -> None:
    assert "<h3>" in markdown.to_html("# Big")
    assert "<h6>" in markdown.to_html("# a\n## b\n### c\n#### d\n##### e")


@pytest.mark.parametrize("latex", [r"\sqrt{2/n}", r"\sum_i w_i x_i", r"\mathrm{Var}(s) = n\,\mathrm{Var}(w)", "x"])
def test_a_formula_is_mathml_on_the_page_and_a_picture_in_print(latex: str) -> None:
    assert str(math.mathml(latex)).startswith("<math")
    picture = str(math.svg(latex))
    assert "<svg" in picture
    assert 'role="img"' in picture
    assert "vertical-align" in picture


@pytest.mark.parametrize(
    "text", ["$$x$$", "It is\n$$x$$\nhere.", "It is $$\nx\n$$ here.", "- It is $$x$$.", "**$$x$$**"]
)
def test_a_display_formula_scrolls_by_keys_wherever_it_is(text: str) -> None:
    html = markdown.to_html(text)
    found = Elements(str(html))
    assert {("display", "block"), ("tabindex", "0")} <= set(found.attributes)
    assert "$" not in html
    assert 'class="formula-block"' in markdown.to_html(text, math.svg)


def test_a_formula_in_a_line_is_reached_by_keys_only_if_it_may_be_wider_than_a_phone() -> None:
    assert 'tabindex="0"' in math.mathml("+".join("abcdefghij"))
    assert "tabindex" not in math.mathml(r"\frac{x - y}{z}")


def test_an_unreadable_formula_is_shown_as_source() -> None:
    broken = r"\frac{<b>"
    for made in (math.mathml(broken), math.svg(broken)):
        assert "<b>" not in str(made)


@pytest.mark.parametrize("latex", [r"\frac{a}", r"\nosuchcommand{x}", r"\begin{aligned}a&=b\end{aligned}"])
def test_a_wrongly_converted_formula_is_shown_as_source(latex: str) -> None:
    assert str(math.mathml(latex)).startswith("<code")


def test_upright_letters_are_one_word() -> None:
    assert "<mi>Var</mi>" in math.mathml(r"\mathrm{Var}(s)")


def test_headings_of_a_text_skip_no_level() -> None:
    html = markdown.to_html("#### Deep\n\n# Top\n\n### Below")
    assert [tag for tag in ("<h3>Deep", "<h3>Top", "<h4>Below") if tag in html] == ["<h3>Deep", "<h3>Top", "<h4>Below"]


def test_tables_scroll_in_a_box_and_have_no_style() -> None:
    html = markdown.to_html("| a | b |\n|:-|-:|\n| 1 | 2 |")
    assert 'class="right"' in html
    assert "style=" not in html
    assert html.index('class="wide"') < html.index("<table>")


def test_a_table_that_is_too_wide_is_its_source() -> None:
    def table(columns: int) -> str:
        return "\n".join("|" + "|".join([cell] * columns) + "|" for cell in ("a", "-", "1"))

    assert "<th>" in markdown.to_html(f"before\n\n{table(markdown.MOST_COLUMNS)}\n\nafter")
    wide = markdown.to_html(f"before\n\n{table(markdown.MOST_COLUMNS + 1)}\n\nafter")
    assert "<table" not in wide
    assert "<pre>" in wide
    assert wide.count("<p>") == 2


def test_formulas_beyond_a_number_are_source_in_print() -> None:
    formula = math.limited_svg(2)
    html = markdown.to_html("$a$ $a$ $b$ $c$", formula)
    assert (html.count("<svg"), html.count("formula-source")) == (2, 2)


@pytest.mark.parametrize(
    "text",
    [
        "a\n\n" * 5000,
        "- a\n" * 5000,
        "# a\n" * 5000,
        "---\n\n" * 5000,
        "```\nx\n```\n" * 5000,
        "**a**" * 5000,
        "*_*_" * 5000,
        "`a` " * 5000,
        "[a](https://example.org) " * 5000,
        "$a$ " * 5000,
        "a\\\n" * 5000,
        "|a|b|\n|-|-|\n" + "|b|c|\n" * 5000,
        "|a|\n|-|\n|b|\n\n" * 2000,
        "> a\n\n" * 5000,
        "~~~\n" + "a\n" * 20_000 + "~~~\n",
        "    a\n" * 20_000,
    ],
)
def test_a_text_of_too_many_elements_ends_as_its_source(text: str) -> None:
    html = str(markdown.to_html(f"*before*\n\n{text}last words"))
    assert html.startswith("<p><em>before</em></p>")
    assert "last words" in html
    assert re.sub("<wbr>", "", html).count("<") < 6 * markdown.MOST_ELEMENTS
    assert html.count("<pre>") + html.count("<p><code>") >= 1
    assert html.count("\n") < 3 * markdown.MOST_ELEMENTS


def test_code_and_sources_are_divided_into_pieces_that_lines_can_end_after() -> None:
    """WeasyPrint needs minutes to find the breaks within a single word of 100 000 letters."""
    code = "`" * 700 + "x" * 10_000
    for html in (
        markdown.to_html(f"```` {'x' * 10_000} ````"),
        markdown.to_html(f"    {code}"),
        markdown.to_html(f"~~~\n{code}\n~~~"),
        math.mathml("x" * 10_000),
        math.svg("x" * 10_000),
    ):
        assert max(map(len, re.split("<wbr>", str(html)))) < 600
    assert "<wbr>" not in markdown.to_html("`short`")


def test_a_long_text_of_ordinary_marks_is_no_source() -> None:
    text = "Some *words* with $n$ in a `text`.\n\n" * 200
    assert markdown.to_html(text).count("<p>") == 200
