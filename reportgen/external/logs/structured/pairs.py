"""Names and numbers in a line of text, such as "Epoch 3/10 loss: 0.12 val_loss: 0.3"."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from reportgen.external.logs.structured.records import EPOCH_NAMES, EVALUATION, EXAMPLE, MODES, STEP_NAMES, counter_name

NUMBER = r"[-+]?(?:\d++(?:\.\d*+)?+|\.\d++)(?:[eE][-+]?\d++)?+|[-+]?(?:nan|inf(?:inity)?)"

NO_UNIT = r"(?![\w.:/-]{0,20}[A-Za-z:])"
"""What follows a number without a unit."""

PAIR = re.compile(
    rf"""(?<![\w./@])(?P<name>[A-Za-z_][\w./@]*+(?:[ -][A-Za-z_][\w./@]*+){{0,2}})
    ["']?[ ]?[=:][ ]*["'\[(]?(?P<number>{NUMBER})
    (?:/(?P<all>\d++)(?![\d.]))?+(?P<percent>[ ]?%)?{NO_UNIT}""",
    re.IGNORECASE | re.VERBOSE,
)
"""A name, a colon or an equals sign, and a number without a unit, which a time such as "12ms" or "10:30" has."""

SCORE = re.compile(
    rf"""(?P<name>(?:(?:train|training|val|valid|validation|test|eval)[ _/-])?(?:loss|acc|accuracy|lr|perplexity|ppl))
    [ ]+(?P<number>{NUMBER})(?:/(?P<all>\d++)(?![\d.]))?+(?P<percent>[ ]?%)?{NO_UNIT}""",
    re.IGNORECASE | re.VERBOSE,
)
"""The name of a common score and a number after a space."""

COUNT = re.compile(
    r"\b(?P<name>epoch|ep|step|iter|iteration|batch|update)s?[ ]*[:=#\[(]*[ ]*(?P<number>\d++)(?![\d.]{0,20}[a-z%])"
)
"""A counter and its value in lower case, such as "epoch [3/10]", "train epoch: 1" and "step 20"."""

COUNTERS = {"ep": "epoch"}

SPACED = ("loss ", "acc ", "accuracy ", "lr ", "perplexity ", "ppl ")
"""What a line has if SCORE matches."""

BATCH = re.compile(
    r"(?:^\s*\[\s*(?P<epoch>\d+),\s*(?P<first>\d+)\]|\[\s*(?P<number>\d+)/\d+(?P<examples>\s+\(\d+%\))?\])"
)
"""The number of a batch or of examples in an epoch, as in "[2, 2000]" and "Epoch: 2 [640/60000 (1%)]"."""

PROGRESS = re.compile(r"^\s*(?P<done>\d+)/(?P<all>\d+)\s+(?:\[[=>.]|[━╸╺─])")
"""The beginning of a progress bar of Keras."""

MODE = re.compile(r"^\W{0,3}(?P<mode>train(?:ing)?|val(?:id(?:ation)?)?|eval(?:uation)?|dev|test)\b(?![/_=.-])", re.I)
"""A first word that says which scores a line has, such as "Test set: Average loss: 0.3"."""

NOISE = frozenset({"info", "debug", "warning", "the", "eta", "time", "and", "at", "on", "of", "set", "average", "avg"})
"""Words before a name that are not part of it."""

MAX_CHARACTERS = 10_000


def shown(line: bytes) -> str:
    """Return what a terminal shows of a line at last, since progress bars go back to its beginning."""
    return re.split("[\r\b]", line.decode(errors="replace").rstrip())[-1][:MAX_CHARACTERS]


def pairs(line: str) -> dict[str, str]:
    """Return the numbers of a line as text by name, counters as "epoch" and "step"."""
    mode = found.group("mode").lower() if (found := MODE.match(line)) else ""
    numbers: dict[str, str] = {}
    for name, value in _numbers(line):
        known = counter_name(name)
        if known in STEP_NAMES or known in EPOCH_NAMES:
            numbers.setdefault(known, value)
        elif mode and not _has_mode(known):
            numbers.setdefault(f"{mode}/{name}", value)
        else:
            numbers.setdefault(name, value)
    return numbers


@functools.lru_cache(maxsize=8192)
def _has_mode(name: str) -> bool:
    return bool((MODES | EVALUATION).intersection(re.split(r"[/_.]", name)))


def _numbers(line: str) -> Iterator[tuple[str, str]]:
    lower, start = line.lower(), 0
    for match in COUNT.finditer(lower):
        yield COUNTERS.get(match["name"], match["name"]), match["number"]
        start = match.end()
    for match in BATCH.finditer(line, start) if "[" in line else ():
        if match["epoch"]:
            yield "epoch", match["epoch"]
        yield EXAMPLE if match["examples"] else "batch", match["first"] or match["number"]
    spaced = any(word in lower for word in SPACED)
    for pattern in (PAIR, SCORE) if spaced else (PAIR,):
        for match in pattern.finditer(line):
            name = _name(match["name"])
            if name:
                yield name, _share(match["number"], match["all"], match["percent"])


@functools.lru_cache(maxsize=8192)
def _name(text: str) -> str:
    """Return a name without words that are not part of it; the last word of a counter."""
    words = [word for word in re.split(r"[ -]", text) if word.lower() not in NOISE]
    if words and counter_name(words[-1]) in (*STEP_NAMES, *EPOCH_NAMES):
        words = words[-1:]
    return "_".join(words)


def _share(number: str, whole: str | None, percent: str | None) -> str:
    """Return the number, or the share that "98%" and "9843/10000" are."""
    if percent:
        return str(float(number) / 100)
    return str(float(number) / float(whole)) if whole and float(whole) else number
