"""The quiz as a QTI 2.1 package: the structure that the schemas of IMS prescribe."""

from __future__ import annotations

import io
import zipfile
from xml.etree import ElementTree as ET

import pytest

from reportgen.report.quiz import qti21
from reportgen.report.quiz.qti21 import MATHML, PACKAGE, QTI
from tests.report.quiz.quizzes import QUIZ

NS = {"q": QTI, "p": PACKAGE, "m": MATHML}


@pytest.fixture(scope="module")
def files() -> dict[str, ET.Element]:
    archive = zipfile.ZipFile(io.BytesIO(qti21.package(QUIZ)))
    return {name: ET.fromstring(archive.read(name)) for name in archive.namelist()}


def local(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def test_the_manifest_lists_every_file(files: dict[str, ET.Element]) -> None:
    manifest = files["imsmanifest.xml"]
    assert [local(child) for child in manifest] == ["metadata", "organizations", "resources"]
    resources = manifest.findall(".//p:resource", NS)
    assert [(resource.get("type"), resource.get("href")) for resource in resources] == [
        ("imsqti_test_xmlv2p1", "test.xml"),
        ("imsqti_item_xmlv2p1", "items/low.xml"),
        ("imsqti_item_xmlv2p1", "items/1-high.xml"),
    ]
    assert {file.get("href") for file in manifest.findall(".//p:file", NS)} == set(files) - {"imsmanifest.xml"}
    identifiers = [resource.get("identifier") for resource in resources]
    assert [one.get("identifierref") for one in manifest.findall(".//p:dependency", NS)] == identifiers[1:]


def test_the_test_refers_to_every_item(files: dict[str, ET.Element]) -> None:
    references = files["test.xml"].findall("q:testPart/q:assessmentSection/q:assessmentItemRef", NS)
    assert [reference.get("href") for reference in references] == ["items/low.xml", "items/1-high.xml"]
    for reference in references:
        assert files[str(reference.get("href"))].get("identifier") == reference.get("identifier")
    assert all(not str(root.get("identifier"))[0].isdigit() for root in files.values())


def test_an_item_has_its_parts_in_the_order_of_the_schema(files: dict[str, ET.Element]) -> None:
    for name in ("items/low.xml", "items/1-high.xml"):
        assert [local(child) for child in files[name]] == [
            "responseDeclaration",
            "outcomeDeclaration",
            "outcomeDeclaration",
            "itemBody",
            "responseProcessing",
            "modalFeedback",
            "modalFeedback",
            "modalFeedback",
        ]


def test_choices_answer_and_feedback_use_the_same_identifiers(files: dict[str, ET.Element]) -> None:
    verdicts = ["supported", "contradicted", "inconclusive"]
    for name, right in (("items/low.xml", "supported"), ("items/1-high.xml", "contradicted")):
        item = files[name]
        assert [choice.get("identifier") for choice in item.findall(".//q:simpleChoice", NS)] == verdicts
        assert item.findtext("q:responseDeclaration/q:correctResponse/q:value", namespaces=NS) == right
        feedback = {one.get("identifier"): one.text or "" for one in item.findall("q:modalFeedback", NS)}
        assert list(feedback) == verdicts
        assert [verdict for verdict, text in feedback.items() if text.startswith("Right.")] == [right]


def test_markdown_becomes_elements_and_html_stays_text(files: dict[str, ET.Element]) -> None:
    body = files["items/low.xml"].find("q:itemBody", NS)
    assert body is not None
    assert body.findtext(".//q:em", namespaces=NS) == "low"
    assert body.find(".//m:math", NS) is not None
    assert "<i>small</i>" in "".join(body.itertext())


def test_markup_that_items_may_not_contain_becomes_plain_text(files: dict[str, ET.Element]) -> None:
    body = files["items/1-high.xml"].find("q:itemBody", NS)
    assert body is not None
    assert body.find(".//q:s", NS) is None
    assert "~~not~~" in "".join(body.itertext())


def test_equal_quizzes_give_equal_archives() -> None:
    assert qti21.package(QUIZ) == qti21.package(QUIZ)
