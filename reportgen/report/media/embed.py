"""The parts of the teaching kit for other pages: a small page for each figure, and figures with labels for references.

The pages have no script and request nothing, so that a learning platform can show them in an iframe.
"""

from __future__ import annotations

import json
import math
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

WIDTH, PHONE, FRAME, LINE, LETTER = 784, 320, 18, 22, 8
"""Pixels: the frame in which a figure reaches its full width, the frame on a phone, what surrounds a picture at the
left and right, the height of a line, and the width of a letter. They follow from figure.css."""

NARROW = 560
"""Width of a screen in pixels below which a frame shows the narrow figure, if it fills the screen up to its margins."""


def write_pages(
    document: Content, drawings: Sequence[Drawing], pictures: Mapping[str, str], folder: Path
) -> list[Path]:
    """Write a page for each figure, snippets.md, figures.myst.md and figures.qmd into a folder; return the paths.

    pictures: each figure as in the page of the report, by id.
    """
    folder.mkdir(parents=True, exist_ok=True)
    contents = {f"{drawing.id}.html": _page(document, drawing, pictures[drawing.id]) for drawing in drawings}
    contents |= {
        "snippets.md": _snippets(document, drawings, pictures),
        "figures.myst.md": _myst(document, drawings),
        "figures.qmd": _quarto(document, drawings),
    }
    paths = [folder / name for name in contents]
    for path, content in zip(paths, contents.values(), strict=True):
        path.write_text(content, encoding="utf-8", newline="\n")
    return paths


def _page(document: Content, drawing: Drawing, svg: str) -> str:
    return fill_figure(document, drawing, Markup(svg[svg.index("<svg") :]))  # no XML prologue


def _value(text: str) -> str:
    """Return text as the value of an attribute of HTML in Markdown."""
    return TEMPLATE.sub("&#123;", escape(text))


def _size(document: Content, drawing: Drawing, picture: str) -> str:
    """Return the height of an iframe as attributes: for most frames, and for a phone, where the figure is taller."""
    broad = round(_aspect(picture, "") * (WIDTH - FRAME) + _height_of_texts(document, drawing, WIDTH))
    style = "border: 0"
    if '<svg class="narrow"' in picture:
        aspect = _aspect(picture, 'class="narrow"')
        texts = _height_of_texts(document, drawing, PHONE) - FRAME * aspect
        # A style has no conditions: the quotient is large and positive below the width, and negative above it.
        # Canvas drops a whole style for an asterisk or a plus sign.
        narrow = f"min(({NARROW}px - 100vw) / 0.001, {100 * aspect:.0f}vw - {-texts:.0f}px)"
        style = f"{style}; height: max({broad}px, {narrow})"
    return f'height="{broad}" style="{style}"'


def _aspect(picture: str, attributes: str) -> float:
    """Return the height of the first figure with these attributes, relative to its width."""
    pattern = rf'<svg {attributes}[^>]*viewBox="[\d.]+ [\d.]+ ([\d.]+) ([\d.]+)"'
    width, height = (float(size) for size in re.findall(pattern, picture)[0])
    return height / width


def _height_of_texts(document: Content, drawing: Drawing, width: int) -> int:
    """Return the height in pixels of all but the picture in a frame, with the details closed."""
    texts = [drawing.title, exponents(drawing.short), *([document.watermark] if document.watermark else [])]
    lines = 1 + sum(math.ceil(len(text) * LETTER / (width - FRAME)) for text in texts)
    margins = 36 + (18 if document.watermark else 0)
    return margins + lines * LINE


def _snippets(document: Content, drawings: Sequence[Drawing], pictures: Mapping[str, str]) -> str:
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
            f'{_size(document, drawing, pictures[drawing.id])} loading="lazy"></iframe>\n```\n\n'
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
