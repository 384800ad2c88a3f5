"""The quiz as Moodle XML: the structure that the importer of Moodle reads."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET
from xml.parsers import expat

import pytest

from reportgen.report.quiz import moodle
from reportgen.report.quiz.questions import Question, Quiz
from tests.report.quiz.quizzes import QUIZ

HOSTILE = "<script>alert(1)</script> ]]> & \"'"


def root(quiz: Quiz) -> ET.Element:
    return ET.fromstring(moodle.document(quiz))


def questions(quiz: Quiz) -> list[ET.Element]:
    return root(quiz).findall("question[@type='multichoice']")


def category(title: str) -> str:
    return str(root(replace(QUIZ, title=title)).findtext("question/category/text"))


def text(says: str) -> str:
    """Return the HTML of a question about a claim."""
    quiz = replace(QUIZ, questions=(replace(QUIZ.questions[0], says=says),))
    return str(questions(quiz)[0].findtext("questiontext/text"))


def test_a_category_with_the_title_is_before_one_question_for_each_claim() -> None:
    found = root(QUIZ)
    assert found.tag == "quiz"
    assert [question.get("type") for question in found] == ["category", "multichoice", "multichoice"]
    assert [question.findtext("name/text") for question in found[1:]] == ["low", "1-high"]


@pytest.mark.parametrize(
    ("title", "path"),
    [
        ("Loss", "$course$/top/Loss"),
        ("SGD/Adam", "$course$/top/SGD//Adam"),
        ("/a/", "$course$/top/ //a// "),
        ("a<b & <i>c", "$course$/top/a< b & < i>c"),
        ("a < b", "$course$/top/a < b"),
        ("a" * 300, f"$course$/top/{'a' * 254}…"),
    ],
)
def test_the_title_is_one_part_of_the_path(title: str, path: str) -> None:
    assert category(title) == path


def test_a_question_has_one_choice_and_its_verdicts_keep_their_order() -> None:
    for question in questions(QUIZ):
        assert question.findtext("defaultgrade") == "1"
        assert question.findtext("single") == "true"
        assert question.findtext("shuffleanswers") == "false"
        assert question.findtext("answernumbering") == "none"
        verdicts = [answer.findtext("text") for answer in question.findall("answer")]
        assert verdicts == ["supported", "contradicted", "inconclusive"]


def test_the_right_verdict_alone_has_the_full_fraction() -> None:
    fractions = [[answer.get("fraction") for answer in question.findall("answer")] for question in questions(QUIZ)]
    assert fractions == [["100", "0", "0"], ["0", "100", "0"]]


def test_each_choice_has_the_feedback_with_the_measurement() -> None:
    for question, expected in zip(questions(QUIZ), QUIZ.questions, strict=True):
        for answer in question.findall("answer"):
            feedback = str(answer.findtext("feedback/text"))
            assert feedback.startswith("Right.") == (answer.get("fraction") == "100")
            assert feedback.endswith(expected.result)


def test_all_texts_but_names_are_declared_as_html() -> None:
    for question in questions(QUIZ):
        assert {one.tag for one in question.iter() if one.get("format") == "html"} == {
            "questiontext",
            "answer",
            "feedback",
        }


def test_the_question_has_the_claim_from_markdown_the_test_and_the_prompt() -> None:
    found = [question.findtext("questiontext/text") for question in questions(QUIZ)]
    assert found[0] == (
        r"<p>The loss is <em>low</em>: \(a &lt; b_c\) &amp; &lt;i&gt;small&lt;/i&gt;.</p>"
        "<p>Loss &lt; 1; 10%.</p><p>Predict the verdict.</p>"
    )
    assert "<code>high</code>" in str(found[1])


def test_formulas_stay_as_tex_between_the_delimiters_of_moodle() -> None:
    assert r"\(\sigma_w^2 = 2/n\)" in text(r"Use $\sigma_w^2 = 2/n$.")
    assert r"\(a &lt; b &gt; c\)" in text("If $a < b > c$.")
    assert r"\[a\]" in text("Thus $$a$$ holds.")
    assert "<math" not in text("$a$")


def test_hostile_text_stays_text_everywhere() -> None:
    quiz = Quiz("a", HOSTILE, HOSTILE, (Question("low", HOSTILE, HOSTILE, "supported", HOSTILE),))
    content = moodle.document(quiz)
    assert b"<script" not in content
    for element in root(quiz).iter("text"):
        assert "<script" not in str(element.text)
    question = questions(quiz)[0]
    assert str(question.findtext("questiontext/text")).count("&lt;script&gt;") == 2
    assert "&lt;script&gt;" in str(question.findtext("answer/feedback/text"))
    assert "&amp;lt;" not in "".join(question.itertext())
    assert category(HOSTILE).endswith("]]> & \"'")


def test_no_space_is_lost_by_a_reader_that_drops_pieces_of_white_space() -> None:
    says = "The `a` *b* & <c> $d$ [e](https://x.org) > **f**."
    quiz = Quiz("a", "A & <b>: c", "", (Question("low", says, "1 < 2 & > 3.", "supported", "< & >"),))
    content = moodle.document(quiz)
    pieces: list[str] = []
    parser = expat.ParserCreate()
    parser.CharacterDataHandler = lambda piece: pieces.append(piece) if piece.strip() else None
    parser.Parse(content, True)
    expected = [text for text in ET.fromstring(content).itertext() if text.strip()]
    assert "".join(pieces) == "".join(expected)


def test_equal_quizzes_give_equal_files() -> None:
    assert moodle.document(QUIZ) == moodle.document(QUIZ)
