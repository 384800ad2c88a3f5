"""The outline of a text agrees with the parser's events in depth and validity, and faults have the right place."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen.errors import StudyError
from reportgen.study.syntax.outline import Outline
from reportgen.study.syntax.yaml12 import MOST_DEPTH, read

ROOT = Path(__file__).resolve().parents[3]
STUDIES = sorted((ROOT / "studies").glob("*.yaml"))

PIECES = (
    *(
        "- ",
        "? ",
        ": ",
        ":",
        "[",
        "]",
        "{",
        "}",
        ",",
        "'",
        '"',
        "#",
        " #",
        "|\n",
        ">2\n",
        "|-\n",
        "\n",
        "\n  ",
        "\n    ",
    ),
    *(
        " ",
        "\t",
        "a",
        "b: ",
        "it's",
        "\\",
        "''",
        "'a b'",
        '"c"',
        "[a, b]",
        "{a: b}",
        "---\n",
        "...\n",
        "%a",
        "\r\n",
        "\u2028",
    ),
)
FLOW_TEXTS = ("x", "'[[[ '' {'", '"]] \\" [: - "', "it's", "-x", "a:b", "a 'b")
BLOCK_TEXTS = (*FLOW_TEXTS, "a[b]c", "a#[", "a, [", "x # [[ '")
LONG_TEXTS = (
    ["x"],
    ["|", "   [[[ '", "   - - - -"],
    [">-", "", '     {{: # "', "     [ # ["],
    ["it's", "  - [", "  'x"],
)


def parsed_depth(text: str) -> int:
    """Return the depth of collections in the parser's events."""
    depth = deepest = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        deepest = max(deepest, depth)
    return deepest


def accepts(text: str, most_depth: int) -> bool:
    try:
        Outline(text, "s.yaml", most_depth)
    except StudyError:
        return False
    return True


@st.composite
def flow(draw: st.DrawFn, depth: int) -> str:
    """Return a flow collection of this depth, between shallow collections and comments."""
    text = draw(st.sampled_from(FLOW_TEXTS))
    for _ in range(depth):
        gap = draw(st.sampled_from(["", " ", "\n ", " # [[ it's\n "]))
        other = draw(st.sampled_from(FLOW_TEXTS))
        shapes = [f"[{other}, {gap}{text}]", f"[{text} ,{gap}{other}]", f"{{k: {text}, {gap}l: 'x'}}"]
        text = draw(st.sampled_from(shapes))
    return text


@st.composite
def block(draw: st.DrawFn, depth: int) -> list[str]:
    """Return the lines of a block collection of this depth, between shallow collections, long texts and comments."""
    if depth == 0:
        return [draw(st.sampled_from(BLOCK_TEXTS))]
    if draw(st.integers(0, 9)) == 0:
        return draw(flow(depth)).split("\n")
    inner, indent = draw(block(depth - 1)), " " * draw(st.integers(1, 3))
    first, *more = draw(st.sampled_from(LONG_TEXTS))
    after, before = [f"- {inner[0]}", *(f"  {line}" for line in inner[1:])], [f"- {first}", *more]
    shapes = [
        [*before, *after],
        [*after, *before],
        ["-", *(indent + line for line in inner), "# - - -"],
        [f"m: {first}", *more, "'k [':", *(indent + line for line in inner), "n: y"],
        [f"? {inner[0]}", *(f"  {line}" for line in inner[1:]), f": {first}", *more],
    ]
    return draw(st.sampled_from(shapes))


