"""The content of the slides, independent of the medium: question and answer, one figure a page, and the verdicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from reportgen.analysis.results import Analysis, ClaimResult
from reportgen.analysis.words.measured import SAME, is_interval, measured, measured_interval
from reportgen.analysis.words.names import sentence
from reportgen.analysis.words.nouns import counted_noun, term
from reportgen.analysis.words.numerals import exponents
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.drawing.markup import plain
from reportgen.figures.drawing.text import text_width, wrap
from reportgen.figures.slides import SlideFigure
from reportgen.figures.views.factors import sides_of
from reportgen.languages.translate import _
from reportgen.report.document.claim_view import ClaimView
from reportgen.report.document.claim_words import sides, stated
from reportgen.report.document.document import Document
from reportgen.report.media.inline import markdown_text
from reportgen.report.slides.opening import BOLD, MOST_LINES, Opening, openings
from reportgen.study.model.claims import VERDICTS
from reportgen.study.planning.where import matching_variants

WIDTH = 12.35
"""Inches: the width of the text of a slide, whose page is 13.33 by 7.5 inches."""

TITLES = ((30, 2), (25, 2), (22, 3))
"""Font sizes of titles in points with their largest numbers of lines, the preferred one first."""

CLAIM, LEAST = 20.0, 18.0
"""Points: the font size of claims, and the smallest font size of a slide."""

HIGHEST, COLUMN = 5.6, 9.5
"""Inches: the height of the claims of a page, and their width, with some slack."""

FOOT = 10.5
"""Inches: the width of the name of the study at the foot."""


@dataclass(frozen=True)
class SlideClaim:
    """A claim on a slide.

    Attributes
    ----------
    says : Markdown.
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
    title : the finding, as a sentence; Markdown.
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
    opening : the first pages: title, question and answer; two pages if they do not fit on one.
    questions : the claims by page without their verdicts, if the report asks for predictions first.
    revealed : the page with the answer after the questions.
    slides : the pages with a figure, the figure that opens the report first.
    claims : the claims by page, which close the slides.
    """

    document: Document
    opening: tuple[Opening, ...]
    slides: tuple[Slide, ...]
    claims: tuple[tuple[SlideClaim, ...], ...]
    questions: tuple[tuple[SlideClaim, ...], ...] = ()
    revealed: tuple[Opening, ...] = ()

    @property
    def running(self) -> str:
        """The name of the study at the foot of each page: its title, or its id if the title is too long."""
        title = " ".join(self.document.title.split())
        return title if text_width(title, LEAST) <= FOOT else self.document.id

    @property
    def titled_claims(self) -> tuple[tuple[str, tuple[SlideClaim, ...]], ...]:
        """The pages of claims with their titles, which have a number if there are several."""
        return _titled(_("What the study found"), self.claims)

    @property
    def titled_questions(self) -> tuple[tuple[str, tuple[SlideClaim, ...]], ...]:
        """The pages of questions with their titles."""
        return _titled(_("What do you predict?"), self.questions)


def _titled(title: str, pages: Sequence[tuple[SlideClaim, ...]]) -> tuple[tuple[str, tuple[SlideClaim, ...]], ...]:
    """Return pages with their title, which has a number if there are several."""
    number, count = _("{index} of {count}"), len(pages)
    titles = [f"{title} ({number.format(index=at, count=count)})" for at in range(1, count + 1)]
    return tuple(zip(titles if count > 1 else [title], pages, strict=False))


def make_deck(analysis: Analysis, document: Document, figures: Sequence[SlideFigure]) -> Deck:
    """Return the slides of a report; figures: as drawn for slides."""
    claims = [_claim(view.result, document.watermark is not None) for view in document.claims]
    tested = [
        _TitleClaim(view.result.metric, _variants(analysis, view), claim)
        for view, claim in zip(document.claims, claims, strict=True)
    ]
    slides, pages = tuple(_slides(document, figures, tested)), tuple(_pages(claims))
    answer = "" if document.watermark else document.answer.says
    if not document.predict_first or document.quiz is None:
        return Deck(document, openings(document.title, document.question, answer), slides, pages)
    one, two, three = map(term, VERDICTS)
    asked = _("{first}, {second} or {third}?").format(first=one, second=two, third=three)
    questions = [SlideClaim(exponents(question.says), "", asked) for question in document.quiz.questions]
    opening, revealed = openings(document.title, document.question, ""), openings(document.title, "", answer)
    return Deck(document, opening, slides, pages, tuple(_pages(questions)), revealed)


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
    """Return the font size in points at which a title, in Markdown, has few enough lines, else the smallest size."""
    printed = plain(text)
    for size, lines in TITLES:
        if text_width(printed, size * BOLD) <= 0.94 * lines * WIDTH:
            return size
    return TITLES[-1][0]


def closing_note(document: Document) -> str:
    """Return the number of claims by verdict, or the warning of a quick look; empty without claims."""
    counts = ", ".join(f"{count} {term(verdict)}" for verdict, count in document.counts.items())
    return document.watermark or (_("Claims: {counts}").format(counts=counts) if counts else "")


def _claim(result: ClaimResult, quick: bool) -> SlideClaim:
    """Return a claim with its value in short: without the details of the largest deviation."""
    subject, number, bounds = sides(result), measured(result), measured_interval(result)
    value = number
    if result.quantity != "deviation":
        value = number if subject else stated(result)
        known = bounds in ("–", _(SAME), number)
        interval = _(", 95% interval {interval}").format(interval=bounds)
        value += "" if known else interval if is_interval(result) else f", {bounds}"
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
    sizes = ((plain(claim.says), CLAIM), (claim.value, LEAST))
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
        name = _(figure.kind.title)
        kicker = f"{name}: {figure.panel}" if figure.panel else name
        claim = replace(found.claim, value=found.claim.on_one_line) if found else None
        yield Slide(kicker, _title(claim) or markdown_text(exponents(figure.drawing.short)), figure.drawing, claim)


def _title(claim: SlideClaim | None) -> str:
    """Return the sentence of a claim, after its verdict unless it is supported; empty without a verdict."""
    if claim is None or claim.verdict == "no verdict":
        return ""
    return claim.says if claim.verdict == "supported" else f"{sentence(_(claim.verdict))}: {claim.says}"


def _shows(figure: SlideFigure, tested: _TitleClaim) -> bool:
    """Return whether a figure shows all that a claim measures or compares."""
    return tested.metric in figure.kind.shows and bool(tested.variants) and tested.variants <= figure.variants
