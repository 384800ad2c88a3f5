"""The teaching kit: figures as files, and snippets that include them in LaTeX, MyST and Quarto."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from reportgen.analysis.words.measured import measured_interval
from reportgen.analysis.words.nouns import term
from reportgen.analysis.words.numerals import exponents
from reportgen.figures import Drawing
from reportgen.figures.drawing.export import save
from reportgen.languages.translate import N_, _
from reportgen.report.document.claim_view import ClaimView
from reportgen.report.document.claim_words import expected, stated
from reportgen.report.document.content import Content
from reportgen.report.document.document import Document
from reportgen.report.media.inline import inline_markdown, markdown_text

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
}

_LIGATURE = re.compile(r"([-'`<>,])(?=\1)|([?!])(?=`)")
"""Letters that LaTeX would join with the next one to another letter."""


def write_figures(drawings: Sequence[Drawing], folder: Path, svgs: Mapping[str, str]) -> list[Path]:
    """Write each figure as SVG, PDF, PNG and CSV; return the paths."""
    return [path for drawing in drawings for path in save(drawing, folder, svgs[drawing.id])]


def write_embed(document: Content, drawings: Sequence[Drawing], table: Sequence[str], folder: Path) -> list[Path]:
    """Write figures.tex, report.md and captions.md, which refer to ../figures/; return the paths.

    table: the lines of the Markdown table that opens report.md; may be empty.
    """
    folder.mkdir(parents=True, exist_ok=True)
    contents = {
        "figures.tex": _latex(document, drawings),
        "report.md": _markdown(document, drawings, table),
        "captions.md": _captions(drawings),
    }
    paths = [folder / name for name in contents]
    for path, content in zip(paths, contents.values(), strict=True):
        path.write_text(content, encoding="utf-8", newline="\n")
    return paths


def label_of(study: str, figure: str) -> str:
    """Return the label of a figure for cross-references in LaTeX, MyST and Quarto."""
    return f"fig-{study}-{figure}".replace("_", "-")


def latex_text(text: str) -> str:
    """Return text with escaped LaTeX commands; powers of ten become superscripts, and pairs such as -- stay two."""
    plain = "".join(_LATEX.get(letter, letter) for letter in text)
    return _superscripts(_LIGATURE.sub(r"\g<0>{}", plain))


def _superscripts(text: str) -> str:
    """Return text with superscript digits as LaTeX exponents."""
    raised = "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"
    return re.sub(
        f"[{raised}]+",
        lambda run: r"\ensuremath{^{" + "".join("-0123456789"[raised.index(letter)] for letter in run[0]) + "}}",
        text,
    )


def _latex(document: Content, drawings: Sequence[Drawing]) -> str:
    floats = [
        "\\begin{figure}[htbp]\n  \\centering\n"
        f"  \\includegraphics[width=\\linewidth]{{\\reportgenfigures/{drawing.id}.pdf}}\n"
        f"  \\caption[{{{latex_text(exponents(drawing.short))}}}]{{{latex_text(exponents(drawing.caption))}}}\n"
        f"  \\label{{{label_of(document.id, drawing.id)}}}\n\\end{{figure}}\n"
        for drawing in drawings
    ]
    head = (
        f"% Figures of {document.id}: \\input this file, with \\usepackage{{graphicx}}.\n"
        "% If your document is in another folder, define the path of the figures first:\n"
        f"% \\newcommand{{\\reportgenfigures}}{{reports/{document.id}/figures}}\n"
        "\\providecommand{\\reportgenfigures}{../figures}\n\n"
    )
    return head + "\n".join(floats)


def _markdown(document: Content, drawings: Sequence[Drawing], table: Sequence[str]) -> str:
    """Return Markdown for MyST and Quarto: the title, a table and the figures with captions."""
    lines = [
        f"# {markdown_text(document.title)}",
        "",
        markdown_text(document.question),
        "",
        *table,
        *([""] if table else []),
    ]
    for drawing in drawings:
        lines += [f"![{markdown_text(exponents(drawing.caption))}](../figures/{drawing.id}.svg)", ""]
    return "\n".join(lines)


HEADINGS = (N_("claim"), N_("verdict"), N_("measured"), N_("95% interval"), N_("expected"), N_("seeds"))
"""The headings of the table of claims."""

SHORT_HEADINGS = tuple(heading for heading in HEADINGS if heading != "expected")
"""The headings of the table in a notebook."""


def claims_table(document: Document) -> list[str]:
    """Return the lines of a Markdown table of the claims of a study, none without claims."""
    if not document.claims:
        return []
    head = [f"| {' | '.join(map(_, HEADINGS))} |", f"|{'---|' * len(HEADINGS)}"]
    return [*head, *(_claim(claim, document.watermark is not None) for claim in document.claims)]


def _claim(tested: ClaimView, quick: bool) -> str:
    result = tested.result
    verdict = term("no verdict" if quick else result.verdict)
    plain = (verdict, stated(result), measured_interval(result), expected(tested), str(result.n))
    return f"| {' | '.join([cell(result.says), *map(markdown_text, plain)])} |"


def _captions(drawings: Sequence[Drawing]) -> str:
    """Return the caption and the alternative text of each figure, to copy into slides and other documents."""
    short, long, alt = _("Short caption: {text}"), _("Caption: {text}"), _("Alternative text: {text}")
    parts = [
        f"## {markdown_text(drawing.title)}\n\nfigures/{markdown_text(drawing.id)}\n\n"
        f"{short.format(text=markdown_text(exponents(drawing.short)))}\n\n"
        f"{long.format(text=markdown_text(exponents(drawing.caption)))}\n\n"
        f"{alt.format(text=markdown_text(exponents(drawing.alt)))}\n"
        for drawing in drawings
    ]
    title = _("Captions")
    return f"# {title}\n\n" + "\n".join(parts)


def cell(text: str) -> str:
    """Return Markdown of a study for a cell of a Markdown table, in which a bar ends the cell even in code."""
    return re.sub(r"(?<!\\)\|", r"\\|", inline_markdown(text))
