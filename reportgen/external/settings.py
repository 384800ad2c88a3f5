"""The settings of a record that a user brings: where they stand, read as JSON, and checked key by key."""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from reportgen.engine.spec import SCORES
from reportgen.errors import StudyError
from reportgen.external.arrays import SETTINGS, Array
from reportgen.runs.store import STATUSES

KEYS = ("seed", "variant", "status", "network", "training", "facts", "final")
SUCH_AS = 'such as {"seed": 0, "network": ...}'
ARCHIVE = "arrays.npz"
VARIANT = "variant"


class _TwiceError(ValueError):
    """A key that a mapping has twice."""


def settings_of(path: Path, arrays: Mapping[str, Array]) -> tuple[str, dict[str, Any]]:
    """Return the file that the settings stand in, and the settings; raises StudyError where there are none."""
    beside = path.with_name("run.json") if path.name == ARCHIVE else path.with_suffix(".json")
    inside = _inside(path, arrays[SETTINGS]) if SETTINGS in arrays else None
    if inside is None and not beside.is_file():
        hint = f"the member {SETTINGS!r} as JSON text, or the file {beside.name}"
        raise StudyError("?", "the settings of the run are missing", str(path), hint)
    if inside is None:
        return str(beside), _read(str(beside), _text(str(beside), beside.read_bytes()))
    head = _read(str(path), inside)
    if beside.is_file():
        _refuse_other(path, beside, head)
    return str(path), head


def _inside(path: Path, member: Array) -> str:
    """Return the text of the archive's member: a text, or its bytes."""
    if member.dtype.kind == "U" and member.size == 1:
        return str(member.reshape(()))
    if member.dtype.kind == "S" and member.size == 1:
        return _text(str(path), bytes(member.reshape(())[()]))
    if member.dtype == "uint8" and member.ndim == 1:
        return _text(str(path), member.tobytes())
    found = f"the member {SETTINGS!r} holds {member.dtype} of shape {member.shape}"
    raise StudyError("?", found, str(path), "one JSON text, such as json.dumps gives")


def _text(place: str, content: bytes) -> str:
    """Return bytes as text, with or without the mark that some editors begin with."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        found = f"the settings are no UTF-8 text: byte {error.start + 1} is {content[error.start]:#04x}"
        raise StudyError("?", found, place, 'save the file with encoding="utf-8"') from None


def _read(place: str, text: str) -> dict[str, Any]:
    try:
        head = json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        found = f"the settings are no JSON at line {error.lineno}, column {error.colno}"
        raise StudyError("?", found, place, SUCH_AS) from None
    except RecursionError:
        raise StudyError("?", "the settings are nested too deeply", place, SUCH_AS) from None
    except _TwiceError as error:
        raise StudyError("?", f"the settings have the key {error} twice", place, "each key once") from None
    if not isinstance(head, dict):
        raise StudyError("?", "the settings are no mapping", place, SUCH_AS)
    return head


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return a mapping of keys that are all different."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise _TwiceError(repr(next(name for name in names if names.count(name) > 1)))
    return found


def _refuse_other(path: Path, beside: Path, head: Mapping[str, Any]) -> None:
    """Refuse settings beside an archive that holds others; a file that is not of settings may lie there."""
    try:
        other = _read(str(beside), _text(str(beside), beside.read_bytes()))
    except StudyError:
        return
    if "network" in other and other != head:
        found = f"the settings in the archive and in {beside.name} differ"
        raise StudyError("?", found, str(path), "one of them: the archive without its member 'run', or no such file")


def mapping_of(place: str, head: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return a mapping of the settings, empty where it is left out."""
    found = head.get(name, {})
    if not isinstance(found, dict):
        raise StudyError("?", f"{name} is no mapping", place, f'such as "{name}": {{...}}')
    return found


def refuse_unknown(place: str, given: Mapping[str, Any], known: Sequence[str], above: str = "") -> None:
    """Refuse a key that nobody knows."""
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"one of {', '.join(known)}"
            raise StudyError("?", f"unknown key '{above}{name}'", place, hint)


def seed_of(place: str, head: Mapping[str, Any], number: int) -> int:
    """Return the record's seed; `number` where it names none."""
    seed = head.get("seed", number)
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise StudyError("?", f"seed is {seed!r}, no whole number", place, "such as seed: 0")
    return seed


def variant_of(place: str, head: Mapping[str, Any]) -> str:
    """Return the name of the record's variant."""
    variant = head.get(VARIANT, VARIANT)
    if not isinstance(variant, str) or not variant.strip() or not variant.isprintable():
        raise StudyError("?", f"variant is {variant!r}", place, 'a name of one line as text, such as "wide"')
    return variant


