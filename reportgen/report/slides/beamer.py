r"""The slides for Beamer: a file that compiles with pdfLaTeX and LuaLaTeX.

A page of Beamer is 16 cm wide, so that 8.5 points are as large as 18 points on a page of 13.33 inches; the smallest
size in use is \footnotesize.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from reportgen.analysis.words.nouns import term
from reportgen.analysis.words.numerals import exponents
from reportgen.languages.translate import _
from reportgen.report.media.inline import inline_latex
from reportgen.report.media.kit import label_of, latex_text
from reportgen.report.slides.deck import Deck, Slide, SlideClaim, closing_note
from reportgen.report.slides.opening import Opening
from reportgen.study.model.claims import VERDICTS

HEAD = r"""\documentclass[aspectratio=169]{beamer}
% Compile this file in its folder, or define the folder of the figures before:
% \newcommand{\reportgenslides}{reports/%(id)s/slides/figures}
\providecommand{\reportgenslides}{figures}
\usepackage{iftex}
\ifPDFTeX
  \usepackage[T1]{fontenc}
  \usepackage{textcomp}
  \IfFileExists{lmodern.sty}{\usepackage{lmodern}}{}
\fi
\usepackage{graphicx}
\definecolor{reportgenink}{HTML}{14304F}
\definecolor{reportgensupported}{HTML}{17663A}
\definecolor{reportgencontradicted}{HTML}{A3231C}
\definecolor{reportgeninconclusive}{HTML}{71500A}
\setbeamersize{text margin left=3mm,text margin right=3mm}
\setbeamertemplate{navigation symbols}{}
\setbeamertemplate{footline}{%
  {\color{reportgenink!35}\hrule height 0.4pt}\vspace{1mm}%
  \footnotesize\color{black!65}\hspace{3mm}%(foot)s\hfill\insertframenumber\hspace{3mm}\vspace{1.2mm}}
