"""The quiz as Moodle XML, for the question bank of a course: a category, and a question for each claim.

Source: https://docs.moodle.org/en/Moodle_XML_format
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from xml.sax.saxutils import unescape

from markupsafe import Markup, escape

from reportgen.analysis.words.nouns import term
from reportgen.languages.translate import _
from reportgen.report.media import markdown
from reportgen.report.media.math import typeset_by_others
from reportgen.report.quiz.questions import Question, Quiz
from reportgen.study.model.claims import VERDICTS

LONGEST_NAME = 255
"""Largest number of characters of the name of a category."""

_TEXT = re.compile("(?<=<text>)[^<]*(?=</text>)")


def document(quiz: Quiz) -> bytes:
    """Return the content of the XML file."""
    root = ET.Element("quiz")
    category = ET.SubElement(root, "question", {"type": "category"})
    _text(category, "category", f"$course$/top/{_category(quiz.title)}")
    for question in quiz.questions:
        root.append(_question(question))
    ET.indent(root, " ")
    texts = _TEXT.sub(_cdata, ET.tostring(root, "unicode"))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{texts}\n'.encode()


def _cdata(escaped: re.Match[str]) -> str:
    """Return a text as a CDATA section: Moodle loses spaces between two escaped characters."""
    text = unescape(escaped[0]).replace("]]>", "]]]]><![CDATA[>")
    return f"<![CDATA[{text}]]>"


def _category(title: str) -> str:
    """Return the title as one part of a path, in which a slash of a name is doubled."""
    # Moodle removes what looks like a tag from names, but not a "<" before a space
    name = re.sub(r"<(?=\S)", "< ", title)
    name = name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
    # three slashes would be ambiguous; Moodle removes the spaces
    before, after = " " * name.startswith("/"), " " * name.endswith("/")
    return f"{before}{name.replace('/', '//')}{after}"


def _question(question: Question) -> ET.Element:
    """Return a single-choice question whose feedback depends on the choice."""
    root = ET.Element("question", {"type": "multichoice"})
    _text(root, "name", question.id)
    parts = (markdown.inline(question.says, _source), escape(question.test), escape(_("Predict the verdict.")))
    _html(root, "questiontext", "".join(f"<p>{part}</p>" for part in parts))
    settings = {"defaultgrade": "1", "single": "true", "shuffleanswers": "false", "answernumbering": "none"}
    # the prompt is part of the text, so that Moodle need not add its own
    for name, value in (settings | {"showstandardinstruction": "0"}).items():
        ET.SubElement(root, name).text = value
    for verdict in VERDICTS:
        answer = _html(root, "answer", escape(term(verdict)))
        answer.set("fraction", "100" if verdict == question.answer else "0")
        _html(answer, "feedback", escape(question.feedback(verdict)))
    return root


def _source(latex: str, block: bool) -> Markup:
    """Return the source of a formula, which the MathJax filter of Moodle typesets."""
    return typeset_by_others(latex, r"\[", r"\]") if block else typeset_by_others(latex, r"\(", r"\)")


def _html(parent: ET.Element, tag: str, html: str) -> ET.Element:
    """Add an element with a text in HTML."""
    element = _text(parent, tag, str(html))  # a Markup would be escaped again when the tree is written
    element.set("format", "html")
    return element


def _text(parent: ET.Element, tag: str, text: str) -> ET.Element:
    element = ET.SubElement(parent, tag)
    ET.SubElement(element, "text").text = text
    return element
