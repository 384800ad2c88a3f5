"""The id of a student, and the seeds that belong to it."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from reportgen.study.model.components import problem, shown
from reportgen.study.model.data_settings import MOST_SEED

MOST_LETTERS = 100
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]*")
HINT = "letters and digits, with . _ @ + or - between them"


def read_student(value: Any) -> Any:
    """Return the id of a student as text; a number is also an id."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str):
        raise problem("wrong-type", f"expected the id of a student, found {shown(value)}", HINT)
    if not text:
        raise problem("empty-value", "the id of the student is empty", HINT)
    if len(text) > MOST_LETTERS or not ID.fullmatch(text):
        raise problem("invalid-name", f"{shown(text)} is not an id of a student", f"at most {MOST_LETTERS} {HINT}")
    return text


def student_seeds(student: str, count: int) -> tuple[int, ...]:
    """Return the first `count` seeds of a student.

    Seed number i, from 0, is the first 32 bits of the SHA-256 of "reportgen student <id in lower case> <i>", without
    repeated values. More seeds continue the list, so that finished runs remain valid.
    """
    seeds: dict[int, None] = {}
    number = 0
    while len(seeds) < count:
        text = f"reportgen student {student.casefold()} {number}"
        seeds.setdefault(int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") & MOST_SEED)
        number += 1
    return tuple(seeds)
