"""The slides for Quarto with Reveal, with the long captions as speaker notes."""

from __future__ import annotations

import json
from collections.abc import Sequence

from reportgen.analysis.words.nouns import term
from reportgen.analysis.words.numerals import exponents
from reportgen.languages.translate import current_language
from reportgen.report.media.embed import quoted
from reportgen.report.media.kit import label_of, markdown_text
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
        f"title: {_quoted(document.title)}",
        f"subtitle: {_quoted(document.question)}",
        f"lang: {current_language()}",
        "format:",
        "  revealjs:",
        "    width: 1280",
        "    height: 720",
        "    margin: 0.03",
        "    slide-number: true",
        "    include-in-header:",
        "      text: |",
        *(f"        {line}" for line in STYLE.splitlines()),
        "---",
        "",
    ]
    warning = [f"## {markdown_text(document.watermark)}", ""] if document.watermark else []
    claims = [_claims(title, page) for title, page in deck.titled_claims]
    return "\n".join([*head, *warning, *claims, *(_slide(slide, document.id) for slide in deck.slides)])


def _quoted(text: str) -> str:
    """Return text as a YAML string."""
    return json.dumps(" ".join(text.split()), ensure_ascii=False)


def _claims(title: str, page: Sequence[SlideClaim]) -> str:
    items = [f"- {markdown_text(claim.says)} **{term(claim.verdict)}**: {markdown_text(claim.value)}" for claim in page]
    return "\n".join([f"## {title}", "", *items, ""])


def _slide(slide: Slide, study: str) -> str:
    drawing = slide.drawing
    alt = quoted(f"{drawing.title}. {drawing.alt}")
    verdict = f"**{term(slide.claim.verdict)}**: {markdown_text(slide.note)}" if slide.claim else ""
    lines = [
        f"## {markdown_text(slide.title)}",
        f"[{markdown_text(slide.kicker)}]{{.kicker}}",
        f"![{verdict}](figures/{drawing.id}.svg){{#{label_of(study, drawing.id)} fig-alt={alt}}}",
        f"::: {{.notes}}\n{markdown_text(exponents(drawing.caption))}\n:::",
    ]
    return "\n\n".join([*lines, ""])
