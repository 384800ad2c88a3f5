"""Export of drawings as SVG, PDF, PNG and CSV. Equal drawings give equal bytes."""

from __future__ import annotations

import csv
import io
import math
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from reportgen.analysis.words.foreign import table_text
from reportgen.figures.drawing import palette
from reportgen.figures.drawing import style as _style
from reportgen.figures.drawing.figure import ENDINGS, Drawing
from reportgen.figures.drawing.surface import PHONE, drawing_on
from reportgen.figures.drawing.svg import tidy
from reportgen.languages.translate import in_language

PNG_DPI = 200
"""Dots per inch; a figure is 1300 pixels wide."""


def save(drawing: Drawing, folder: Path, svg: str | None = None, endings: Sequence[str] = ENDINGS) -> list[Path]:
    """Write the files of a figure into a folder, which is created if needed, and return their paths.

    svg: the result of `svg_text`, if the caller already has it. endings: the files to write.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{drawing.id}{ending}" for ending in endings]
    for path, ending in zip(paths, endings, strict=True):
        path.write_bytes(content(drawing, ending, svg))
    return paths


def content(drawing: Drawing, ending: str, svg: str | None = None) -> bytes:
    """Return the content of a file of a figure; ending: one of ENDINGS; svg: as for `save`."""
    if ending.endswith(".svg"):
        picture = svg_text(drawing) if svg is None else svg
        return (palette.dark(picture) if ending == "-dark.svg" else picture).encode()
    if ending == ".pdf":
        return _bytes(drawing, drawing.figure, "pdf", metadata=_pdf_metadata(drawing))
    return png_bytes(drawing) if ending == ".png" else csv_text(drawing).encode()


def png_bytes(drawing: Drawing) -> bytes:
    """Return the figure as PNG."""
    return _bytes(drawing, drawing.figure, "png", metadata=_png_metadata(drawing), pil_kwargs={"compress_level": 4})


def svg_text(drawing: Drawing) -> str:
    """Return the figure as accessible SVG: with a title and a description, without style sheets, with unique ids."""
    return _svg(drawing, drawing.figure, drawing.id)


def screen_svg(drawing: Drawing, svg: str) -> str:
    """Return the figure for a page: its SVG in the colours of the page, and the narrow one for a phone if there is one.

    The style sheet of the page shows one of the two, by their classes.

    svg: the result of `svg_text`.
    """
    if drawing.narrow is None:
        return palette.inline(svg)
    with _style.settings(), drawing_on(PHONE), in_language(drawing.language):
        figure = drawing.narrow()
    both = {"broad": svg, "narrow": _svg(drawing, figure, f"{drawing.id}-narrow")}
    return "".join(palette.inline(text).replace("<svg ", f'<svg class="{name}" ', 1) for name, text in both.items())


def _svg(drawing: Drawing, figure: Figure, id_: str) -> str:
    raw = _bytes(drawing, figure, "svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return tidy(raw, id_, drawing.title, drawing.alt)


def csv_text(drawing: Drawing) -> str:
    """Return the drawn numbers as CSV, with all digits; missing values and values that are not finite are empty.

    Text that a spreadsheet program would take for a formula begins with an apostrophe.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(map(table_text, drawing.columns))
    writer.writerows([_field(value) for value in row] for row in drawing.rows)
    return text.getvalue()


def _field(value: Any) -> Any:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return table_text(value)
    return repr(float(value)) if isinstance(value, float) else value


def _bytes(drawing: Drawing, figure: Figure, ending: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    with _style.settings(), warnings.catch_warnings(), in_language(drawing.language):
        # Letters that DejaVu Sans lacks are drawn as boxes; the caption and the CSV file have the text.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(buffer, format=ending, dpi=PNG_DPI, **options)
    return buffer.getvalue()


def _pdf_metadata(drawing: Drawing) -> dict[str, Any]:
    return {"Title": drawing.title, "Subject": drawing.alt, "CreationDate": None, "Creator": None, "Producer": None}


def _png_metadata(drawing: Drawing) -> dict[str, Any]:
    return {"Title": drawing.title, "Description": drawing.alt, "Software": None}
