"""The teaching kit: figures as files, and snippets that put them into LaTeX, MyST and Quarto."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from reportgen.analysis.words.numerals import exponents
from reportgen.figures import Drawing
from reportgen.figures.drawing.export import save
from reportgen.report.document.claim_view import ClaimView
from reportgen.report.document.claim_words import expected, measured, measured_interval, quantity, sides
from reportgen.report.document.document import Document

_LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "−": r"\ensuremath{-}",
    "×": r"\ensuremath{\times}",
    "∞": r"\ensuremath{\infty}",
    "σ": r"\ensuremath{\sigma}",
    "μ": r"\ensuremath{\mu}",
    "\u202f": r"\,",
}


def write_figures(drawings: Sequence[Drawing], folder: Path, svgs: Mapping[str, str]) -> list[Path]:
    """Write every figure as SVG, PDF, PNG and CSV; return the paths."""
    return [path for drawing in drawings for path in save(drawing, folder, svgs[drawing.id])]


def write_embed(document: Document, drawings: Sequence[Drawing], folder: Path) -> list[Path]:
    """Write figures.tex, report.md and captions.md, which refer to ../figures/; return the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    begins = beginnings({"id": document.id, "title": document.title, "question": document.question})
    contents = {
        "figures.tex": _latex(begins["figures.tex"], document, drawings),
        "report.md": _markdown(begins["report.md"], document, drawings),
        "captions.md": _captions(begins["captions.md"], drawings),
    }
    paths = [folder / name for name in contents]
    for path, content in zip(paths, contents.values(), strict=True):
        path.write_text(content, encoding="utf-8", newline="\n")
    return paths


def beginnings(study: Mapping[str, str]) -> dict[str, str]:
    """Return how each snippet of a study begins, by which it is known; study: its id, title and question."""
    id_, title, question = (study.get(key, "") for key in ("id", "title", "question"))
    return {
        "figures.tex": f"% Figures of {id_}: \\input this file, with \\usepackage{{graphicx}}.\n",
        "report.md": f"# {_plain(title)}\n\n{_plain(question)}\n",
        "captions.md": "# Captions\n\n",
    }


def latex_text(text: str) -> str:
    """Return text with what LaTeX takes for commands escaped; powers of ten become superscripts."""
    plain = "".join(_LATEX.get(letter, letter) for letter in text)
    return _superscripts(plain)


def _superscripts(text: str) -> str:
    """Return text with runs of raised digits as LaTeX exponents."""
    raised = "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"
    return re.sub(
        f"[{raised}]+",
        lambda run: r"\ensuremath{^{" + "".join("-0123456789"[raised.index(letter)] for letter in run[0]) + "}}",
        text,
    )


def _latex(begin: str, document: Document, drawings: Sequence[Drawing]) -> str:
    floats = [
        "\\begin{figure}[htbp]\n  \\centering\n"
        f"  \\includegraphics[width=\\linewidth]{{\\reportgenfigures/{drawing.id}.pdf}}\n"
        f"  \\caption{{{latex_text(exponents(drawing.caption))}}}\n"
        f"  \\label{{fig:{document.id}-{drawing.id.replace('_', '-')}}}\n\\end{{figure}}\n"
        for drawing in drawings
    ]
    head = (
        f"{begin}% Where the document stands elsewhere, say before it where the figures are:\n"
        f"% \\newcommand{{\\reportgenfigures}}{{reports/{document.id}/figures}}\n"
        "\\providecommand{\\reportgenfigures}{../figures}\n\n"
    )
    return head + "\n".join(floats)


def _markdown(begin: str, document: Document, drawings: Sequence[Drawing]) -> str:
    """Return Markdown that MyST and Quarto both read: title, claims as a table, figures with captions."""
    lines = [begin]
    if document.claims:
        lines += ["| claim | verdict | measured | 95% interval | expected | seeds |", "|---|---|---|---|---|---|"]
        lines += [_claim(claim, document.watermark is not None) for claim in document.claims]
        lines.append("")
    for drawing in drawings:
        lines += [f"![{_plain(exponents(drawing.caption))}](../figures/{drawing.id}.svg)", ""]
    return "\n".join(lines)


def _claim(tested: ClaimView, quick: bool) -> str:
    result = tested.result
    verdict = "no verdict" if quick else result.verdict
    of = sides(result)
    between = "; " if result.quantity == "deviation" else " "
    number = f"{of}: {measured(result)}" if of else f"{measured(result)}{between}{quantity(result)}".strip("; ")
    cells = (
        _cell(result.says),
        verdict,
        _cell(number),
        measured_interval(result),
        _cell(expected(tested)),
        result.n,
    )
    return f"| {' | '.join(map(str, cells))} |"


def _captions(begin: str, drawings: Sequence[Drawing]) -> str:
    """Return each figure's caption and alternative text, to copy into slides and other documents."""
    parts = [
        f"## {_plain(drawing.title)}\n\nfigures/{_plain(drawing.id)}\n\n"
        f"Caption: {_plain(exponents(drawing.caption))}\n\nAlternative text: {_plain(exponents(drawing.alt))}\n"
        for drawing in drawings
    ]
    return begin + "\n".join(parts)


def _plain(text: str) -> str:
    """Return text on one line with Markdown's own signs escaped; $formulas$ stay."""
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>" else letter for letter in " ".join(text.split()))


def _cell(text: str) -> str:
    return _plain(text).replace("|", "\\|")
