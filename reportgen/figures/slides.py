"""The figures drawn again for slides: at most four lines, one row of panels, and text that can be read at a distance.

A figure whose variants are in several panels becomes one slide for each panel. A figure that does not fit on a slide
at the size of its text is drawn for fewer variants at a time, and left out if one variant does not fit either.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from matplotlib.text import Text

from reportgen.analysis.results import Analysis
from reportgen.figures import find
from reportgen.figures.drawing.figure import Drawing, FigureKind
from reportgen.figures.drawing.surface import SLIDE, drawing_on
from reportgen.figures.views.series import Layout, layout

MOST_SLIDES = 4
"""The largest number of slides of one figure."""

SLACK = 0.02
"""Tolerance for rounding, in points."""


@dataclass(frozen=True)
class SlideFigure:
    """A figure of a slide.

    Attributes
    ----------
    kind : the row of the figure.
    drawing : the figure; if it has several slides, their ids end with a number.
    panel : what the variants of this slide have in common, empty if the figure has only one slide.
    variants : the ids of the variants on the slide.
    """

    kind: FigureKind
    drawing: Drawing
    panel: str
    variants: frozenset[str]


def draw_slides(analysis: Analysis, drawings: Sequence[Drawing]) -> list[SlideFigure]:
    """Return the figures of a report drawn for slides, in the same order."""
    with drawing_on(SLIDE):
        whole = layout(analysis)
    styles = {series.id: series.style for series in whole.series if not series.grey}
    with drawing_on(replace(SLIDE, styles=styles)):
        parts = _parts(analysis, whole)
        return [figure for drawing in drawings for figure in _slides_of(find(drawing.id), analysis, parts)]


@dataclass(frozen=True)
class _Part:
    """A few variants of an analysis; place: the order of the part among others."""

    panel: str
    analysis: Analysis
    place: int = 0

    @property
    def variants(self) -> frozenset[str]:
        return frozenset(row.variant.id for row in self.analysis.outcomes)


def _parts(analysis: Analysis, whole: Layout) -> list[_Part]:
    """Return the highlighted variants of each panel of the figures, the panels of most claims first."""
    parts = []
    for place, panel in enumerate(whole.panels):
        ids = {series.id for series in panel.series if not series.grey}
        parts.append(_Part(panel.title, _only(analysis, ids), place))

    def claimed(part: _Part) -> int:
        return sum(len(part.variants & set(claim.variants)) for claim in analysis.claims)

    return sorted((part for part in parts if part.variants), key=lambda part: -claimed(part))


def _only(analysis: Analysis, ids: set[str]) -> Analysis:
    """Return the analysis of some variants alone."""
    return replace(
        analysis,
        variants=tuple(row for row in analysis.variants if row.variant.id in ids),
        searches=tuple(search for search in analysis.searches if search.outcome.variant.id in ids),
        ensembles=tuple(one for one in analysis.ensembles if one.variant in ids),
    )


def _slides_of(kind: FigureKind, analysis: Analysis, parts: Sequence[_Part]) -> list[SlideFigure]:
    if kind.slide is None:
        return []
    fitting: list[tuple[_Part, Drawing]] = []
    for part in parts if kind.slide == "variants" else [_Part("", analysis)]:
        found = list(_fitting(kind, part))
        fitting += found if len(fitting) + len(found) <= MOST_SLIDES else []
    fitting.sort(key=lambda pair: pair[0].place)
    return [
        SlideFigure(
            kind,
            drawing if number == 1 else replace(drawing, id=f"{drawing.id}-{number}"),
            part.panel if len(fitting) > 1 else "",
            part.variants,
        )
        for number, (part, drawing) in enumerate(fitting, start=1)
    ]


def _fitting(kind: FigureKind, part: _Part) -> Iterator[tuple[_Part, Drawing]]:
    """Yield the figure of a part if it fits, else the figures of the halves of its variants."""
    drawing = kind.draw(part.analysis)
    if drawing is None:
        return
    if fits(drawing):
        yield part, drawing
    elif kind.slide == "variants" and len(part.variants) > 1:
        ids = [row.variant.id for row in part.analysis.outcomes]
        middle = -(-len(ids) // 2)
        for half in (ids[:middle], ids[middle:]):
            yield from _fitting(kind, replace(part, analysis=_only(part.analysis, set(half))))


def fits(drawing: Drawing) -> bool:
    """Return whether no text is smaller than that of the surface if the figure is scaled to fit on it."""
    width, height = drawing.figure.get_size_inches()
    scale = min(SLIDE.width / width, (SLIDE.height or height) / height)
    texts = [text for text in drawing.figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    return all(float(text.get_fontsize()) * scale >= SLIDE.tiny - SLACK for text in texts)
