"""One line of Markdown for other programs: what is no Markdown of the study stays text."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from reportgen.figures.drawing.markup import plain
from reportgen.report.media.inline import inline_latex, inline_markdown, markdown_text
from reportgen.report.media.kit import latex_text

HOSTILE = (
    '100% & _x_ {y} # ~ ^ \\ "q" $5 and $x | <b> [a](b) @fig `c` *d*',
    "{{ site.title }} {% raw %} {{< meta title >}} {{{ {%- x",
    *(
        f"{opening} text"
        for opening in ("#", "##", "-", "+", "*", ">", "=", "%", ":::", "1.", "12)", "---", "|", "~~~")
    ),
)


@pytest.mark.parametrize("text", HOSTILE)
def test_escaped_text_is_one_paragraph_of_text(text: str) -> None:
    tokens = MarkdownIt("commonmark").parse(markdown_text(text))
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    inside = tokens[1].children or []
    assert {token.type for token in inside} <= {"text", "text_special"}
    assert "".join(token.content for token in inside) == text


def test_the_marks_of_a_study_stay_and_other_letters_are_escaped() -> None:
    text = "The *loss* of **b** is `a_b`, $x_i$ ~~no~~ $5 @ref {y} ^2 #1"
    assert inline_markdown(text) == r"The *loss* of **b** is `a_b`, $x_i$ ~~no~~ \$5 \@ref \{y\} \^2 \#1"
    assert plain(text) == "The loss of b is a_b, x_i no $5 @ref {y} ^2 #1"


def test_no_template_of_jekyll_and_no_shortcode_of_quarto_begins() -> None:
    """Jekyll stops at an unknown tag, and fills in the others."""
    text = r"{{ a }} {% endraw %} \{% b %} `{{ c }}` `{% d %}` $x_{{e}}$ *{{< f >}}* {{{ `code`"
    for written in (inline_markdown(text), markdown_text(text)):
        assert "{{" not in written
        assert "{%" not in written
    html = MarkdownIt("commonmark").render(inline_markdown(text))
    for kept in ("{{ a }}", "{% endraw %}", "{% b %}", "{{ c }}", "{% d %}", "$x_{ {e}}$", "<code>code</code>"):
        assert kept in html


def test_latex_has_the_marks_of_a_study_and_no_other_command() -> None:
    text = r"The *loss* of **b** is `a_b`, $x_i$ 5% \input{x} $\input{x}$"
    expected = r"The \emph{loss} of \textbf{b} is \texttt{a\_b}, $x_i$ 5\% \textbackslash{}input\{x\} "
    assert inline_latex(text, latex_text) == expected + r"\$\textbackslash{}input\{x\}\$"


def test_letters_are_not_joined_in_latex() -> None:
    assert latex_text("a -- b ``c'' << d") == "a -{}- b `{}`c'{}' <{}< d"
