"""Reads YAML 1.2 with the place of every value, and refuses what a study file has no use for.

PyYAML reads YAML 1.1, where 1e-3 is text, `off` is false and duplicate keys pass. Anchors, aliases, tags and merge
keys are refused since a small file with them can grow without bound.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from reportgen.errors import StudyError

MOST_BYTES = 256 * 1024
MOST_DEPTH = 20
MOST_NODES = 20_000
MOST_INTEGER = 2**63 - 1

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ufffe\uffff]")
"""Characters that have no place in a text; tab, line feed and carriage return have."""

Path = tuple[str | int, ...]
_CORE = "tag:yaml.org,2002:"


@dataclass(frozen=True)
class Place:
    """A line and column of a file, both counted from 1."""

    line: int
    column: int


@dataclass(frozen=True)
class Document:
    """A read file: its value, and where each path inside it stands (keys and values)."""

    value: Any
    name: str
    values: dict[Path, Place] = field(default_factory=dict)
    keys: dict[Path, Place] = field(default_factory=dict)

    def where(self, path: Path, key: bool = False) -> str:
        """Return `file:line:column: dotted.path` of a path, or of the nearest one above it that the file has."""
        places = self.keys if key else self.values
        known = path
        while known and known not in places and known not in self.values:
            known = known[:-1]
        place = places.get(known) or self.values.get(known) or Place(1, 1)
        text = f"{self.name}:{place.line}:{place.column}"
        return f"{text}: {dotted(path)}" if path else text


def dotted(path: Path) -> str:
    """Return a path as text: network.hidden[0]."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


SCALARS = (
    ("null", r"(?:~|null|Null|NULL|)", ["~", "n", "N", ""]),
    ("bool", r"(?:true|True|TRUE|false|False|FALSE)", list("tTfF")),
    ("int", r"(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)", list("-+0123456789")),
    (
        "float",
        r"(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))",
        list("-+.0123456789"),
    ),
)
"""YAML 1.2's core schema: tag, pattern, and first characters of each kind of scalar that is no text."""


class _Loader(yaml.CSafeLoader):
    """PyYAML's safe loader with the scalars of YAML 1.2's core schema."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in SCALARS:
    _Loader.add_implicit_resolver(f"{_CORE}{_tag}", re.compile(rf"^{_pattern}$"), _first)


def read(text: str, name: str) -> Document:
    """Return the document in `text`; `name` is the file's, for messages.

    Raises
    ------
    StudyError : not YAML, empty, too large or too deep, more than one document, or a feature that is refused.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise StudyError("?", f"the file is larger than {MOST_BYTES // 1024} KiB", name, "a study is a short text")
    try:
        _scan(text, name)
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, name, text) from None
    except yaml.YAMLError as error:
        raise StudyError("?", f"this is not YAML text: {str(error).splitlines()[0]}", name) from None
    if node is None or (isinstance(node, yaml.ScalarNode) and node.tag == f"{_CORE}null"):
        raise StudyError("?", "the file is empty", name, "a study needs at least title, question, data and network")
    document = Document(None, name)
    return Document(_build(node, (), document), name, document.values, document.keys)


def scalar(text: str, name: str) -> Any:
    """Return one value as YAML 1.2 reads it: for the right-hand side of an override."""
    return None if text.strip() in ("", "~", "null", "Null", "NULL") else read(text, name).value


_HINTS = {
    "mapping values are not allowed": "put quotes around a text that holds a colon and a space",
    "did not find expected node content": "a bracket, a brace or a comma too many or too few",
    "did not find expected ',' or": "a bracket or a brace that is not closed, or a comma too few",
    "did not find expected key": "keys of one mapping begin in the same column",
    "could not find expected ':'": "a key is followed by a colon and a space",
    "found unexpected end of stream": "a quote that is not closed",
    "mapping keys are not allowed": "put quotes around a text that begins with ?",
    "block sequence entries are not allowed": "put quotes around a text that begins with a dash and a space",
    "did not find expected comment or line break": "a text in several lines begins in the line after | or >",
    "did not find expected '-' indicator": "items of one list begin in the same column, each with a dash",
}
"""What is most often behind the parser's own words."""

