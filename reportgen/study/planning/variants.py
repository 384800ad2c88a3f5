"""Variants of a study: the combinations of `vary` and `variants`, with their labels and settings."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from reportgen.study.loading.overrides import FORMS, dotted, indexed_hint, with_value, with_values
from reportgen.study.model.components import ID_PATTERN, problem, shown
from reportgen.study.model.search import Search, read_search
from reportgen.study.model.settings import SECTIONS, VARIABLE, VARIED, Settings
from reportgen.study.planning.layer_words import LAYER_PATH, layers_in_words
from reportgen.study.planning.reader import SettingsReader

MOST_VARIANTS = 10_000
BASELINE = "baseline"
"""The label of the only variant of a study without `vary` and `variants`."""


@dataclass(frozen=True)
class Choice:
    """A value of a varied path.

    Attributes
    ----------
    place : its place in the file.
    id : words of the variant's id in place of the label, empty if the label gives them.
    """

    path: str
    value: Any
    label: str
    place: tuple[str | int, ...]
    id: str = ""

    @property
    def key(self) -> tuple[str | int, ...]:
        """The place of the path in the file."""
        return self.place[:2] if self.place[0] == "vary" else self.place


@dataclass(frozen=True)
class Point:
    """One variant of a study, or one search.

    Attributes
    ----------
    choices : the varied values.
    written : the variant's settings as a study file gives them; changes of settings start from these.
    reader : validates the settings and their changes.
    """

    label: str
    id: str
    choices: tuple[Choice, ...]
    written: dict[str, Any]
    reader: SettingsReader = field(compare=False, repr=False)

    @cached_property
    def settings(self) -> Settings:
        """The validated settings; raises pydantic's ValidationError if they are invalid."""
        return self.reader.read(self.written)

    @cached_property
    def search(self) -> Search | None:
        """The search, None if there is none; raises a validation error if it is invalid."""
        return read_search(self.written.get("search"))

    def changed(self, changes: Mapping[str, Any]) -> Settings:
        """Return the settings with each dotted path set.

        Raises
        ------
        KeyError : a path continues into a value that has no keys.
        ValidationError : the changed settings are invalid.
        """
        return self.reader.read(with_values(self.written, changes))


def points(
    written: dict[str, Any], vary: dict[str, list[Any]], variants: dict[str, dict[str, Any]], reader: SettingsReader
) -> list[Point]:
    """Return every variant: all combinations of `vary`, for each entry of `variants` if there are any.

    Labels and ids are unique. Raises a validation error if `vary` or `variants` is invalid.
    """
    _check_overlap(vary, variants)
    axes = [axis_of(path, values) for path, values in vary.items()]
    named: list[tuple[str, str, tuple[Choice, ...]]]
    named = [(label, id_of(label, changes), choices_of(label, changes)) for label, changes in variants.items()]
    _check_ids([(label, own_id, ("variants", label)) for label, own_id, _ in named])
    named = named or [("", "", ())]
    grids = [(entry, grid) for entry in named for grid in itertools.islice(itertools.product(*axes), MOST_VARIANTS + 1)]
    combinations = grids[: MOST_VARIANTS + 1]
    if len(combinations) > MOST_VARIANTS:
        raise problem("too-many", f"more than {MOST_VARIANTS} variants", "vary fewer values", ("vary",), key=True)
    labels: set[str] = set()
    ids: set[str] = set()
    variant_points = []
    for (name, own_id, changes), grid in combinations:
        label = ", ".join(filter(None, [name, *(choice.label for choice in grid)])) or BASELINE
        words = ", ".join(filter(None, [own_id or name, *(choice.id or choice.label for choice in grid)])) or BASELINE
        choices = (*changes, *grid)
        if label in labels:
            message = f"duplicate variant label {label!r}"
            raise problem("duplicate-value", message, "give each value its own label", choices[-1].place)
        labels.add(label)
        variant_points.append(Point(label, _unique(slug(words), ids), choices, _changed(written, choices), reader))
    return variant_points


