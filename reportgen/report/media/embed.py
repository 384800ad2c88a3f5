"""The parts of the teaching kit for other pages: a small page for each figure, and figures with labels for references.

The pages have no script and request nothing, so that a learning platform can show them in an iframe.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from markupsafe import Markup

from reportgen.analysis.words.numerals import exponents
from reportgen.figures import Drawing
from reportgen.languages.translate import _, current_language
from reportgen.report.document.content import Content
from reportgen.report.media.inline import TEMPLATE, markdown_text
from reportgen.report.media.kit import label_of
from reportgen.report.media.render import fill_figure

WIDTH, CAPTION = 780, 110
"""Pixels: the width for which an iframe is tall enough, and the height for the caption."""


def write_pages(
    document: Content, drawings: Sequence[Drawing], svgs: Mapping[str, str], pictures: Mapping[str, str], folder: Path
) -> list[Path]:
    """Write a page for each figure, snippets.md, figures.myst.md and figures.qmd into a folder; return the paths.

    svgs: the SVG text of each figure by id. pictures: each figure as in the page of the report.
    """
    folder.mkdir(parents=True, exist_ok=True)
    contents = {f"{drawing.id}.html": _page(document, drawing, pictures[drawing.id]) for drawing in drawings}
    contents |= {
        "snippets.md": _snippets(document, drawings, svgs),
        "figures.myst.md": _myst(document, drawings),
        "figures.qmd": _quarto(document, drawings),
    }
    paths = [folder / name for name in contents]
    for path, content in zip(paths, contents.values(), strict=True):
        path.write_text(content, encoding="utf-8", newline="\n")
    return paths


def _page(document: Content, drawing: Drawing, svg: str) -> str:
    return fill_figure(document, drawing, Markup(svg[svg.index("<svg") :]))  # no XML prologue


def _height(svg: str) -> int:
    """Return the height of the page of a figure in pixels."""
    width, height = (float(size) for size in re.findall(r'viewBox="[\d.]+ [\d.]+ ([\d.]+) ([\d.]+)"', svg)[0])
    return round(WIDTH * height / width) + CAPTION


def _value(text: str) -> str:
    """Return text as the value of an attribute of HTML in Markdown."""
    return TEMPLATE.sub("&#123;", escape(text))


def _snippets(document: Content, drawings: Sequence[Drawing], svgs: Mapping[str, str]) -> str:
    """Return HTML to copy: each figure as an iframe and as an image."""
    base = f"https://example.org/{document.id}"
    parts = [
        _(
            "# HTML snippets\n\nReplace `{base}` with the address of the folder of this report. "
            "The iframe shows the figure with its caption, the image shows the figure alone. Both are dark for readers "
            "who prefer a dark page.\n"
        ).format(base=base)
    ]
    for drawing in drawings:
        title, alt = map(_value, (drawing.title, f"{drawing.title}. {exponents(drawing.alt)}"))
        parts.append(
            f"## {markdown_text(drawing.title)}\n\n```html\n"
            f'<iframe src="{base}/embed/{drawing.id}.html" title="{title}" width="100%" '
            f'height="{_height(svgs[drawing.id])}" style="border: 0" loading="lazy"></iframe>\n```\n\n'
            f'```html\n<picture>\n<source media="(prefers-color-scheme: dark)" '
            f'srcset="{base}/figures/{drawing.id}-dark.svg">\n'
            f'<img src="{base}/figures/{drawing.id}.svg" alt="{alt}" style="width: 100%">\n</picture>\n```\n'
        )
    return "\n".join(parts)


def _myst(document: Content, drawings: Sequence[Drawing]) -> str:
    """Return a page of MyST with all figures, to which other pages refer by their labels."""
    figures = [
        f"```{{figure}} ../figures/{drawing.id}.svg\n---\nname: {label_of(document.id, drawing.id)}\n"
        f"alt: {quoted(_line(drawing.alt))}\n---\n\n{markdown_text(exponents(drawing.caption))}\n```\n"
        for drawing in drawings
    ]
    title = _("Figures: {title}").format(title=markdown_text(document.title))
    return "\n".join([f"# {title}\n", *figures])


def _quarto(document: Content, drawings: Sequence[Drawing]) -> str:
    """Return a page of Quarto with all figures."""
    figures = [
        f"![{markdown_text(exponents(drawing.caption))}](../figures/{drawing.id}.svg){{"
        f"#{label_of(document.id, drawing.id)} fig-alt={attribute(_line(drawing.alt))} "
        f"fig-scap={attribute(_line(drawing.short))}}}\n"
        for drawing in drawings
    ]
    title = quoted(markdown_text(_("Figures: {title}").format(title=document.title)))
    head = f"---\ntitle: {title}\nlang: {current_language()}\n---\n"
    return "\n".join([head, *figures])


def _line(text: str) -> str:
    return " ".join(exponents(text).split())


def quoted(text: str) -> str:
    """Return text as a string of YAML."""
    return TEMPLATE.sub(r"\\u007b", json.dumps(" ".join(text.split()), ensure_ascii=False))


def attribute(text: str) -> str:
    """Return text as a quoted attribute of Pandoc, in which backslashes and entities have a meaning."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")
    return TEMPLATE.sub("&#123;", f'"{escaped}"')
