"""Settings of an external record: read as JSON from the archive or from a separate file, and checked key by key."""

from __future__ import annotations

import difflib
import json
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from reportgen import disk
from reportgen.engine.spec import SCORES
from reportgen.errors import StudyError
from reportgen.external.arrays import SETTINGS, Array
from reportgen.external.facts import COUNT, FACTS, FRACTION, LIST_FACTS, NONNEGATIVE, POSITIVE_COUNT
from reportgen.runs.store import STATUSES
from reportgen.study.metrics.table import METRICS

KEYS = ("seed", "variant", "status", "network", "layers", "training", "facts", "final")
EXAMPLE = 'such as {"seed": 0, "network": ...}'
ARCHIVE = "arrays.npz"
VARIANT = "variant"


class _DuplicateKeyError(ValueError):
    """Raised for a duplicate key of a mapping; the argument is the key."""


def settings_file(path: Path) -> Path:
    """Return the path that the settings of an archive have if they are in a file of their own."""
    return path.with_name("run.json") if path.name == ARCHIVE else path.with_suffix(".json")


def settings_of(path: Path, arrays: Mapping[str, Array]) -> tuple[str, dict[str, Any]]:
    """Return the path of the file with the settings, and the settings; raises StudyError if there are none."""
    separate = settings_file(path)
    text = _member_text(path, arrays[SETTINGS]) if SETTINGS in arrays else None
    if text is None and not separate.is_file():
        hint = f"a member {SETTINGS!r} with JSON text, or a file {separate.name}"
        raise StudyError("missing-settings", "the settings of the run are missing", str(path), hint)
    if text is None:
        return str(separate), _read(str(separate), _text(str(separate), disk.read_regular(separate)))
    head = _read(str(path), text)
    if separate.is_file():
        _refuse_other_settings(path, separate, head)
    return str(path), head


def _member_text(path: Path, member: Array) -> str:
    """Return the text of the archive's member, a string or UTF-8 bytes; raises StudyError for another type."""
    if member.dtype.kind == "U" and member.size == 1:
        codes = np.frombuffer(member.tobytes(), f"{member.dtype.str[0]}u4")
        if codes.max(initial=0) > sys.maxunicode:  # NumPy reads what Python cannot handle
            hint = "save the text of json.dumps"
            raise StudyError("wrong-type", "the settings are no text", f"{path}: {SETTINGS}", hint)
        return str(member.reshape(()))
    if member.dtype.kind == "S" and member.size == 1:
        return _text(str(path), bytes(member.reshape(())[()]))
    if member.dtype == "uint8" and member.ndim == 1:
        return _text(str(path), member.tobytes())
    message = f"expected JSON text, found {member.dtype} of shape {member.shape}"
    raise StudyError("wrong-type", message, f"{path}: {SETTINGS}", "save the text of json.dumps")


def _text(place: str, content: bytes) -> str:
    """Decode UTF-8 and remove a byte order mark; raises StudyError for another encoding."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"the settings are not UTF-8 text: byte {error.start + 1} is {content[error.start]:#04x}"
        raise StudyError("not-text", message, place, 'save the file with encoding="utf-8"') from None


def _read(place: str, text: str) -> dict[str, Any]:
    """Return the mapping in a JSON text; raises StudyError for invalid JSON."""
    try:
        head = json.loads(text, object_pairs_hook=_without_duplicates, parse_int=_whole)
    except json.JSONDecodeError as error:
        where = f"{place}:{error.lineno}:{error.colno}"
        raise StudyError("invalid-json", f"invalid JSON: {error.msg}", where, EXAMPLE) from None
    except _DuplicateKeyError as error:
        raise StudyError("duplicate-key", f"duplicate key '{error}'", place, "each key once") from None
    except ValueError:  # a whole number that no float reaches
        raise StudyError("invalid-json", "invalid JSON: a number is too long", place, EXAMPLE) from None
    except RecursionError:
        raise StudyError("nesting-too-deep", "the settings are nested too deeply", place, EXAMPLE) from None
    if not isinstance(head, dict):
        raise StudyError("wrong-type", f"expected a mapping, found {_quoted(head)}", place, EXAMPLE)
    return head


def _whole(text: str) -> int:
    """Return a whole number; raises ValueError if it is too large for a float."""
    number = int(text)
    if abs(number) > sys.float_info.max:
        raise ValueError
    return number


def _without_duplicates(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return the pairs as a mapping; raises _DuplicateKeyError for the first duplicate key."""
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        names = [name for name, _ in pairs]
        raise _DuplicateKeyError(next(name for name in names if names.count(name) > 1))
    return mapping


def _refuse_other_settings(path: Path, separate: Path, head: Mapping[str, Any]) -> None:
    """Raise StudyError if the separate file contains other settings; a file without settings is ignored."""
    try:
        other = _read(str(separate), _text(str(separate), disk.read_regular(separate)))
    except StudyError:
        return
    if "network" in other and other != head:
        message = f"the settings in the archive and in {separate.name} differ"
        hint = f"remove {separate.name}, or the member {SETTINGS!r} of the archive"
        raise StudyError("conflicting-settings", message, str(path), hint)


