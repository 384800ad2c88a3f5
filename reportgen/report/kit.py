"""The teaching kit: figures as files, and snippets that put them into LaTeX, MyST and Quarto."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from reportgen.figures import Drawing, save
from reportgen.report.document import Document
from reportgen.report.formatting import interval, number

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
}


def write_figures(drawings: Sequence[Drawing], folder: Path, svgs: Mapping[str, str]) -> list[Path]:
    """Write every figure as SVG, PDF, PNG and CSV; return the paths."""
    return [path for drawing in drawings for path in save(drawing, folder, svgs[drawing.id])]


def write_embed(document: Document, drawings: Sequence[Drawing], folder: Path) -> list[Path]:
    """Write figures.tex and report.md, which refer to ../figures/; return the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    contents = {"figures.tex": _latex(document, drawings), "report.md": _markdown(document, drawings)}
    paths = [folder / name for name in contents]
    for path, content in zip(paths, contents.values(), strict=True):
        path.write_text(content, encoding="utf-8", newline="\n")
    return paths


def latex_text(text: str) -> str:
    """Return text with what LaTeX takes for commands escaped; powers of ten become superscripts."""
    plain = "".join(_LATEX.get(letter, letter) for letter in text)
    return _superscripts(plain)


def _superscripts(text: str) -> str:
    raised = "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"
    out, run = "", ""
    for letter in [*text, ""]:
        if letter and letter in raised:
            run += "-0123456789"[raised.index(letter)]
            continue
        out += (rf"\textsuperscript{{{run}}}" if run else "") + letter
        run = ""
    return out


def _latex(document: Document, drawings: Sequence[Drawing]) -> str:
    floats = [
        "\\begin{figure}[htbp]\n  \\centering\n"
        f"  \\includegraphics[width=\\linewidth]{{../figures/{drawing.id}.pdf}}\n"
        f"  \\caption{{{latex_text(drawing.caption)}}}\n"
        f"  \\label{{fig:{document.id}-{drawing.id.replace('_', '-')}}}\n\\end{{figure}}\n"
        for drawing in drawings
    ]
    head = f"% Figures of {document.id}: \\input this file, with \\usepackage{{graphicx}}.\n"
    return head + "\n".join(floats)


def _markdown(document: Document, drawings: Sequence[Drawing]) -> str:
    """Return Markdown that MyST and Quarto both read: title, claims as a table, figures with captions."""
    lines = [f"# {_plain(document.title)}", "", _plain(document.question), ""]
    if document.claims:
        lines += ["| claim | verdict | measured | 95% interval | seeds |", "|---|---|---|---|---|"]
        lines += [
            f"| {_cell(c.says)} | {c.verdict} | {number(c.measured)} | {interval(c.interval)} | {c.n} |"
            for c in document.claims
        ]
        lines.append("")
    for drawing in drawings:
        lines += [f"![{_plain(drawing.caption)}](../figures/{drawing.id}.svg)", ""]
    return "\n".join(lines)


def _plain(text: str) -> str:
    """Return text on one line with Markdown's own signs escaped; $formulas$ stay."""
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>" else letter for letter in " ".join(text.split()))


def _cell(text: str) -> str:
    return _plain(text).replace("|", "\\|")
