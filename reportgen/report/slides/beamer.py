r"""The slides for Beamer: a file that compiles with pdfLaTeX and LuaLaTeX.

A page of Beamer is 16 cm wide, so that 8.5 points are as large as 18 points on a page of 13.33 inches; the smallest
size in use is \footnotesize.
"""

from __future__ import annotations

from collections.abc import Sequence

from reportgen.analysis.words.nouns import term
from reportgen.analysis.words.numerals import exponents
from reportgen.languages.translate import _
from reportgen.report.media.kit import label_of, latex_text
from reportgen.report.slides.deck import Deck, Slide, SlideClaim

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
\setbeamersize{text margin left=3mm,text margin right=3mm}
\setbeamertemplate{navigation symbols}{}
\setbeamertemplate{footline}{\hfill\footnotesize\insertframenumber\hspace{3mm}\vspace{1.5mm}}
\setbeamerfont{frametitle}{series=\bfseries,size=\large}
\setbeamercolor{frametitle}{fg=black}
\hyphenpenalty=50
\emergencystretch=3em
% A letter that pdfLaTeX cannot print becomes a question mark.
\newcommand{\reportgenletter}[1]{\ifPDFTeX ?\else\symbol{"#1}\fi}
"""

SIZES = {30: r"\large", 25: r"\normalsize", 22: r"\small"}
"""Font sizes of titles by their size in points on a page of 13.33 inches."""

HEIGHT = "57.2mm"
"""Height of a figure whose smallest text has 8.5 points."""

PRINTABLE = set("–—‘’‚“”„…•‰‹›€™")
"""Letters beyond Latin that pdfLaTeX prints in text."""


def beamer(deck: Deck) -> str:
    """Return the slides as LaTeX source."""
    document = deck.document
    head = HEAD.replace("%(id)s", _text(document.id))
    opening = [rf"\title{{{_text(document.title)}}}", rf"\subtitle{{\normalsize {_text(document.question)}}}"]
    opening += [rf"\date{{\small {_text(_tally(deck))}}}", "", r"\begin{document}", "", r"\frame{\titlepage}", ""]
    claims = [_claims(title, page) for title, page in deck.titled_claims]
    frames = [_frame(slide, label_of(document.id, slide.drawing.id)) for slide in deck.slides]
    return "\n".join([head, *opening, *claims, *frames, r"\end{document}", ""])


def _text(text: str) -> str:
    """Return text with escaped commands; letters that pdfLaTeX lacks become a command of the preamble."""
    escaped = latex_text(exponents(" ".join(text.split())))
    return "".join(
        letter if ord(letter) < 0x180 or letter in PRINTABLE else rf"\reportgenletter{{{ord(letter):X}}}"
        for letter in escaped
    )


def _tally(deck: Deck) -> str:
    """Return the line below the title: the number of claims by verdict, or the warning of a quick look."""
    counts = ", ".join(f"{count} {term(verdict)}" for verdict, count in deck.document.counts.items())
    return deck.document.watermark or (_("Claims: {counts}").format(counts=counts) if counts else "")


def _claims(title: str, page: Sequence[SlideClaim]) -> str:
    """Return a frame with the claims of a page."""
    items = [rf"  {{\small {_text(claim.says)}\par}}{_value(claim)}" for claim in page]
    body = "\n  \\vspace{1ex}\n".join(items)
    return "\n".join([rf"\begin{{frame}}[t]{{{title}}}", r"  \raggedright", body, r"\end{frame}", ""])


def _frame(slide: Slide, label: str) -> str:
    """Return a frame with a figure, and its long caption as a note."""
    picture = rf"\includegraphics[width=\linewidth,height={HEIGHT},keepaspectratio]"
    lines = [
        rf"\begin{{frame}}[t,label={label}]{{\raggedright{SIZES[slide.size]} {_text(slide.title)}}}",
        rf"  {{\footnotesize {_text(slide.kicker)}\par}}",
        rf"  {{\centering{picture}{{\reportgenslides/{slide.drawing.id}.pdf}}\par}}",
        f"  {_value(slide.claim)}" if slide.claim else "",
        rf"  \note{{{_text(slide.drawing.caption)}}}",
        r"\end{frame}",
        "",
    ]
    return "\n".join(line for line in lines if line) + "\n"


def _value(claim: SlideClaim) -> str:
    return rf"{{\footnotesize\raggedright \textbf{{{_text(claim.verdict)}}}: {_text(claim.value)}\par}}"
