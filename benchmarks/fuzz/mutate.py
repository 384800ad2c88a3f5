"""Mutations of files: of bytes for every file, and of values, lines and arrays for files of a known form."""

from __future__ import annotations

import io
import json
import random
import re
import zipfile
from collections.abc import Callable
from typing import Any

TOKENS = (
    *(b"nan", b"inf", b"-inf", b"NaN", b"Infinity", b"1e999", b"-1", b"0", b"1e-320", b"9" * 30, b"9" * 5000),
    *(b"null", b"true", b"[]", b"{}", b"''", b'""', b"~", b"*a", b"&a", b"!!python/object", b"<<", b"- - -"),
    *(b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\x85", b"\xe2\x80\xa8", b"\xf0\x9f\x98\x80", b"\xed\xa0\x80"),
    *(b"[" * 2000, b"{" * 2000, b"a" * 10_000, b"1:2:3", b"0x1F", b"1_000", b"2020-01-01", b"../../x", b"%s%n"),
)
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, -(2**63), 10**400, 0.5, -0.0, 1e308, 1e-320),
    *(float("nan"), float("inf"), "", "x", "nan", "\ud800", "\u202e", "a" * 5000, [], {}, [[]], [None], {"": None}),
)
SCALAR = re.compile(rb"[-\w.+]+")


def mutated(name: str, content: bytes, draw: random.Random) -> bytes:
    """Return a changed file; `name` tells its form."""
    forms: list[Callable[[bytes, random.Random], bytes]] = [_bytes, _bytes]
    if name.endswith((".json", ".jsonl")):
        forms += [_json, _json, _tokens]
    elif name.endswith(".npz"):
        forms = [_bytes, _archive, _archive, _archive]
    elif not name.endswith((".sqlite", ".db")) and b"\x00" not in content:
        forms += [_tokens, _tokens, _lines, _lines]
    for _ in range(draw.choice((1, 1, 1, 2, 4))):
        content = draw.choice(forms)(content, draw)
    return content


def _bytes(content: bytes, draw: random.Random) -> bytes:
    if not content:
        return draw.choice(TOKENS)
    place, length = draw.randrange(len(content)), draw.choice((1, 1, 2, 4, 16, 200))
    head, middle, tail = content[:place], content[place : place + length], content[place + length :]
    choices = (
        head + bytes([content[place] ^ (1 << draw.randrange(8))]) + content[place + 1 :],
        head,
        head + tail,
        head + middle + middle + tail,
        head + draw.choice(TOKENS) + content[place:],
        head + draw.randbytes(length) + tail,
        head + (b"\x00" * length) + tail,
        head + (b"\xff" * length) + tail,
    )
    return draw.choice(choices)


def _tokens(content: bytes, draw: random.Random) -> bytes:
    """Replace a word or number by an unusual one, or by another word of the file."""
    found = [match.span() for match in SCALAR.finditer(content[:100_000])]
    if not found:
        return _bytes(content, draw)
    (start, end), (a, b) = draw.choice(found), draw.choice(found)
    return content[:start] + draw.choice((content[a:b], draw.choice(TOKENS))) + content[end:]


def _lines(content: bytes, draw: random.Random) -> bytes:
    lines = content.splitlines(keepends=True) or [b""]
    a, b = draw.randrange(len(lines)), draw.randrange(len(lines))
    kind = draw.randrange(5)
    if kind == 0:
        lines[a], lines[b] = lines[b], lines[a]
    elif kind == 1:
        del lines[a]
    elif kind == 2:
        lines.insert(b, lines[a])
    elif kind == 3:
        lines[a] = b" " * draw.randrange(6) + lines[a].lstrip()
    else:
        lines[a] = lines[a][: draw.randrange(len(lines[a]) + 1)] + b"\n"
    return b"".join(lines)


def _json(content: bytes, draw: random.Random) -> bytes:
    """Replace, remove or copy a value at any depth, of a document or of one of its lines."""
    try:
        return changed_json(content, draw)
    except (ValueError, RecursionError):
        lines = content.splitlines()
        if len(lines) > 1:
            number = draw.randrange(len(lines))
            try:
                lines[number] = changed_json(lines[number], draw)
            except (ValueError, RecursionError):
                return _bytes(content, draw)
            return b"\n".join(lines)
        return _bytes(content, draw)


def changed_json(content: bytes, draw: random.Random) -> bytes:
    """Return a JSON text with one value changed; raises ValueError for another text."""
    value = changed_value(json.loads(content), draw)
    return json.dumps(value).encode("utf-8", "surrogatepass")


def changed_value(value: Any, draw: random.Random) -> Any:
    """Return a value in which one value, at any depth, is replaced, removed or copied."""
    if isinstance(value, dict | list) and value and draw.random() < 0.85:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        key = draw.choice(keys)
        kind = draw.random()
        if kind < 0.1:
            del value[key]
        elif kind < 0.15:
            value[key] = value[draw.choice(keys)]
        else:
            value[key] = changed_value(value[key], draw)
        return value
    return draw.choice(VALUES)


def _archive(content: bytes, draw: random.Random) -> bytes:
    """Change a member of an archive and write an intact archive around it."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
    except Exception:
        return _bytes(content, draw)
    name = draw.choice(sorted(members)) if members else "x.npy"
    kind = draw.random()
    if kind < 0.1:
        members.pop(name, None)
    elif kind < 0.2:
        members[draw.choice(sorted(members) or ["y.npy"])] = members.get(name, b"")
    elif kind < 0.7:
        head = members.get(name, b"")[:128]
        members[name] = draw.choice((_bytes, _tokens))(head, draw) + members.get(name, b"")[128:]
    else:
        members[name] = _bytes(members.get(name, b""), draw)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", draw.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive:
        for each, data in members.items():
            archive.writestr(each, data)
    return target.getvalue()
