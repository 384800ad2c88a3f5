"""A report as notebooks show it: one line of text, Markdown, or HTML with the answer, the verdicts and the picture."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from reportgen.analysis.words.measured import measured_interval
from reportgen.analysis.words.nouns import counted_noun, term
from reportgen.analysis.words.numerals import exponents
from reportgen.languages.translate import ENGLISH, _, in_language, translated
from reportgen.paths import PAGE
from reportgen.report.document.claim_words import stated
from reportgen.report.media.inline import inline_markdown, markdown_text
from reportgen.report.media.kit import SHORT_HEADINGS, cell
from reportgen.report.media.render import fill_notebook
from reportgen.report.site.finished import FinishedFigure, Results, claim_result
from reportgen.study.model.claims import BY_INTEREST, VERDICTS

Picture = Callable[[str], str]
"""Returns the SVG text of a figure by id."""


@dataclass(frozen=True)
class ClaimRow:
    """A claim in words."""

    says: str
    verdict: str
    measured: str
    interval: str
    n: int

    @property
    def plain(self) -> tuple[str, ...]:
        """The cells of the row after the claim, which are no Markdown."""
        return term(self.verdict), self.measured, self.interval, str(self.n)


@dataclass(frozen=True)
class ReportView:
    """The content of a report in a notebook.

    Attributes
    ----------
    says : the answer of the report, empty without one.
    page : the path of the HTML page, None if the report has none.
    opening : the figure that opens the report, None if no figures were drawn.
    lang : the language of the report.
    """

    folder: Path
    id: str
    title: str
    question: str
    watermark: str | None
    claims: tuple[ClaimRow, ...]
    runs: int
    page: Path | None
    opening: FinishedFigure | None
    says: str = ""
    lang: str = ENGLISH

    @property
    def answer(self) -> str:
        """The answer of the report; without one, the number of claims by verdict, as a sentence."""
        with in_language(self.lang):
            return self._answer()

    def _answer(self) -> str:
        if self.says and not self.watermark:
            return self.says
        counts = Counter(claim.verdict for claim in self.claims)
        if self.watermark or not self.claims:
            return translated(self.watermark) if self.watermark else _("This study makes no claims.")
        parts = [f"{counts[verdict]} {term(verdict)}" for verdict in VERDICTS if counts[verdict]]
        claims = counted_noun(len(self.claims), "claim")
        return _("Of {claims}: {verdicts}.").format(claims=claims, verdicts=", ".join(parts))

    @property
    def line(self) -> str:
        """The report on one line."""
        with in_language(self.lang):
            return f"<report {self.id}: {self.answer} {counted_noun(self.runs, 'run')}, {self.folder}>"


def view_of(results: Mapping[str, Any], folder: Path) -> ReportView:
    """Return the view of a report.

    Parameters
    ----------
    results : the content of its results.json.
    folder : the folder of the report.
    """
    found = Results.model_validate(results)
    with in_language(found.study.lang):
        claims = _rows(found)
    return ReportView(
        folder=folder,
        id=found.study.id,
        title=found.study.title,
        question=found.study.question,
        watermark=found.study.watermark,
        claims=claims,
        runs=len(found.runs),
        page=folder / PAGE if (folder / PAGE).is_file() else None,
        opening=next((figure for figure in found.figures if figure.opens), None),
        says=(found.answer.shown or found.answer.says) if found.answer else "",
        lang=found.study.lang,
    )


def _rows(found: Results) -> tuple[ClaimRow, ...]:
    quick = found.study.watermark is not None
    claims = []
    for claim in sorted(map(claim_result, found.claims), key=lambda one: BY_INTEREST.index(one.verdict)):
        verdict = "no verdict" if quick else claim.verdict
        claims.append(ClaimRow(exponents(claim.says), verdict, stated(claim), measured_interval(claim), claim.n))
    return tuple(claims)


def html(view: ReportView, picture: Picture) -> str:
    """Return the report as HTML for a notebook; all text is escaped."""
    source = alt = None
    if view.opening is not None:
        data = base64.b64encode(picture(view.opening.id).encode()).decode()
        source, alt = f"data:image/svg+xml;base64,{data}", f"{view.opening.title}. {exponents(view.opening.alt)}"
    page = quote(view.page.as_posix()) if view.page else None
    with in_language(view.lang):
        return fill_notebook("notebook.html.j2", view=view, source=source, alt=alt, page=page)


def markdown(view: ReportView) -> str:
    """Return the report as Markdown; the picture is a link to its file, if it was written."""
    with in_language(view.lang):
        return "\n".join(_lines(view))


def _lines(view: ReportView) -> list[str]:
    lines = [f"### {markdown_text(view.title)}", "", markdown_text(view.question), "", inline_markdown(view.answer), ""]
    if view.claims:
        lines += [f"| {' | '.join(map(_, SHORT_HEADINGS))} |", f"|{'---|' * len(SHORT_HEADINGS)}"]
        lines += [f"| {' | '.join([cell(row.says), *map(markdown_text, row.plain)])} |" for row in view.claims]
        lines.append("")
    file = view.folder / "figures" / f"{view.opening.id}.svg" if view.opening else None
    if view.opening and file and file.is_file():
        lines += [f"![{markdown_text(view.opening.title)}]({quote(file.as_posix())})", ""]
    return lines