def status_of(place: str, head: Mapping[str, Any], lost: str) -> str:
    """Return how the run ended; lost: what of it is not finite, in words, empty where all is."""
    status = head.get("status", "diverged" if lost else "ok")
    if status not in STATUSES:
        raise StudyError("?", f"status is {status!r}", place, f"one of {', '.join(STATUSES)}")
    if status == "ok" and lost:
        raise StudyError("?", f"status is 'ok', and {lost}", place, "diverged, or without a status; or numbers")
    return str(status)


Check = tuple[Callable[[Any], bool], str]


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _count(least: int) -> Check:
    return lambda value: _number(value) and value % 1 == 0 and value >= least, f"a whole number from {least} on"


def _sizes(value: Any) -> bool:
    return isinstance(value, list) and len(value) in (0, 5) and all(_number(one) and one >= 0 for one in value)


def _counts(value: Any) -> bool:
    return isinstance(value, list) and all(_number(one) and one % 1 == 0 and one >= 0 for one in value)


ANY: Check = (_number, "a number")
SIZE: Check = (lambda value: _number(value) and value >= 0, "a number from 0 on")
SHARE: Check = (lambda value: _number(value) and 0 <= value <= 1, "a share from 0 to 1")
SOME, MANY = _count(1), _count(0)

FACTS: Mapping[str, Check] = {
    **dict.fromkeys(("classes", "train_n", "features", "probe_n"), SOME),
    **dict.fromkeys(("val_n", "test_n", "parameters", "constant_features"), MANY),
    "class_counts": (_counts, "a list of whole numbers, one a class"),
    "input_mean": ANY,
    **dict.fromkeys(("input_std", "input_second_moment", "val_loss_sd", "bn_identity_gap"), SIZE),
    "input_feature_std": (_sizes, "least, quartiles and largest: five numbers from 0 on"),
    **dict.fromkeys(("input_offset_share", "batch_dependent_fraction"), SHARE),
    "train_mode_scale": ANY,
    **dict.fromkeys(("baseline_train_n", "baseline_left_out_n", "baseline_val_n"), MANY),
    **dict.fromkeys(("baseline_majority", "baseline_linear", "baseline_neighbours", "baseline_kernel"), SHARE),
    **dict.fromkeys((f"baseline_{name}_left_out" for name in ("linear", "neighbours", "kernel")), SHARE),
}
"""Every fact that a record may hold, and what is right for it."""


def facts_of(place: str, head: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts, whole numbers as such; what is null or NaN is not known, and left out."""
    given = mapping_of(place, head, "facts")
    refuse_unknown(place, given, tuple(FACTS), "facts.")
    if given.get("classes") is None:
        raise StudyError("?", "facts.classes is missing", place, "how many classes there are, such as classes: 10")
    facts = {name: value for name, value in given.items() if not _unknown(value)}
    for name, value in facts.items():
        fits, right = FACTS[name]
        if not fits(value):
            raise StudyError("?", f"facts.{name} is {_shown(value)}", place, right)
    whole = {name: int(value) for name, value in facts.items() if FACTS[name] in (SOME, MANY)}
    _check_counts(place, facts)
    return facts | whole


def _check_counts(place: str, facts: Mapping[str, Any]) -> None:
    counts, classes = facts.get("class_counts"), facts["classes"]
    if counts is None:
        return
    if len(counts) != classes:
        raise StudyError(
            "?", f"facts.class_counts has {len(counts)} entries", place, f"as many as facts.classes, {classes}"
        )
    if facts.get("train_n", sum(counts)) != sum(counts):
        found = f"facts.class_counts add to {sum(counts)}, and facts.train_n is {facts['train_n']}"
        raise StudyError("?", found, place, "the training examples of each class")


def final_of(place: str, head: Mapping[str, Any]) -> dict[str, float]:
    """Return the scores of the network that is kept; what is null is not known, and left out."""
    final = mapping_of(place, head, "final")
    refuse_unknown(place, final, SCORES, "final.")
    known = {name: value for name, value in final.items() if not _unknown(value)}
    for name, value in known.items():
        fits, right = SHARE if name.endswith("accuracy") else SIZE
        if not fits(value) and not (name.endswith("loss") and value == math.inf):
            raise StudyError("?", f"final.{name} is {_shown(value)}", place, right)
    return {name: float(value) for name, value in known.items()}


def _unknown(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