def _changed(written: dict[str, Any], choices: tuple[Choice, ...]) -> dict[str, Any]:
    for choice in choices:
        try:
            written = with_value(written, choice.path, choice.value)
        except KeyError:
            hint = indexed_hint(written, choice.path)
            raise problem("unknown-setting", f"unknown setting {choice.path!r}", hint, choice.key, key=True) from None
    return written


def _check_overlap(vary: dict[str, list[Any]], variants: dict[str, dict[str, Any]]) -> None:
    """Reject a choice that would silently overwrite an earlier one."""
    for label, changes in variants.items() or {"": {}}.items():
        places = [(path, ("variants", label, path)) for path in changes] + [(path, ("vary", path)) for path in vary]
        for (first, _), (second, place) in itertools.combinations(places, 2):
            if first == second:
                message = f"both variants and vary set {second}"
                raise problem("overlapping-settings", message, "keep one of them", place, key=True)
            if f"{first}.".startswith(f"{FORMS.get(second)}."):
                message = f"{second} would replace {first}"
                raise problem("overlapping-settings", message, "keep one of them", place, key=True)
            if first.startswith(f"{second}."):
                message = f"{second} would overwrite {first}"
                raise problem("overlapping-settings", message, f"put {second} before {first}", place, key=True)


def axis_of(path: str, values: list[Any]) -> list[Choice]:
    place: tuple[str | int, ...] = ("vary", path)
    _check_path(path, place)
    if not values:
        raise problem(
            "empty-value", "the list of values is empty", "give at least one value, or remove the path", place
        )
    stripped = [_split_names(value, (*place, index)) for index, value in enumerate(values)]
    names = [_name(value) for value, _label, _id in stripped]
    choices = []
    for index, (value, label, own_id) in enumerate(stripped):
        own = label or automatic_label(path, value, names.count(names[index]) > 1)
        choices.append(Choice(path, value, own, (*place, index), own_id))
    for index, choice in enumerate(choices):
        if any(choice.label == earlier.label or _equal(choice.value, earlier.value) for earlier in choices[:index]):
            message = f"duplicate value {choice.label!r}"
            raise problem("duplicate-value", message, "list each value once", choice.place)
    _check_ids([(choice.label, choice.id, choice.place) for choice in choices])
    return choices


def _check_ids(names: list[tuple[str, str, tuple[str | int, ...]]]) -> None:
    """Reject an id that is another's id or label, so that a claim with `variant` selects one of them.

    names : the label, the `id`, empty if there is none, and the place of each named variant, or each value of a path.
    """
    taken = Counter(name for label, own_id, _ in names for name in {own_id or slug(label), label})
    for _, own_id, place in reversed(names):
        if own_id and taken[own_id] > 1:
            message = f"the id {own_id!r} is the id or label of another one"
            raise problem("duplicate-value", message, "choose an id that nothing else has", (*place, "id"))


def _equal(a: Any, b: Any) -> bool:
    return bool(a == b) and isinstance(a, bool) == isinstance(b, bool)


def id_of(label: str, changes: Mapping[str, Any]) -> str:
    """Return the `id` of a named variant, empty if it has none."""
    return _own_id(changes, ("variants", label))


def choices_of(label: str, changes: Mapping[str, Any]) -> tuple[Choice, ...]:
    """Return the values that a named variant sets."""
    if not label.strip():
        raise problem(
            "empty-value", "a variant needs a name", "write it before the colon", ("variants", label), key=True
        )
    choices = []
    for path, entry in changes.items():
        if path == "id":
            continue
        _check_path(path, ("variants", label, path))
        place = ("variants", label, path)
        value, own, own_id = _split_names(entry, place)
        if own_id:
            message = "a value of a named variant has no id"
            raise problem("inapplicable-key", message, "give the id to the variant", (*place, "id"), key=True)
        choices.append(Choice(path, value, own or automatic_label(path, value, False), place))
    return tuple(choices)