\setbeamerfont{frametitle}{series=\bfseries,size=\large}
\setbeamercolor{frametitle}{fg=reportgenink}
\setbeamercolor{normal text}{fg=black}
\hyphenpenalty=50
\emergencystretch=3em
\newcommand{\reportgensize}[1]{\fontsize{#1}{\dimexpr #1pt * 6 / 5\relax}\selectfont}
\providecommand{\bm}[1]{\boldsymbol{#1}}
\providecommand{\mathscr}[1]{\mathcal{#1}}
% A letter that pdfLaTeX cannot print becomes a question mark.
\newcommand{\reportgenletter}[1]{\ifPDFTeX ?\else\symbol{"#1}\fi}
"""

POINTS = 8.5 / 18
"""Points on a page of Beamer for a point on a page of 13.33 inches."""

SIZES = {30: r"\large", 25: r"\normalsize", 22: r"\small"}
"""Font sizes of titles by their size in points on a page of 13.33 inches."""

HEIGHT = "55.5mm"
"""Height of a figure whose smallest text has 8.5 points."""

PRINTABLE = set("–—‘’‚“”„…•‰‹›€™")
"""Letters beyond Latin that pdfLaTeX prints in text."""


def beamer(deck: Deck) -> str:
    """Return the slides as LaTeX source."""
    document = deck.document
    head = HEAD.replace("%(id)s", _text(document.id)).replace("%(foot)s", _text(deck.running)).rstrip("\n")
    frames = [_frame(slide, label_of(document.id, slide.drawing.id)) for slide in deck.slides]
    claims = [_claims(deck, title, page) for title, page in deck.titled_claims]
    title = rf"\title{{{_text(document.title)}}}"
    openings = [_opening(page, deck) for page in deck.opening]
    openings += [_questions(title, page) for title, page in deck.titled_questions]
    openings += [_opening(page, deck) for page in deck.revealed]
    return "\n".join([head, title, "", r"\begin{document}", "", *openings, *frames, *claims, r"\end{document}", ""])


def _text(text: str) -> str:
    """Return text with escaped commands; letters that pdfLaTeX lacks become a command of the preamble."""
    escaped = latex_text(exponents(re.sub(r"\s+", " ", text)))
    return "".join(
        letter if ord(letter) < 0x180 or letter in PRINTABLE else rf"\reportgenletter{{{ord(letter):X}}}"
        for letter in escaped
    )


def _markdown(text: str) -> str:
    return inline_latex(text, _text)


def _opening(page: Opening, deck: Deck) -> str:
    """Return a frame with the title, the question and the answer, as far as they are on the page."""
    title, question, answer = (f"{size * POINTS:.1f}" for size in page.sizes)
    ink = r"\color{reportgenink}"
    lines = [
        r"\begin{frame}[c]",
        r"  \raggedright",
        rf"  {{\reportgensize{{{title}}}\bfseries{ink} {_text(page.title)}\par}}\vspace{{2ex}}",
        rf"  {{\reportgensize{{{question}}}\color{{black!75}} {_text(page.question)}\par}}" if page.question else "",
    ]
    label = _("The answer")
    if page.answer:
        lines += [
            rf"  \vspace{{2ex}}{{{ink}\hrule height 1pt}}\vspace{{1.5ex}}",
            rf"  {{\footnotesize\bfseries{ink} {_text(label)}\par}}\vspace{{0.5ex}}",
            rf"  {{\reportgensize{{{answer}}} {_markdown(page.answer)}\par}}",
        ]
    note = deck.document.watermark if page is deck.opening[-1] else ""
    lines += [rf"  \vspace{{2ex}}{{\small\bfseries\color{{reportgeninconclusive}} {_text(note)}\par}}"] if note else []
    return "\n".join([line for line in lines if line] + [r"\end{frame}", ""])


def _questions(title: str, page: Sequence[SlideClaim]) -> str:
    """Return a frame with claims whose verdicts the audience predicts."""
    items = [rf"  {{\small {_markdown(claim.says)}\par}}{{\footnotesize {_text(claim.value)}\par}}" for claim in page]
    body = "\n  \\vspace{1ex}\n".join(items)
    return "\n".join([rf"\begin{{frame}}[t]{{{_text(title)}}}", r"  \raggedright", body, r"\end{frame}", ""])


def _claims(deck: Deck, title: str, page: Sequence[SlideClaim]) -> str:
    """Return a frame with the claims of a page."""
    kicker = rf"  {{\footnotesize\color{{black!65}} {_text(closing_note(deck.document))}\par}}\vspace{{1ex}}"
    items = [rf"  {{\small {_markdown(claim.says)}\par}}{_value(claim)}" for claim in page]
    body = "\n  \\vspace{1ex}\n".join(items)
    return "\n".join([rf"\begin{{frame}}[t]{{{_text(title)}}}", r"  \raggedright", kicker, body, r"\end{frame}", ""])


def _frame(slide: Slide, label: str) -> str:
    """Return a frame with a figure, and its long caption as a note."""
    picture = rf"\includegraphics[width=\linewidth,height={HEIGHT},keepaspectratio]"
    lines = [
        rf"\begin{{frame}}[t,label={label}]{{\raggedright{SIZES[slide.size]} {_markdown(slide.title)}}}",
        rf"  {{\footnotesize\color{{black!65}} {_text(slide.kicker)}\par}}",
        rf"  {{\centering{picture}{{\reportgenslides/{slide.drawing.id}.pdf}}\par}}",
        f"  {_value(slide.claim)}" if slide.claim else "",
        rf"  \note{{{_text(slide.drawing.caption)}}}",
        r"\end{frame}",
        "",
    ]
    return "\n".join(line for line in lines if line) + "\n"


def _value(claim: SlideClaim) -> str:
    color = f"reportgen{claim.verdict}" if claim.verdict in VERDICTS else "black!65"
    verdict = rf"\textbf{{\color{{{color}}}{_text(term(claim.verdict))}}}"
    return rf"{{\footnotesize\raggedright {verdict}: {_text(claim.value)}\par}}"
