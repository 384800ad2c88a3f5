"""The content of the slides, independent of the medium: a title, the claims, and one figure a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from reportgen.analysis.results import Analysis, ClaimResult
from reportgen.analysis.words.measured import SAME, measured, measured_interval
from reportgen.analysis.words.names import sentence
from reportgen.analysis.words.nouns import counted_noun
from reportgen.analysis.words.numerals import exponents
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.drawing.text import text_width, wrap
from reportgen.figures.slides import SlideFigure
from reportgen.figures.views.factors import sides_of
from reportgen.languages.translate import _
from reportgen.report.document.claim_view import ClaimView
from reportgen.report.document.claim_words import QUANTITIES, sides
from reportgen.report.document.document import Document
from reportgen.study.planning.where import matching_variants

WIDTH = 12.35
"""Inches: the width of the text of a slide, whose page is 13.33 by 7.5 inches."""

BOLD = 1.17
"""Width of bold letters relative to regular ones."""

TITLES = ((30, 2), (25, 2), (22, 3))
"""Font sizes of titles in points with their largest numbers of lines, the preferred one first."""

CLAIM, LEAST = 20.0, 18.0
"""Points: the font size of claims, and the smallest font size of a slide."""

HIGHEST, COLUMN = 5.6, 9.5
"""Inches: the height of the claims of a page, and their width, with some slack."""

MOST_LINES = 20
"""The largest number of lines of a claim."""


@dataclass(frozen=True)
class SlideClaim:
    """A claim on a slide.

    Attributes
    ----------
    verdict : "no verdict" for a quick look.
    value : the measured value.
    brief : the same without the names of what the claim compares.
    """

    says: str
    verdict: str
    value: str
    brief: str = ""

    @property
    def on_one_line(self) -> str:
        """The measured value, without the names if it would not fit beside the verdict on one line."""
        verdict = text_width(f"✓ {self.verdict} ", LEAST * BOLD)
        return self.value if verdict + text_width(self.value, LEAST) <= WIDTH else self.brief or self.value


@dataclass(frozen=True)
class Slide:
    """A page with one figure.

    Attributes
    ----------
    kicker : the line above the title: what the figure shows.
    title : the finding, as a sentence.
    drawing : the figure.
    claim : a claim on what the figure shows, or None; its value fits on one line.
    """

    kicker: str
    title: str
    drawing: Drawing
    claim: SlideClaim | None

    @property
    def size(self) -> int:
        """The font size of the title in points."""
        return title_size(self.title)

    @property
    def note(self) -> str:
        """The line below the figure: the measured value of the claim, empty without one."""
        return self.claim.value if self.claim else ""


@dataclass(frozen=True)
class Deck:
    """The content of the slides.

    Attributes
    ----------
    claims : the claims by page.
    slides : the pages with a figure, the figure that opens the report first.
    """

    document: Document
    claims: tuple[tuple[SlideClaim, ...], ...]
    slides: tuple[Slide, ...]

    @property
    def titled_claims(self) -> tuple[tuple[str, tuple[SlideClaim, ...]], ...]:
        """The pages of claims with their titles, which have a number if there are several."""
        found, number, pages = _("What the study found"), _("{index} of {count}"), len(self.claims)
        titles = [f"{found} ({number.format(index=at, count=pages)})" for at in range(1, pages + 1)]
        return tuple(zip(titles if pages > 1 else [found], self.claims, strict=False))


def make_deck(analysis: Analysis, document: Document, figures: Sequence[SlideFigure]) -> Deck:
    """Return the slides of a report; figures: as drawn for slides."""
    claims = [_claim(view.result, document.watermark is not None) for view in document.claims]
    tested = [
        _TitleClaim(view.result.metric, _variants(analysis, view), claim)
        for view, claim in zip(document.claims, claims, strict=True)
    ]
    return Deck(document, tuple(_pages(claims)), tuple(_slides(document, figures, tested)))


@dataclass(frozen=True)
class _TitleClaim:
    """A claim with its metric and the ids of all variants that it measures or compares."""

    metric: str
    variants: frozenset[str]
    claim: SlideClaim


def _variants(analysis: Analysis, view: ClaimView) -> frozenset[str]:
    sides = sides_of(analysis.plan, view.claim) if view.claim else []
    compared = [variant.id for side in sides for variant in matching_variants(analysis.plan.variants, side)]
    return frozenset((*view.result.variants, *compared))


def title_size(text: str) -> int:
    """Return the font size in points at which a title has few enough lines, else the smallest size."""
    for size, lines in TITLES:
        if text_width(text, size * BOLD) <= 0.94 * lines * WIDTH:
            return size
    return TITLES[-1][0]


def _claim(result: ClaimResult, quick: bool) -> SlideClaim:
    """Return a claim with its value in short: without the details of the largest deviation."""
    subject, number, bounds = sides(result), measured(result), measured_interval(result)
    value = number
    if result.quantity != "deviation":
        kind = QUANTITIES[result.quantity]
        value += f" {_(kind)}" if kind and not subject else ""
        known = bounds in ("–", _(SAME), number)
        interval = _(", 95% interval {interval}").format(interval=bounds)
        value += "" if known else f", {bounds}" if result.quartiles else interval
    value += f", {counted_noun(result.n, 'seed')}"
    verdict, whole = "no verdict" if quick else result.verdict, f"{subject}: {value}" if subject else value
    return SlideClaim(exponents(result.says), verdict, whole, value)


def _pages(claims: Sequence[SlideClaim]) -> list[tuple[SlideClaim, ...]]:
    """Return the claims by page: as few pages as possible, and about equally full ones."""
    if not claims:
        return []
    heights = list(map(_height, claims))
    few = _filled(claims, HIGHEST)
    even = _filled(claims, min(HIGHEST, sum(heights) / len(few) + max(heights) / 2))
    return few if len(even) > len(few) else even


def _filled(claims: Sequence[SlideClaim], highest: float) -> list[tuple[SlideClaim, ...]]:
    """Return the claims by page, as many on a page as fit into a height in inches."""
    pages: list[tuple[SlideClaim, ...]] = []
    page: list[SlideClaim] = []
    for claim in claims:
        if page and sum(map(_height, [*page, claim])) > highest:
            pages.append(tuple(page))
            page = []
        page.append(claim)
    return [*pages, tuple(page)]


def _height(claim: SlideClaim) -> float:
    """Return the height of a claim in inches."""
    sizes = ((claim.says, CLAIM), (claim.value, LEAST))
    lines = [(wrap(text, COLUMN, size, MOST_LINES).count("\n") + 1, size) for text, size in sizes]
    return 0.18 + sum(count * size * 1.22 / 72 for count, size in lines)


def _slides(document: Document, figures: Sequence[SlideFigure], tested: Sequence[_TitleClaim]) -> Iterator[Slide]:
    """Yield the slides; the sentence of a claim is the title of at most one slide.

    Of several claims that a figure shows, its title is one whose metric the fewest other figures show.
    """
    kinds = {figure.kind.id: figure.kind for figure in figures}.values()
    shown = Counter(metric for kind in kinds for metric in kind.shows)
    opening = document.story.id if document.story else ""
    left = list(tested)
    for figure in sorted(figures, key=lambda figure: figure.kind.id != opening):
        able = [one for one in left if _shows(figure, one)]
        found = min(able, key=lambda one: shown[one.metric], default=None)
        if found:
            left.remove(found)
        kicker = f"{figure.kind.title}: {figure.panel}" if figure.panel else figure.kind.title
        claim = replace(found.claim, value=found.claim.on_one_line) if found else None
        yield Slide(kicker, _title(claim) or exponents(figure.drawing.short), figure.drawing, claim)


def _title(claim: SlideClaim | None) -> str:
    """Return the sentence of a claim, after its verdict unless it is supported; empty without a verdict."""
    if claim is None or claim.verdict == "no verdict":
        return ""
    return claim.says if claim.verdict == "supported" else f"{sentence(_(claim.verdict))}: {claim.says}"


def _shows(figure: SlideFigure, tested: _TitleClaim) -> bool:
    """Return whether a figure shows all that a claim measures or compares."""
    return tested.metric in figure.kind.shows and bool(tested.variants) and tested.variants <= figure.variants
