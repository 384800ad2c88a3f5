"""The quiz as a QTI 2.1 content package: a manifest, a test, and an item for each question.

Source: IMS Question and Test Interoperability 2.1, and IMS Content Packaging 1.1.4.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping

from reportgen.analysis.words.nouns import term
from reportgen.languages.translate import _
from reportgen.report.media import markdown
from reportgen.report.quiz.archive import zip_archive
from reportgen.report.quiz.questions import Question, Quiz
from reportgen.study.model.claims import VERDICTS

QTI, PACKAGE = "http://www.imsglobal.org/xsd/imsqti_v2p1", "http://www.imsglobal.org/xsd/imscp_v1p1"
MATHML = "http://www.w3.org/1998/Math/MathML"

INLINE = {"p", "em", "strong", "code", "a", "br", "sub", "sup"}
"""Elements of HTML that the body of an item may contain, besides MathML."""


def package(quiz: Quiz) -> bytes:
    """Return the content of the ZIP archive."""
    items = {f"items/{question.id}.xml": _item(question) for question in quiz.questions}
    files = {"imsmanifest.xml": _manifest(quiz, list(items)), "test.xml": _test(quiz)} | items
    ET.indent(files["imsmanifest.xml"], " ")
    return zip_archive({name: ET.tostring(root, "utf-8", xml_declaration=True) for name, root in files.items()})


def _identifier(question: Question) -> str:
    """Return the identifier of an item; it must not start with a digit."""
    return f"item-{question.id}"


def _manifest(quiz: Quiz, items: list[str]) -> ET.Element:
    root = ET.Element("manifest", {"xmlns": PACKAGE, "identifier": f"manifest-{quiz.id}"})
    metadata = ET.SubElement(root, "metadata")
    ET.SubElement(metadata, "schema").text = "QTIv2.1 Package"
    ET.SubElement(metadata, "schemaversion").text = "1.0.0"
    ET.SubElement(root, "organizations")
    resources = ET.SubElement(root, "resources")
    test = _resource(resources, "test", "imsqti_test_xmlv2p1", "test.xml")
    for question, name in zip(quiz.questions, items, strict=True):
        _resource(resources, _identifier(question), "imsqti_item_xmlv2p1", name)
        ET.SubElement(test, "dependency", {"identifierref": _identifier(question)})
    return root


def _resource(resources: ET.Element, identifier: str, kind: str, name: str) -> ET.Element:
    resource = ET.SubElement(resources, "resource", {"identifier": identifier, "type": kind, "href": name})
    ET.SubElement(resource, "file", {"href": name})
    return resource


def _test(quiz: Quiz) -> ET.Element:
    root = ET.Element("assessmentTest", {"xmlns": QTI, "identifier": f"test-{quiz.id}", "title": quiz.title})
    modes = {"identifier": "part", "navigationMode": "nonlinear", "submissionMode": "individual"}
    part = ET.SubElement(root, "testPart", modes)
    ET.SubElement(part, "itemSessionControl", {"showFeedback": "true"})
    section = ET.SubElement(
        part, "assessmentSection", {"identifier": "section", "title": quiz.title, "visible": "true"}
    )
    for question in quiz.questions:
        reference = {"identifier": _identifier(question), "href": f"items/{question.id}.xml"}
        ET.SubElement(section, "assessmentItemRef", reference)
    return root


def _item(question: Question) -> ET.Element:
    """Return a single-choice item whose feedback depends on the choice."""
    about = {"identifier": _identifier(question), "title": question.id, "adaptive": "false", "timeDependent": "false"}
    root = ET.Element("assessmentItem", {"xmlns": QTI, **about})
    response = _declared(root, "responseDeclaration", "RESPONSE", "identifier")
    _value(ET.SubElement(response, "correctResponse"), question.answer)
    _value(ET.SubElement(_declared(root, "outcomeDeclaration", "SCORE", "float"), "defaultValue"), "0")
    _declared(root, "outcomeDeclaration", "FEEDBACK", "identifier")
    body = ET.SubElement(root, "itemBody")
    body.append(_paragraph(question.says))
    ET.SubElement(body, "p").text = question.test
    choices = {"responseIdentifier": "RESPONSE", "shuffle": "false", "maxChoices": "1"}
    interaction = ET.SubElement(body, "choiceInteraction", choices)
    ET.SubElement(interaction, "prompt").text = _("Predict the verdict.")
    for verdict in VERDICTS:
        ET.SubElement(interaction, "simpleChoice", {"identifier": verdict}).text = term(verdict)
    _process(ET.SubElement(root, "responseProcessing"))
    for verdict in VERDICTS:
        shown = {"outcomeIdentifier": "FEEDBACK", "showHide": "show", "identifier": verdict}
        ET.SubElement(root, "modalFeedback", shown).text = question.feedback(verdict)
    return root


def _declared(root: ET.Element, tag: str, identifier: str, kind: str) -> ET.Element:
    attributes: Mapping[str, str] = {"identifier": identifier, "cardinality": "single", "baseType": kind}
    return ET.SubElement(root, tag, dict(attributes))


def _value(parent: ET.Element, text: str) -> None:
    ET.SubElement(parent, "value").text = text


def _process(processing: ET.Element) -> None:
    """Add the rules: a score of 1 for the right choice, and the feedback of the choice."""
    condition = ET.SubElement(ET.SubElement(processing, "responseCondition"), "responseIf")
    match = ET.SubElement(condition, "match")
    ET.SubElement(match, "variable", {"identifier": "RESPONSE"})
    ET.SubElement(match, "correct", {"identifier": "RESPONSE"})
    score = ET.SubElement(condition, "setOutcomeValue", {"identifier": "SCORE"})
    ET.SubElement(score, "baseValue", {"baseType": "float"}).text = "1"
    feedback = ET.SubElement(processing, "setOutcomeValue", {"identifier": "FEEDBACK"})
    ET.SubElement(feedback, "variable", {"identifier": "RESPONSE"})


def _paragraph(says: str) -> ET.Element:
    """Return the Markdown of a claim as a paragraph; plain text if it has elements that items may not contain."""
    try:
        found = ET.fromstring(f"<p>{markdown.inline(says)}</p>")
    except ET.ParseError:
        found = ET.Element("code")
    if any(_is_foreign(element.tag) for element in found.iter()) or found.tag != "p":
        plain = ET.Element("p")
        plain.text = says
        return plain
    return found


def _is_foreign(tag: str) -> bool:
    return tag not in INLINE and not tag.startswith(f"{{{MATHML}}}")
