"""The origin of each value of a study, which its errors name: the file or an override."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from reportgen.data import shape
from reportgen.errors import MissingError, StudyError
from reportgen.registry import Component
from reportgen.study.checks.searched import check_trials, most_runs, read_point_search
from reportgen.study.errors import StudyErrors
from reportgen.study.loading.elsewhere import path_ending
from reportgen.study.loading.messages import faulty_places, study_error, study_errors, unknown_keys
from reportgen.study.loading.overrides import AS_WRITTEN, indexed_hint, with_value, without
from reportgen.study.model.data_settings import Data
from reportgen.study.model.search import Search
from reportgen.study.model.settings import Settings
from reportgen.study.model.study import StudyFile
from reportgen.study.planning.reader import SettingsReader
from reportgen.study.planning.variants import Point, points
from reportgen.study.syntax.yaml12 import Document, Path

MOST_RUNS = 100_000

PLACEHOLDERS = {"title": "-", "question": "-", "data": "shapes", "network": {"hidden": [1]}}
"""Values of required keys that are missing or faulty, so that the rest of a study can be checked.

Networks on images and dense ones fit the data, of which nothing else is checked.
"""

CONSEQUENCES = {"conflicting-settings", "inapplicable-key", "overlapping-settings", "impossible-split"}
"""Codes of errors that several settings cause together, so that they may follow from the error of one."""


class Origin:
    """The origin of each value of a study: the file or an override.

    Attributes
    ----------
    document : the study file.
    overrides : values by dotted path, which replace those of the file.
    flags : the command-line flag that set an override, by its path, if it was not --set.
    removed : the dotted paths of values that are left out because of an error or a blank.
    """

    def __init__(self, document: Document, overrides: Mapping[str, Any], flags: Mapping[str, str]) -> None:
        self.document, self.overrides, self.flags = document, overrides, flags
        self.removed: list[str] = []
        self._claims: Sequence[int] | None = None

    def tree(self) -> dict[str, Any]:
        """Return the file's tree with the overrides set, without its answer if they replace the claims behind it."""
        texts = self.document.texts
        tree: dict[str, Any] = self.document.value
        tree = tree | {name: texts[name,] for name in AS_WRITTEN if (name,) in texts}
        for path, value in self.overrides.items():
            try:
                tree = with_value(tree, path, value)
            except KeyError:
                message = f"unknown setting {path!r}"
                hint = indexed_hint(tree, path) or "use a dotted path of the study, such as training.lr"
                raise StudyError("unknown-setting", message, self._flag(path), hint) from None
        sections = {path.partition(".")[0] for path in self.overrides}
        if "claims" in sections and "answer" not in sections:
            return {key: value for key, value in tree.items() if key != "answer"}
        return tree

    def where(self, path: Path, key: bool = False) -> str:
        """Return the place of a path: the override that set it, or its file, line and column.

        The place in a file names the overrides of values below the path, which may cause the error.
        """
        text = ".".join(str(part) for part in path)
        for override in self.overrides:
            if (
                text == override
                or text.startswith(f"{override}.")
                or (override.startswith(f"{text}.") and not self._in_file(path))
            ):
                return self._flag(override) if text == override else f"{self._flag(override)}: {text}"
        below = [self._flag(override) for override in self.overrides if text and override.startswith(f"{text}.")]
        return (
            f"{self.document.where(path, key)} (with {', '.join(below)})" if below else self.document.where(path, key)
        )

    def _flag(self, path: str) -> str:
        return self.flags.get(path, f"--set {path}")

    def _in_file(self, path: Path) -> bool:
        return path in self.document.values

    def validate(
        self, tree: dict[str, Any], errors: StudyErrors, blanks: Sequence[Path] = ()
    ) -> tuple[StudyFile, dict[str, Any]]:
        """Return the contents of the study, and the tree that they were read from.

        Blanks, unknown keys, faulty values and faulty claims are left out, and their errors are added to `errors`, so
        that the rest can be checked. Raises a StudyError for all errors if nothing is left to check.
        """
        tree, shortened = self._without(tree, set(map(_of_key, blanks))), {_of_key(path)[:-1] for path in blanks}
        while True:
            try:
                return StudyFile.model_validate(tree), tree
            except ValidationError as error:
                for one in study_errors(error, tree, self.where, shortened):
                    if not self.follows(one):
                        errors.add(one)
                unknown = unknown_keys(error, tree)
                places = faulty_places(error, tree)
                claims = {path[1] for path in places if path[:1] == ("claims",) and len(path) > 1}
                faulty = {_of_key(path) for path in places if path[:1] != ("claims",) or len(path) == 1}
                if unknown:
                    tree = without(tree, unknown)
                    shortened |= {path[:-1] for path in unknown}
                elif () in faulty:
                    tree = self._completed(tree, errors)
                elif faulty:
                    tree = self._without(tree, faulty)
                    shortened |= {path[:-1] for path in faulty}
                else:
                    tree = self._without_claims(tree, claims)

    def _without(self, tree: dict[str, Any], paths: Collection[Path]) -> dict[str, Any]:
        """Return the tree without the values at these paths, and remember the settings among them."""
        self.removed += [".".join(map(str, path)) for path in paths]
        return without(tree, [path for path in paths if not any(path[:n] in paths for n in range(len(path)))])

    def _completed(self, tree: dict[str, Any], errors: StudyErrors) -> dict[str, Any]:
        """Return the tree with a value for each missing key; raises a StudyError for all errors if none is missing."""
        missing = {name: value for name, value in PLACEHOLDERS.items() if name not in tree}
        if not missing:
            errors.raise_all()
        self.removed += missing
        return tree | missing

    def follows(self, error: StudyError) -> bool:
        """Return whether an error may follow from a value that was left out because of another error."""
        path = (error.where or "").rpartition(": ")[2].partition(" ")[0]
        return bool(self.removed) and (error.code in CONSEQUENCES or any(_overlap(path, one) for one in self.removed))

    def independent(self, choices: Mapping[str, Any]) -> dict[str, Any]:
        """Return the entries of `vary`, or of a variant, whose paths have nothing to do with a value left out."""
        return {path: value for path, value in choices.items() if not any(_overlap(path, one) for one in self.removed)}

    @property
    def has_all_claims(self) -> bool:
        """Whether the validated contents have all claims of the file."""
        return self._claims is None

    def _without_claims(self, tree: dict[str, Any], faulty: Collection[int | str]) -> dict[str, Any]:
        """Return the tree without claims; places of the others stay those in the file."""
        self._claims = [number for index, number in enumerate(self._numbers(tree)) if index not in faulty]
        return {**tree, "claims": [claim for index, claim in enumerate(tree["claims"]) if index not in faulty]}

    def _numbers(self, tree: Mapping[str, Any]) -> Sequence[int]:
        """Return the index in the file of each claim in the tree."""
        return range(len(tree["claims"])) if self._claims is None else self._claims

    def where_claims(self, path: Path, key: bool = False) -> str:
        """Return the place of a path of the validated contents, whose claims are those without errors."""
        if self._claims is None or path[:1] != ("claims",) or len(path) < 2:
            return self.where(path, key)
        return self.where(("claims", self._claims[int(path[1])], *path[2:]), key)

    def points(self, written: dict[str, Any], contents: StudyFile, reader: SettingsReader) -> tuple[Point, ...]:
        """Return the variants and searches; raises a StudyError if `vary` or `variants` is invalid, with all errors."""
        vary = self.independent(contents.vary)
        variants = {label: self.independent(changes) for label, changes in contents.variants.items()}
        parts: list[tuple[dict[str, Any], dict[str, Any]]] = [({path: values}, {}) for path, values in vary.items()]
        parts += [({}, {label: changes}) for label, changes in variants.items()]
        found = StudyErrors()
        try:
            return tuple(points(written, vary, variants, reader))
        except PydanticCustomError as error:
            found.add(self._point_error(error))
        for some_vary, some_variants in parts:
            try:
                points(written, some_vary, some_variants, reader)
            except PydanticCustomError as error:
                found.add(self._point_error(error))
        raise found.first()

    def _point_error(self, error: PydanticCustomError) -> StudyError:
        context = dict(error.context or {})
        path, key = tuple(context["path"]), bool(context["key"])
        hint = (context["code"] == "unknown-setting" and path_ending(str(path[-1]))) or context["hint"]
        return StudyError(context["code"], context["text"], self.where(path, key), hint or None)

    def check_variants(
        self, all_points: Sequence[Point], seeds: Sequence[int], folder: FilePath, errors: StudyErrors
    ) -> dict[Component, str]:
        """Return the place that names each data set.

        Adds an error for each variant with an invalid value, conflicting settings or unusable data. Raises a
        StudyError if searches are invalid or there are too many runs.
        """
        searches = self._searches(all_points)
        runs = sum(most_runs(search, len(seeds)) for search in searches)
        if runs > MOST_RUNS:
            trials = " with their trials" if any(searches) else ""
            variants = "1 variant" if len(all_points) == 1 else f"{len(all_points)} variants"
            message = f"{variants}{trials} and {len(seeds)} seeds make {runs} runs"
            place = self.where(("search",) if any(searches) else ("vary",), key=True)
            raise StudyError("too-many", message, place, f"at most {MOST_RUNS}")
        checked: list[tuple[Data, tuple[Component, ...]]] = []
        places: dict[Component, str] = {}
        for point, search in zip(all_points, searches, strict=True):
            with errors.collect():
                settings = self._settings(point)
                if search is not None:
                    check_trials(search, point, seeds, partial(self._where_of, point))
                if (settings.data, settings.preprocess) not in checked:
                    checked.append((settings.data, settings.preprocess))
                    place = self._check_data(point, settings, folder)
                    places.setdefault(settings.data.source, place)
        return places

    def _searches(self, all_points: Sequence[Point]) -> list[Search | None]:
        """Return the search of each variant, None for one without; raises a StudyError for all invalid ones."""
        searches: list[Search | None] = []
        errors = StudyErrors()
        for point in all_points:
            with errors.collect():
                searches.append(read_point_search(point, partial(self._where_of, point)))
        errors.raise_all()
        return searches

    def settings(self, written: dict[str, Any], reader: SettingsReader) -> Settings:
        """Return the settings that all variants start from; raises a StudyError for their first error."""
        try:
            return reader.read(written)
        except ValidationError as error:
            raise study_error(error, written, self.where) from None

    def _settings(self, point: Point) -> Settings:
        """Return the settings of a variant; raises a StudyError for their first error."""
        try:
            return point.settings
        except ValidationError as error:
            raise study_error(error, point.written, partial(self._where_of, point)) from None

    def _where_of(self, point: Point, path: Path, key: bool = False) -> str:
        """Return the place of a path in a variant's settings: the choice that set it, or the study's own setting."""
        choice = _choice_for(point, path)
        if choice is None:
            return f"{self.where(path, key)} (variant {point.label!r})" if point.choices else self.where(path, key)
        cut = next((n for n in range(len(path) + 1) if ".".join(map(str, path[:n])) == choice.path), len(path))
        beyond = path[cut:]
        return self.where(choice.key if key and not beyond else (*choice.place, *beyond), key)

    def _check_data(self, point: Point, settings: Settings, folder: FilePath) -> str:
        """Return the place that names the data; raises a StudyError if they or their preprocessing are unusable."""
        data = settings.data.spec
        if "data" in self.removed:
            return self._where_of(point, ("data",))
        named: Path = ("data", "path") if data.source.get("path") else ("data",)
        part: Path
        for steps, part in (((), ("data",)), (settings.preprocess, ("preprocess",))):
            try:
                shape(data, steps, folder)
            except MissingError:  # the data are not on this machine, which `run` will say
                break
            except StudyError as error:
                part = ("data", error.setting) if error.setting else named if error.where else part
                raise error.named_at(self._where_of(point, part)) from None
        return self._where_of(point, named)


def _of_key(path: Path) -> Path:
    """Return the path of the key that has the value at a path, or the list around it."""
    return next((path[:n] for n in range(len(path), 0, -1) if isinstance(path[n - 1], str)), ())


def _overlap(path: str, other: str) -> bool:
    """Return whether one of two dotted paths is the other one or lies below it."""
    return f"{path}.".startswith(f"{other}.") or f"{other}.".startswith(f"{path}.")


def _choice_for(point: Point, path: Path) -> Any:
    """Return the choice that set the value at the path, or one below or above it."""
    text = ".".join(str(part) for part in path)
    for choice in reversed(point.choices):
        if text == choice.path or text.startswith(f"{choice.path}."):
            return choice
    return next((c for c in reversed(point.choices) if c.path.startswith(f"{text}.")), None)