@given(st.integers(0, 30).flatmap(block))
@settings(max_examples=40, deadline=None, derandomize=True, database=None)
def test_a_nested_text_is_accepted_if_and_only_if_its_depth_is_allowed(lines: list[str]) -> None:
    text = "\n".join(lines) + "\n"
    depth = parsed_depth(text)
    assert accepts(text, depth)
    assert depth == 0 or not accepts(text, depth - 1)
    assert Outline(text, "s.yaml", depth).fault is None


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
@settings(max_examples=200, deadline=None, derandomize=True, database=None)
def test_every_text_that_the_parser_accepts_is_accepted(text: str) -> None:
    try:
        depth = parsed_depth(text)
    except yaml.YAMLError:
        Outline(text, "s.yaml", 99)
        return
    assert accepts(text, depth)
    assert Outline(text, "s.yaml", depth).fault is None


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_the_outline_of_a_shipped_study_has_the_depth_of_its_events(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    depth = parsed_depth(text)
    assert Outline(text, "s.yaml", depth).fault is None
    assert not accepts(text, depth - 2)


@pytest.mark.parametrize(
    ("unit", "end", "column"),
    [("[", "", 1), ("{", "", 1), ("- ", "", 2), ("? ", "", 2), ("[", "]", 1), ("- ", "x", 2)],
    ids=["brackets", "braces", "dashes", "question marks", "closed brackets", "dashes with a value"],
)
def test_the_error_is_at_the_first_level_that_is_too_deep(unit: str, end: str, column: int) -> None:
    text = "a: b\n---\n" + unit * 20_000 + end * 20_000
    start = time.perf_counter()
    with pytest.raises(StudyError) as caught:
        Outline(text, "s.yaml", MOST_DEPTH)
    assert time.perf_counter() - start < 1
    assert caught.value.where == f"s.yaml:3:{MOST_DEPTH * column + 1}"


def test_the_place_of_a_nested_mapping_is_its_first_key() -> None:
    text = "".join("  " * level + "key:\n" for level in range(30))
    with pytest.raises(StudyError) as caught:
        Outline(text, "s.yaml", 3)
    assert caught.value.where == "s.yaml:4:7"


def test_levels_that_only_the_parser_counts_are_limited_too() -> None:
    text = "[a: " * 15 + "x" + "]" * 15
    assert accepts(text, 15)
    with pytest.raises(StudyError) as caught:
        read(text, "s.yaml")
    assert caught.value.where == f"s.yaml:1:{4 * 10 + 1}"


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a: 1\nb:\n\tc: 2\n", 3, 1),
        ("a: [1, {b: 2]\n", 1, 13),
        ("a: [1, {b: 2}\n", 1, 4),
        ("a: 1]\nb: [2]]\n", 2, 7),
        ("a: 'it''s\n", 1, 4),
        ("a: 'it's'\n", 1, 8),
        ('a: ["x" "y"]\n', 1, 8),
        ('a: "\\q"\n', 1, 5),
        ("a: b: c\n", 1, 5),
        ("a: b\n  c: d\n", 2, 4),
        ("a: - b\n", 1, 4),
        ("a: ? b\n", 1, 4),
        ("a: > b\n", 1, 6),
        ("a: @b\n", 1, 4),
        ("a: 1\nb\nc: 2\n", 2, 1),
        ("a: 1\nb", 2, 1),
        ("a:\n    b: 1\n  c: 2\n", 3, 3),
        ("a:\n  - b\n  c\n", 3, 3),
        ("a: b\n...\nc: d\n", 3, 1),
        ("%FOO\n---\na: b\n", 1, 1),
    ],
)
def test_a_syntax_error_is_at_the_place_to_correct(text: str, line: int, column: int) -> None:
    fault = Outline(text, "s.yaml", MOST_DEPTH).fault
    assert fault is not None
    assert (fault.line, fault.column) == (line, column)
    with pytest.raises(StudyError) as caught:
        read(text, "s.yaml")
    assert caught.value.where == f"s.yaml:{line}:{column}"


def test_an_error_that_only_the_parser_finds_has_the_parsers_line() -> None:
    with pytest.raises(StudyError) as caught:
        read("a: 1\nb: [x, , y]\n", "s.yaml")
    assert (caught.value.where or "").startswith("s.yaml:2:")


@pytest.mark.parametrize(
    "text", ["a:\n\tb: 1\n", "a:\n  -\tb: 1\n", "a: b\n\tc d\n", "a: |\n  b\n\tc\n", "a:\n  b: 1\n \tc: 2\n"]
)
def test_the_error_of_a_tab_is_about_the_tab(text: str) -> None:
    with pytest.raises(StudyError) as caught:
        read(text, "s.yaml")
    line = text[: text.index("\t")].count("\n") + 1
    column = text.index("\t") - text.rfind("\n", 0, text.index("\t"))
    assert (caught.value.code, caught.value.where) == ("invalid-yaml", f"s.yaml:{line}:{column}")
    assert "tab" in caught.value.message
