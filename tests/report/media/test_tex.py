"""Formulas contain mathematics only: no command of TeX that reads, writes, links or defines passes in any spelling."""

from __future__ import annotations

import re

import pytest

from reportgen import shipped
from reportgen.figures.drawing.markup import new_parser
from reportgen.report.media import math, tex
from reportgen.report.media.inline import inline_latex, inline_markdown
from reportgen.report.media.kit import latex_text
from reportgen.report.quiz import jupyter, moodle

ATTACKS = (
    r"\input{/etc/passwd}",
    r"\text{\input{/etc/passwd}}",
    r"\text{\write18{id}}",
    r"\text{a}\text{\csname input\endcsname{x}}",
    r"\mathrm{\input{x}}",
    r"x^^5cinput{x}",
    r"\text{^^5cinput{x}}",
    r"\text{\%\input{x}}",
    r"\href{javascript:alert(1)}{x}",
    r"\url{x}",
    r"\left\input{x} \right)",
    r"\begin{array}{\input{x}}a\end{array}",
    r"\begin{matrix}a\end{matrix}\include{x}",
    r"\begin{verbatim}a\end{verbatim}",
    r"\end{document}",
    r"\text{\end{frame}}",
    r"\def\x{\x}\x",
    r"\color{\input{x}}x",
    r"\kern9999999sp",
    "a % b",
    "a # b",
    "x}{",
    "{x",
    r"\text{a}}",
    "a & b",
    r"a \\ b",
    r"\left( x",
    "a\n\n b",
    "a\\",
    "a \u202e b",
    "{" * 100 + "}" * 100,
    "x" * 5000,
)

MATHEMATICS = (
    r"\alpha + \hat\beta \le \sum_{\substack{i<j \\ k}} \frac{1}{n}\,\left\lVert x_i \right\rVert^2",
    r"\begin{cases} 0 & \text{if } x < 0 \\ x & \text{otherwise} \end{cases}",
    r"\begin{pmatrix}a & b\\ c & d\end{pmatrix} \in \mathbb{R}^{2 \times 2}",
    r"\begin{array}{lcr} a & b & c \end{array}",
    r"\mathrm{Var}(w) \leftarrow \bigl(\mathbf{x}\bigr) \quad \text{Größe}",
    r"\operatorname{softmax}(z)_i = e^{z_i} / \{x \mid 5\%\}",
    "f'(x) = α",
    r"{\rm d}x + {\bf w} = 95\,\text{\% of a\_b}",
)


@pytest.mark.parametrize("latex", ATTACKS)
def test_no_other_tex_is_a_formula_in_any_medium(latex: str) -> None:
    assert not tex.is_mathematics(latex)
    assert not math.is_formula(latex)
    for formula in (math.mathml, math.svg, jupyter._source, moodle._source):
        assert str(formula(latex, False)).startswith('<code class="formula-source">')


@pytest.mark.parametrize("latex", [r"\text{\input{x}}", r"x^^5cinput{x}", r"\href{javascript:x}{x}"])
def test_refused_formulas_are_escaped_in_slides_and_kits(latex: str) -> None:
    assert rf"$\{latex}$" not in inline_markdown(f"W ${latex}$")
    assert "\\$" in inline_markdown(f"W ${latex}$")
    commands = set(re.findall(r"\\([A-Za-z]+)", inline_latex(f"W ${latex}$", latex_text)))
    assert not commands & {"input", "text", "href"}


@pytest.mark.parametrize("latex", MATHEMATICS)
def test_mathematics_of_lectures_passes(latex: str) -> None:
    assert math.is_formula(latex)


def test_all_formulas_of_the_shipped_studies_pass() -> None:
    parser = new_parser()
    sources = [path.read_text(encoding="utf-8") for path in shipped.shipped_studies().values()]
    found = {
        token.content
        for source in sources
        for token in parser.parseInline(source)[0].children or []
        if token.type.startswith("math")
    }
    assert len(found) > 50
    assert [latex for latex in sorted(found) if not math.is_formula(latex)] == []


def test_no_tag_of_html_begins_in_a_formula() -> None:
    assert inline_markdown("$a<b>c$") == "$a< b>c$"