def _check_path(path: str, place: tuple[str | int, ...]) -> None:
    if path.split(".")[0] not in VARIED or not all(path.split(".")) or path in SECTIONS:
        hint = f"use a dotted path in {', '.join(VARIABLE)}, such as training.lr"
        raise problem("unknown-setting", f"cannot vary {path!r}", hint, place, key=True)
    if dotted(path) != path:
        raise problem("unknown-setting", f"unknown setting {path!r}", f"write {dotted(path)}", place, key=True)


def _split_names(value: Any, place: tuple[str | int, ...]) -> tuple[Any, str, str]:
    """Return a value, its `label` and its `id`, empty if there is none.

    {value: v, label: l} gives a value other than a component a label.
    """
    if not isinstance(value, dict) or not {"label", "id"} & value.keys():
        return value, "", ""
    label, own_id = _text(value["label"], "label", place) if "label" in value else "", _own_id(value, place)
    rest = {key: item for key, item in value.items() if key not in ("label", "id")}
    return (rest["value"] if set(rest) == {"value"} else rest), label, own_id


def _text(text: Any, key: str, place: tuple[str | int, ...]) -> str:
    """Return a label or an id; raises a validation error for anything but a text or a number."""
    wrong = text is None or isinstance(text, (list, dict))
    if wrong or not str(text).strip():
        message = f"expected a text for the {key}, found {shown(text)}"
        raise problem("wrong-type" if wrong else "empty-value", message, "such as small", (*place, key))
    return str(text)


def _own_id(named: Mapping[str, Any], place: tuple[str | int, ...]) -> str:
    """Return the `id` of a named variant or a value, empty if it has none; raises a validation error."""
    if "id" not in named:
        return ""
    own_id = _text(named["id"], "id", place)
    if not re.fullmatch(ID_PATTERN, own_id):
        hint = "use lower-case letters, digits and single hyphens"
        raise problem("invalid-id", f"invalid id {shown(named['id'])}", hint, (*place, "id"))
    return own_id


def _name(value: Any) -> str:
    return str(value.get("name", value)) if isinstance(value, dict) else str(value)


def automatic_label(path: str, value: Any, spelled_out: bool) -> str:
    """Return a label for a value: a component's name, with its parameters where the name alone is not unique."""
    word = "preprocessing" if path == "preprocess" else path.split(".")[-1].replace("_", " ")
    if LAYER_PATH.fullmatch(path) and (text := layers_in_words(value)) is not None:
        return text
    if path == "preprocess" and isinstance(value, list) and value:
        return _short(value)
    if isinstance(value, dict) and "name" in value:
        rest = ", ".join(f"{key} {_short(item)}" for key, item in value.items() if key != "name")
        return f"{value['name']} ({rest})" if spelled_out and rest else str(value["name"])
    if isinstance(value, bool):
        return f"with {word}" if value else f"without {word}"
    if value in (None, "none", []):
        return f"no {word}"
    if isinstance(value, str):
        return value
    return f"{word} {_short(value)}"


def _short(value: Any) -> str:
    if isinstance(value, list):
        nameless = any(isinstance(item, dict) and "name" not in item for item in value)
        return (", ".join(map(_short, value)) if nameless else "-".join(map(_name, value))) or "none"
    if isinstance(value, dict):
        return " ".join(f"{key} {_short(item)}" for key, item in value.items())
    return shown(value).strip("'")


def slug(text: str) -> str:
    """Return the text in lower-case ASCII letters, digits and hyphens; never empty."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    plain = re.sub(r"(?<=\d)\.(?=\d)", "p", plain)
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:80] or "variant"


def _unique(wanted: str, taken: set[str]) -> str:
    chosen = next(
        name for name in itertools.chain([wanted], (f"{wanted}-{k}" for k in itertools.count(2))) if name not in taken
    )
    taken.add(chosen)
    return chosen