def mapping_of(place: str, head: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the mapping under a key of the settings, empty if absent; raises StudyError if it is not a mapping."""
    value = head.get(name, {})
    if not isinstance(value, dict):
        raise key_error(
            "wrong-type", place, name, f"expected a mapping, found {_quoted(value)}", f'such as "{name}": {{...}}'
        )
    return value


def key_error(code: str, place: str, key: str, message: str, hint: str) -> StudyError:
    """Return the error for a key of the settings; its place is the file and the key."""
    return StudyError(code, message, f"{place}: {key}", hint)


def refuse_unknown(place: str, mapping: Mapping[str, Any], known: Sequence[str], prefix: str = "") -> None:
    """Raise StudyError for the first unknown key; prefix: path of the mapping with a final dot, such as "facts."."""
    for name in mapping:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"one of {', '.join(known)}"
            raise key_error("unknown-key", place, f"{prefix}{name}", f"unknown key '{name}'", hint)


def seed_of(place: str, head: Mapping[str, Any], number: int) -> int:
    """Return the seed of the record, `number` if it has none; raises StudyError if it is not a whole number."""
    seed = head.get("seed", number)
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise key_error("wrong-type", place, "seed", f"expected a whole number, found {_quoted(seed)}", "such as 0")
    return seed


def variant_of(place: str, head: Mapping[str, Any]) -> str:
    """Return the name of the variant; raises StudyError unless it is one line of text."""
    variant = head.get(VARIANT, VARIANT)
    if not isinstance(variant, str) or not variant.strip() or not variant.isprintable():
        message = f"{_quoted(variant)} is not a name"
        raise key_error("invalid-name", place, VARIANT, message, 'one line of text, such as "wide"')
    return variant


def status_of(place: str, head: Mapping[str, Any], nonfinite: str) -> str:
    """Return the status of the run; raises StudyError if it is unknown, or "ok" despite values that are not finite.

    nonfinite: description of a value that is not finite; empty if all are finite.
    """
    status = head.get("status", "diverged" if nonfinite else "ok")
    if status not in STATUSES:
        message = f"unknown status {_quoted(status)}"
        raise key_error("unknown-value", place, "status", message, f"one of {', '.join(STATUSES)}")
    if status == "ok" and nonfinite:
        raise key_error("inconsistent-record", place, "status", f"the status is ok, but {nonfinite}", "diverged")
    return str(status)


def facts_of(place: str, head: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts, with counts as int; facts that are null or NaN are unknown and omitted.

    Raises StudyError for an unknown fact, an impossible value, or a missing number of classes.
    """
    values = mapping_of(place, head, "facts")
    refuse_unknown(place, values, tuple(FACTS), "facts.")
    if _is_unknown(values.get("classes")):
        raise key_error("missing-key", place, "facts.classes", "the number of classes is missing", "such as 10")
    facts = {name: value for name, value in values.items() if not _is_unknown(value)}
    for name, value in facts.items():
        fits, right = FACTS[name]
        if not fits(value):
            raise _value_error(place, f"facts.{name}", value, right)
    integers = {name: int(value) for name, value in facts.items() if FACTS[name] in (POSITIVE_COUNT, COUNT)}
    _check_counts(place, facts)
    return facts | integers


def _check_counts(place: str, facts: Mapping[str, Any]) -> None:
    """Raise StudyError if lists by class contradict the number of classes or of examples."""
    for name, size in (("class_counts", "train_n"), ("val_class_counts", "val_n"), ("class_labels", None)):
        values, classes = facts.get(name), facts["classes"]
        if values is None:
            continue
        if len(values) != classes:
            message = f"{len(values)} values, but facts.classes is {classes}"
            raise key_error("inconsistent-record", place, f"facts.{name}", message, "one value per class")
        if size is not None and facts.get(size, sum(values)) != sum(values):
            message = f"the counts add up to {sum(values)}, but facts.{size} is {facts[size]}"
            raise key_error("inconsistent-record", place, f"facts.{name}", message, "the number of examples per class")


def final_of(place: str, head: Mapping[str, Any]) -> dict[str, float]:
    """Return the final scores; scores that are null or NaN are unknown and omitted.

    Raises StudyError for an unknown score or an impossible value.
    """
    final = mapping_of(place, head, "final")
    refuse_unknown(place, final, SCORES, "final.")
    known = {name: value for name, value in final.items() if not _is_unknown(value)}
    for name, value in known.items():
        fits, right = FRACTION if METRICS[name].is_accuracy else NONNEGATIVE
        if not fits(value) and not (METRICS[name].infinite and value == math.inf):
            raise _value_error(place, f"final.{name}", value, right)
    return {name: float(value) for name, value in known.items()}


def _value_error(place: str, key: str, value: Any, hint: str) -> StudyError:
    wrong = isinstance(value, (str, bool, dict)) or isinstance(value, list) != (key in LIST_FACTS)
    message = f"invalid value {_quoted(value)}"
    return key_error("wrong-type" if wrong else "out-of-range", place, key, message, hint)


def _is_unknown(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _quoted(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