_FROM_THE_START = ("did not find expected ',' or", "could not find expected ':'", "found unexpected end of stream")
"""Faults that the parser sees long after the place where they can be mended."""


def _syntax_error(error: yaml.MarkedYAMLError, name: str, text: str) -> StudyError:
    problem = (error.problem or "cannot be read").replace("\n", " ")
    mark = error.problem_mark or error.context_mark
    if error.context_mark and problem.startswith(_FROM_THE_START):
        mark = error.context_mark
    where = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
    hint = next((hint for words, hint in _HINTS.items() if problem.startswith(words)), None)
    if "cannot start any token" in problem and mark:
        found = text[mark.index : mark.index + 1]
        hint = "put spaces, not a tab" if found == "\t" else f"put quotes around a text that begins with {found}"
    return StudyError("?", f"this is not valid YAML: {problem}", where, hint)


def _scan(text: str, name: str) -> None:
    """Go through the events with limits first, since composing a hostile file can crash or run away."""
    depth = nodes = documents = 0
    for event in yaml.parse(text, Loader=_Loader):
        mark: Any = event.start_mark
        where = f"{name}:{mark.line + 1}:{mark.column + 1}"
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise StudyError("?", "a second document begins here", where, "one study a file, without a second ---")
        if isinstance(event, yaml.AliasEvent):
            raise StudyError("?", "aliases (*name) are not allowed", where, "write the value out")
        if getattr(event, "anchor", None):
            raise StudyError("?", "anchors (&name) are not allowed", where, "write the value out")
        tag = getattr(event, "tag", None)
        if tag is not None:
            raise StudyError("?", f"tags ({tag.replace(_CORE, '!!')}) are not allowed", where, "write the plain value")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        nodes += isinstance(event, yaml.NodeEvent)
        if depth > MOST_DEPTH:
            raise StudyError("?", "brackets or indents go too deep", where, f"at most {MOST_DEPTH} levels")
        if nodes > MOST_NODES:
            raise StudyError("?", "the file holds too many values", where, f"at most {MOST_NODES}")


def _build(node: yaml.Node, path: Path, document: Document) -> Any:
    document.values[path] = Place(node.start_mark.line + 1, node.start_mark.column + 1)
    if isinstance(node, yaml.MappingNode):
        return _build_mapping(node, path, document)
    if isinstance(node, yaml.SequenceNode):
        return [_build(item, (*path, index), document) for index, item in enumerate(node.value)]
    return _build_scalar(node, path, document)


def _build_mapping(node: yaml.MappingNode, path: Path, document: Document) -> dict[Any, Any]:
    built: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        place = Place(key_node.start_mark.line + 1, key_node.start_mark.column + 1)
        where = f"{document.name}:{place.line}:{place.column}"
        if not isinstance(key_node, yaml.ScalarNode):
            raise StudyError("?", "a key must be a plain word", where, "put quotes around text with brackets")
        if key_node.value == "<<":
            raise StudyError("?", "merge keys (<<) are not allowed", where, "write the values out")
        key = _build_scalar(key_node, path, document)
        key = key if isinstance(key, int) and not isinstance(key, bool) else str(key_node.value)
        if key in built:
            raise StudyError("?", f"the key {key!r} stands here a second time", where, "each key once")
        document.keys[(*path, key)] = place
        built[key] = _build(value_node, (*path, key), document)
    return built


def _build_scalar(node: yaml.Node, path: Path, document: Document) -> Any:
    text, kind = node.value, node.tag.removeprefix(_CORE)
    strange = CONTROL.search(text)
    if strange:
        hint = "leave it out"
        raise StudyError("?", f"the text holds the control character {strange.group()!r}", document.where(path), hint)
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    if kind == "int":
        return _integer(text, document.where(path))
    if kind == "float":
        lower = text.lower()
        return math.nan if "nan" in lower else float(lower.replace(".inf", "inf"))
    return text


def _integer(text: str, where: str) -> int:
    # Python itself refuses decimals of more than 4300 digits; a number of 64 bits has at most 23 characters.
    value = int(text, 0 if text[:2] in ("0o", "0x") else 10) if len(text) < 30 else MOST_INTEGER + 1
    if abs(value) > MOST_INTEGER:
        raise StudyError("?", "the whole number is too large", where, f"at most {MOST_INTEGER}")
    return value
