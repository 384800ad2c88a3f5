"""Generates the fonts of figures: `python docs/_ext/fonts.py`.

The fonts are subsets of DejaVu Sans from matplotlib with the characters that figures use, which makes embedding them in
a PDF ten times faster. Figures take all other characters from DejaVu Sans itself.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib
from fontTools import subset

LETTERS = (
    *range(0x20, 0x7F), *range(0xA0, 0x180), *range(0x391, 0x3CA), *range(0x2070, 0x207C), *range(0x2080, 0x208A),
    *(0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2018, 0x2019, 0x201C, 0x201D, 0x2026, 0x202F, 0x2190, 0x2191, 0x2192),
    *(0x2193, 0x2212, 0x221A, 0x221E, 0x2248, 0x2260, 0x2264, 0x2265),
)  # fmt: skip
"""Latin and Greek letters, superscript and subscript digits, and mathematical signs."""

SOURCE = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
TARGET = Path(__file__).parents[2] / "reportgen" / "figures" / "fonts"


def make(style: str) -> None:
    """Write one style of the font under a new name, which the licence of DejaVu requires for modified fonts."""
    options = subset.Options(layout_features=["kern"], name_IDs=["*"], drop_tables=["FFTM"], glyph_names=False)
    font = subset.load_font(str(SOURCE / f"DejaVuSans{style}.ttf"), options)
    font.recalcTimestamp = False
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=LETTERS)
    subsetter.subset(font)
    for record in font["name"].names:
        if record.nameID in (1, 3, 4, 6, 16):
            record.string = str(record).replace("DejaVu Sans", "Report Sans").replace("DejaVuSans", "ReportSans")
    font.save(TARGET / f"ReportSans{style}.ttf")


if __name__ == "__main__":
    for style in ("", "-Bold"):
        make(style)
