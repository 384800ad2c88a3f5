"""Outline of a YAML text, read without a parser: the nesting of its collections, and its first syntax error.

The depth is checked before the text is parsed, because deep nesting can crash a parser, and each version of the parser
has its own limit. The outline counts brackets, block sequences and block mappings. It never counts more levels than a
parser. It counts fewer if a flow sequence contains `key: value` without braces, or if a block sequence has the column
of the key above it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from reportgen.errors import StudyError

_LINE_BREAK = re.compile("\r\n|[\r\x85\u2028\u2029]")
_SKIPPED = re.compile(r"(?:[ \t\n\ufeff]|#[^\n]*)*")
_MARKER = re.compile(r"(?:---|\.\.\.)(?=[ \t\n]|\Z)")
_PROPERTY = re.compile(r"[&*!][^ \t\n,\[\]{}]*")
_PLAIN = re.compile(r"(?:[^ \t\n:#]|:(?![ \t\n]|\Z)|(?<![ \t\n])#|[ \t]+(?=[^ \t\n#]))+")
_FLOW_PLAIN = re.compile(r"(?:[^ \t\n,\[\]{}:#]|:(?![ \t\n,\[\]{}]|\Z)|(?<![ \t\n])#|[ \t\n]+(?=[^ \t\n#]))+")
_NEXT_LINE = re.compile(r"[ \t]*\n(?:[ \t]*\n)*([ \t]*)(?=[^ \t\n#])")
_DIRECTIVE = re.compile(r"%(?:YAML|TAG) [^\n]*")
_SINGLE = re.compile(r"'(?:[^']|'')*(')?")
_DOUBLE = re.compile(r'"(?:[^"\\]|\\[\s\S])*(")?')
_AFTER_QUOTE = re.compile(r"[ \t]*[^ \t\n:#]")
_AFTER_FLOW_QUOTE = re.compile(r"[ \t]*[^ \t\n:#,\]}]")
_ESCAPE = re.compile(
    r"\\(?:[0abtnvfre \"/\\N_LP\t\n]|x[0-9a-fA-F]{2}|u(?![dD][89a-fA-F])[0-9a-fA-F]{4}"
    r"|U00(?:0[0-9a-fA-F]|10)[0-9a-fA-F]{4}|(.))"
)
_HEADER = re.compile(r"[|>](?:[-+]?([1-9])?[-+]?)[ \t]*(?:#[^\n]*)?")
_CLOSING = {"]": "[", "}": "{"}


@dataclass(frozen=True)
class Fault:
    """A syntax error: its position in the text, a message and a hint."""

    line: int
    column: int
    message: str
    hint: str


class Outline:
    """The outline of a text; the constructor reads the text.

    Attributes
    ----------
    fault : the first syntax error found, or None; a text without a fault can still be invalid.

    Raises
    ------
    StudyError : collections nest deeper than `most_depth` levels.
    """

    def __init__(self, text: str, name: str, most_depth: int) -> None:
        self.fault: Fault | None = None
        self._text = _LINE_BREAK.sub("\n", text)
        self._name, self._most_depth = name, most_depth
        self._position = self._line_start = 0
        self._blocks: list[tuple[int, str]] = []  # column and kind of the open block collections
        self._brackets: list[int] = []
        self._key: int | None = None  # the position of a possible key, until a colon follows
        self._key_allowed = True
        while self._next_token():
            self._read_token()
        self._finish()

    def _next_token(self) -> bool:
        """Move to the next token; return whether one exists."""
        start, line = self._position, self._line_start
        self._advance(_SKIPPED)
        if self._position == len(self._text):
            return False
        if (start == 0 or self._line_start > line) and not self._brackets:
            self._begin_line()
        return True

    def _advance(self, pattern: re.Pattern[str]) -> re.Match[str]:
        match = pattern.match(self._text, self._position)
        assert match
        self._move_to(match.end())
        return match

    def _move_to(self, end: int) -> None:
        self._line_start = max(self._line_start, self._text.rfind("\n", self._position, end) + 1)
        self._position = end

    def _column(self, position: int) -> int:
        return position - self._line_start

    def _begin_line(self) -> None:
        """Close the block collections that end at the indentation of the new line."""
        self._check_key()
        column, closed = self._column(self._position), False
        while self._blocks and self._blocks[-1][0] > column:
            self._blocks.pop()
            closed = True
        self._key_allowed = True
        tab = self._text.find("\t", self._line_start, self._position)
        if tab >= 0:
            self._report(tab, "a tab is used for indentation", "indent with spaces")
        elif closed and self._blocks and self._blocks[-1][0] < column:
            self._report(self._position, "inconsistent indentation", "keys of one mapping begin in the same column")
        elif (column, "list") in self._blocks[-1:] and not self._may_follow_list():
            hint = "items of one list begin in the same column, each with a dash"
            self._report(self._position, "a list item has no dash", hint)

    def _may_follow_list(self) -> bool:
        """Return whether the token can have the column of a list: a dash, --- or ..., or the text of an empty item."""
        return self._is_indicator() or self._is_marker() or self._text[self._position] in "|>"

    def _is_indicator(self) -> bool:
        """Return whether the token is a dash, a question mark or a colon that is not part of a text."""
        following = self._text[self._position + 1 : self._position + 2]
        return self._text[self._position] in "-?:" and following in ("", " ", "\t", "\n")

    def _is_marker(self) -> bool:
        return self._position == self._line_start and bool(_MARKER.match(self._text, self._position))

    def _read_token(self) -> None:
        character = self._text[self._position]
        if self._is_marker():
            self._read_marker()
        elif self._position == self._line_start and _DIRECTIVE.match(self._text, self._position):
            self._advance(_DIRECTIVE)
        elif character in "[{":
            self._open_bracket()
        elif character in "]}":
            self._close_bracket(character)
        elif self._brackets:
            self._read_in_brackets(character)
        elif self._is_indicator():
            self._read_indicator(character)
        elif character in "|>":
            self._read_block_scalar()
        else:
            self._read_scalar(character)

    def _read_marker(self) -> None:
        """Read --- or ..., which closes every collection."""
        self._blocks, self._brackets, self._key, self._key_allowed = [], [], None, False
        ends = self._text[self._position] == "."
        self._move_to(self._position + 3)
        following = _SKIPPED.match(self._text, self._position)
        if ends and following and following.end() < len(self._text) and not _MARKER.match(self._text, following.end()):
            self._report(
                following.end(), "text after the end of the document", "put each study in its own file, without ..."
            )

    def _open_bracket(self) -> None:
        self._allow_key()
        self._brackets.append(self._position)
        self._check_depth(self._position)
        self._position += 1

    def _close_bracket(self, character: str) -> None:
        opened = self._brackets.pop() if self._brackets else None
        if opened is None or self._text[opened] != _CLOSING[character]:
            self._report(self._position, f"{character!r} closes no bracket", "close each bracket with one of its kind")
        self._position += 1

    def _read_in_brackets(self, character: str) -> None:
        if character in ",:" or self._is_indicator():
            self._position += 1
        else:
            self._read_scalar(character)

    def _read_indicator(self, character: str) -> None:
        """Read a dash, a question mark or a colon, which opens a block collection unless one is open in its column."""
        start, from_key = self._position, character == ":" and self._is_key_pending()
        if from_key and self._key is not None:
            start = self._key
        elif not self._key_allowed:
            hints = {":": "contains a colon and a space", "-": "begins with a dash and a space", "?": "begins with ?"}
            self._report(start, f"unexpected {character!r}", f"put quotes around a text that {hints[character]}")
        self._open_block(start, "list" if character == "-" else "mapping")
        self._key, self._key_allowed = None, not from_key
        self._position += 1

    def _is_key_pending(self) -> bool:
        return self._key is not None and self._key >= self._line_start

    def _open_block(self, start: int, kind: str) -> None:
        column = self._column(start)
        if column > self._indent():
            self._blocks.append((column, kind))
            self._check_depth(start)

    def _indent(self) -> int:
        return self._blocks[-1][0] if self._blocks else -1

    def _check_depth(self, start: int) -> None:
        if len(self._blocks) + len(self._brackets) > self._most_depth:
            line, column = self._place(start)
            where = f"{self._name}:{line}:{column}"
            raise StudyError(
                "nesting-too-deep", "brackets or indents go too deep", where, f"at most {self._most_depth} levels"
            )

    def _read_block_scalar(self) -> None:
        """Skip the text after | or >: all following lines with a larger indentation."""
        explicit = self._advance(_HEADER)[1]
        if self._text[self._position : self._position + 1] not in ("", "\n"):
            character = self._text[self._position]
            self._report(self._position, f"unexpected {character!r}", "begin the text in the line after | or >")
        least = max(self._indent() + 1, 1)
        indent = least + int(explicit) - 1 if explicit else max(least, self._text_indent())
        self._advance(re.compile(rf"[^\n]*(?:\n(?: {{{indent}}}[^\n]*| *(?=\n|\Z)))*"))
        self._key = None

    def _text_indent(self) -> int:
        """Return the indentation of the next line that is not blank, or of a longer blank line before it."""
        match = re.compile(r"[^\n]*((?:\n *(?=\n|\Z))*)(?:\n( *))?").match(self._text, self._position)
        assert match
        return max(len(spaces) for spaces in [*match[1].split("\n"), match[2] or ""])

    def _read_scalar(self, character: str) -> None:
        self._allow_key()
        if character in "\"'":
            self._read_quoted(character)
        elif character in "&*!":
            self._advance(_PROPERTY)
        else:
            if character in "@`%":
                hint = f"put quotes around a text that begins with {character}"
                self._report(self._position, f"unexpected {character!r}", hint)
            self._read_plain()

    def _allow_key(self) -> None:
        if self._key_allowed and not self._brackets:
            self._key, self._key_allowed = self._position, False

    def _read_quoted(self, quote: str) -> None:
        start = self._position
        match = (_DOUBLE if quote == '"' else _SINGLE).match(self._text, start)
        assert match
        if not match[1]:
            self._report(start, "a quote is not closed", f"end the text with {quote}")
        elif quote == '"':
            for escape in _ESCAPE.finditer(match[0]):
                if escape[1]:
                    self._report(start + escape.start(), f"invalid escape sequence \\{escape[1]}", "write \\\\ for \\")
        self._move_to(match.end())
        if match[1] and (_AFTER_FLOW_QUOTE if self._brackets else _AFTER_QUOTE).match(self._text, match.end()):
            hint = "write '' for ' between single quotes" if quote == "'" else 'write \\" for " between double quotes'
            self._report(match.end(), "text after the closing quote", hint)

    def _read_plain(self) -> None:
        """Skip a text without quotes, which can continue on lines with a larger indentation."""
        if self._brackets:
            self._advance(_FLOW_PLAIN)
            return
        self._advance(_PLAIN)
        while following := _NEXT_LINE.match(self._text, self._position):
            start, column = following.end(), len(following[1])
            if column <= self._indent() or (column == 0 and _MARKER.match(self._text, start)):
                return
            self._move_to(start)
            if not _PLAIN.match(self._text, start):
                return
            self._advance(_PLAIN)

    def _check_key(self) -> None:
        """Report a line without a colon in the column of the other keys."""
        if self._key is not None:
            column = self._key - self._text.rfind("\n", 0, self._key) - 1
            if (column, "mapping") in self._blocks[-1:]:
                self._report(self._key, "a key has no colon", "write a colon and a space after a key")
        self._key = None

    def _finish(self) -> None:
        if self._brackets:
            opened = self._brackets[-1]
            self._report(opened, f"{self._text[opened]!r} is not closed", "close each bracket with one of its kind")
        self._check_key()

    def _place(self, position: int) -> tuple[int, int]:
        """Return the line and the column of a position, both counted from 1."""
        return self._text.count("\n", 0, position) + 1, position - self._text.rfind("\n", 0, position)

    def _report(self, position: int, message: str, hint: str) -> None:
        if self.fault is None:
            self.fault = Fault(*self._place(position), message, hint)
