"""The quiz as a QTI 1.2 package."""

from __future__ import annotations

import builtins
import io
import zipfile
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from reportgen.errors import MissingError
from reportgen.report.quiz import qti12
from tests.report.quiz.quizzes import QUIZ

NS = {"q": "http://www.imsglobal.org/xsd/ims_qtiasiv1p2"}


def assessment() -> ET.Element:
    pytest.importorskip("text2qti", reason="needs text2qti")
    archive = zipfile.ZipFile(io.BytesIO(qti12.package(QUIZ)))
    roots = [ET.fromstring(archive.read(name)) for name in archive.namelist() if name.endswith(".xml")]
    return next(root for root in roots if root.tag.endswith("questestinterop"))


def test_each_question_is_an_item_with_three_choices() -> None:
    items = assessment().findall(".//q:item", NS)
    assert [item.get("title") for item in items] == ["low", "1-high"]
    for item, right in zip(items, (0, 1), strict=True):
        labels = item.findall(".//q:response_label", NS)
        texts = ["".join(label.itertext()).strip() for label in labels]
        assert texts == [f"<p>{name}</p>" for name in ("supported", "contradicted", "inconclusive")]
        scored = [
            condition.findtext(".//q:varequal", namespaces=NS)
            for condition in item.findall(".//q:respcondition", NS)
            if condition.find("q:setvar", NS) is not None
        ]
        assert scored == [labels[right].get("ident")]


def test_every_choice_has_feedback() -> None:
    texts = ["".join(one.itertext()) for one in assessment().findall(".//q:itemfeedback", NS)]
    assert len(texts) == 6
    assert sum("Right." in text for text in texts) == 2
    assert ["Measured: 0.6_x." in text for text in texts] == [True] * 3 + [False] * 3
    assert ["*2*." in text for text in texts] == [False] * 3 + [True] * 3


def test_the_title_is_plain_text() -> None:
    titles = [one.get("title") for one in assessment().findall("q:assessment", NS)]
    assert titles == ["A & B: <b>1</b>"]


def test_html_of_the_author_stays_text() -> None:
    text = assessment().findtext(".//q:mattext", namespaces=NS) or ""
    assert "<em>low</em>" in text
    assert "&lt;i&gt;small" in text
    assert "equation_images" in text  # a formula, as Canvas shows it


def test_without_the_library_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *rest: Any, **options: Any) -> Any:
        if name.startswith("text2qti"):
            raise ImportError(name)
        return real(name, *rest, **options)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(MissingError) as caught:
        qti12.package(QUIZ)
    assert caught.value.code == "missing-library"


def test_equal_questions_are_told_apart_by_their_ids() -> None:
    pytest.importorskip("text2qti", reason="needs text2qti")
    first = QUIZ.questions[0]
    assert qti12.package(replace(QUIZ, questions=(first, replace(first, id="other"))))
