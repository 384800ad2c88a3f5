"""The slides for Quarto with Reveal, with the long captions as speaker notes."""

from __future__ import annotations

from collections.abc import Sequence

from reportgen.analysis.words.nouns import term
from reportgen.analysis.words.numerals import exponents
from reportgen.languages.translate import _, current_language
from reportgen.report.media.embed import attribute, quoted
from reportgen.report.media.inline import inline_markdown, markdown_text
from reportgen.report.media.kit import label_of
from reportgen.report.slides.deck import Deck, Slide, SlideClaim

STYLE = """<style>
.reveal { font-size: 27px; }
.reveal .slide h2 { font-size: 1.35em; line-height: 1.2; margin-bottom: 0.3em; }
.reveal .slide p { margin: 0.2em 0; }
.reveal .slide .kicker, .reveal .slide figcaption { font-size: 24px; }
.reveal .slide figcaption { text-align: left; }
</style>"""
"""Sizes for a page of 1280 pixels: 24 pixels are 18 points."""


def quarto(deck: Deck) -> str:
    """Return the slides as a Quarto document."""
    document = deck.document
    head = [
        "---",
        f"title: {quoted(markdown_text(document.title))}",
        f"subtitle: {quoted(markdown_text(document.question))}",
        f"lang: {current_language()}",
        "format:",
        "  revealjs:",
        "    width: 1280",
        "    height: 720",
        "    margin: 0.03",
        "    slide-number: true",
        f"    footer: {quoted(markdown_text(deck.running))}",
        "    include-in-header:",
        "      text: |",
        *(f"        {line}" for line in STYLE.splitlines()),
        "---",
        "",
    ]
    warning = [f"## {markdown_text(document.watermark)}", ""] if document.watermark else []
    claims = [_claims(title, page) for title, page in deck.titled_claims]
    label = _("The answer")
    answer = [] if document.watermark else [f"## {label}", "", inline_markdown(document.answer.says), ""]
    slides = [_slide(slide, document.id) for slide in deck.slides]
    questions = [_questions(title, page) for title, page in deck.titled_questions]
    return "\n".join([*head, *warning, *questions, *answer, *slides, *claims])


def _questions(title: str, page: Sequence[SlideClaim]) -> str:
    items = [f"- {inline_markdown(claim.says)} {markdown_text(claim.value)}" for claim in page]
    return "\n".join([f"## {title}", "", *items, ""])


def _claims(title: str, page: Sequence[SlideClaim]) -> str:
    items = [
        f"- {inline_markdown(claim.says)} **{term(claim.verdict)}**: {markdown_text(claim.value)}" for claim in page
    ]
    return "\n".join([f"## {title}", "", *items, ""])


def _slide(slide: Slide, study: str) -> str:
    drawing = slide.drawing
    alt = attribute(" ".join(exponents(f"{drawing.title}. {drawing.alt}").split()))
    verdict = f"**{term(slide.claim.verdict)}**: {markdown_text(slide.note)}" if slide.claim else ""
    lines = [
        f"## {inline_markdown(slide.title)}",
        f"[{markdown_text(slide.kicker)}]{{.kicker}}",
        f"![{verdict}](figures/{drawing.id}.svg){{#{label_of(study, drawing.id)} fig-alt={alt}}}",
        f"::: {{.notes}}\n{markdown_text(exponents(drawing.caption))}\n:::",
    ]
    return "\n\n".join([*lines, ""])
