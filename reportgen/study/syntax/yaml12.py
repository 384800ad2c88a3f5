"""Reader for YAML 1.2 that records the line and column of every value.

PyYAML implements YAML 1.1, where 1e-3 is text, `off` is false, and duplicate keys are accepted. Anchors, aliases, tags
and merge keys raise an error, because a small file that uses them can expand without bound.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace
from typing import Any

import yaml

from reportgen.errors import StudyError
from reportgen.study.syntax.outline import Fault, Outline

TAB = "\t"
MOST_BYTES = 256 * 1024
MOST_DEPTH = 20
MOST_NODES = 20_000
MOST_INTEGER = 2**63 - 1

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ufffe\uffff]")
"""Control characters other than tab, line feed and carriage return."""

Path = tuple[str | int, ...]
_CORE = "tag:yaml.org,2002:"


@dataclass(frozen=True)
class Place:
    """A line and column of a file, both counted from 1."""

    line: int
    column: int


@dataclass(frozen=True)
class Document:
    """A parsed file: its value, and the places of the keys and values at each path.

    texts: how each number is written, by path.
    """

    value: Any
    name: str
    texts: dict[Path, str] = field(default_factory=dict)
    values: dict[Path, Place] = field(default_factory=dict)
    keys: dict[Path, Place] = field(default_factory=dict)

    def where(self, path: Path, key: bool = False) -> str:
        """Return `file:line:column: dotted.path` for a path, or for its nearest parent in the file."""
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
"""YAML 1.2's core schema: tag, pattern, and first characters of each kind of scalar other than text."""


class _Loader(yaml.CSafeLoader):
    """PyYAML's safe loader with the scalars of YAML 1.2's core schema."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in SCALARS:
    _Loader.add_implicit_resolver(f"{_CORE}{_tag}", re.compile(rf"^{_pattern}$"), _first)


def read(text: str, name: str) -> Document:
    """Return the document in `text`.

    Parameters
    ----------
    name : the file's name, for error messages.

    Raises
    ------
    StudyError : the text is not YAML, is empty, too large or nested too deeply, contains several documents, or uses an
        unsupported feature.
    """
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MOST_BYTES:
        raise StudyError("too-large", f"the file has {size} bytes", name, f"at most {MOST_BYTES}")
    outline = Outline(text, name, MOST_DEPTH)
    try:
        _scan(text, name)
        node = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise _syntax_error(outline.fault, error, text, name) from None
    if node is None or (isinstance(node, yaml.ScalarNode) and node.tag == f"{_CORE}null"):
        raise StudyError(
            "empty-file", "the file is empty", name, "a study needs at least title, question, data and network"
        )
    document = Document(None, name)
    return replace(document, value=_build(node, (), document))


def read_value(text: str, name: str) -> Document:
    """Return a single value, such as the right-hand side of an override, parsed as YAML 1.2."""
    return Document(None, name) if text.strip() in ("", "~", "null", "Null", "NULL") else read(text, name)


def _syntax_error(fault: Fault | None, error: yaml.YAMLError, text: str, name: str) -> StudyError:
    """Return the fault of the outline, or else an error at the position where the parser failed."""
    if fault is not None:
        where = f"{name}:{fault.line}:{fault.column}"
        return StudyError("invalid-yaml", f"invalid YAML: {fault.message}", where, fault.hint)
    mark = getattr(error, "problem_mark", None)
    where = name
    if mark is not None:
        where = f"{name}:{mark.line + 1}:{mark.column + 1}"
        lines = text.splitlines()
        tab = lines[mark.line].find(TAB, 0, mark.column + 1) if mark.line < len(lines) else -1
        if tab >= 0:
            where = f"{name}:{mark.line + 1}:{tab + 1}"
            return StudyError("invalid-yaml", "invalid YAML: a tab in place of spaces", where, "replace it by spaces")
    return StudyError(
        "invalid-yaml", "invalid YAML", where, "check quotes, brackets, commas and indentation near this place"
    )


def _scan(text: str, name: str) -> None:
    """Check the parser events against the limits; without this, a hostile file can crash the parser or never end."""
    depth = nodes = documents = 0
    for event in yaml.parse(text, Loader=_Loader):
        mark: Any = event.start_mark
        where = f"{name}:{mark.line + 1}:{mark.column + 1}"
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise StudyError(
                    "unsupported-yaml", "a second document starts here", where, "put each study in its own file"
                )
        if isinstance(event, yaml.AliasEvent):
            raise StudyError("unsupported-yaml", "aliases (*name) are not supported", where, "write out the value")
        if getattr(event, "anchor", None):
            raise StudyError("unsupported-yaml", "anchors (&name) are not supported", where, "write out the value")
        tag = getattr(event, "tag", None)
        if tag is not None:
            shown = tag.replace(_CORE, "!!")
            raise StudyError("unsupported-yaml", f"tags ({shown}) are not supported", where, "use a plain value")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        nodes += isinstance(event, yaml.NodeEvent)
        if depth > MOST_DEPTH:
            raise StudyError("nesting-too-deep", "the nesting is too deep", where, f"at most {MOST_DEPTH} levels")
        if nodes > MOST_NODES:
            raise StudyError("too-many", "the file has too many values", where, f"at most {MOST_NODES}")


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
            raise StudyError("unsupported-yaml", "a key cannot be a list or a mapping", where, "put quotes around it")
        if key_node.value == "<<":
            raise StudyError("unsupported-yaml", "merge keys (<<) are not supported", where, "write out the values")
        key = _build_scalar(key_node, path, document)
        key = key if isinstance(key, int) and not isinstance(key, bool) else str(key_node.value)
        if key in built:
            first = document.keys[*path, key].line
            raise StudyError("duplicate-key", f"duplicate key {key!r}", where, f"first used on line {first}")
        document.keys[(*path, key)] = place
        built[key] = _build(value_node, (*path, key), document)
    return built


def _build_scalar(node: yaml.Node, path: Path, document: Document) -> Any:
    text, kind = node.value, node.tag.removeprefix(_CORE)
    strange = CONTROL.search(text)
    if strange:
        message = f"the text contains the control character {strange.group()!r}"
        raise StudyError("control-character", message, document.where(path), "remove it")
    if kind == "null":
        return None
    if kind in ("int", "float"):
        document.texts[path] = text
    if kind == "bool":
        return text.lower() == "true"
    if kind == "int":
        return _integer(text, document.where(path))
    if kind == "float":
        lower = text.lower()
        return math.nan if "nan" in lower else float(lower.replace(".inf", "inf"))
    return text


def _integer(text: str, where: str) -> int:
    # int() raises for more than 4300 decimal digits; a number of 64 bits has at most 23 characters.
    value = int(text, 0 if text[:2] in ("0o", "0x") else 10) if len(text) < 30 else MOST_INTEGER + 1
    if abs(value) > MOST_INTEGER:
        raise StudyError("out-of-range", "the whole number is too large", where, f"at most {MOST_INTEGER}")
    return value
