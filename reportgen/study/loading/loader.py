"""Loads and checks a study file. Every error names the file, line, column and path of its cause."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from reportgen.data import shape
from reportgen.errors import MissingError, PluginError, StudyError
from reportgen.paths import RESULTS, STUDY
from reportgen.plugins.loading import load_file, load_installed
from reportgen.registry import Component
from reportgen.study.checks.claims import check_claims
from reportgen.study.checks.ensembles import check_ensembles, check_snapshots
from reportgen.study.checks.searched import check_searches, check_trials, most_runs, read_point_search
from reportgen.study.loading.elsewhere import path_ending
from reportgen.study.loading.messages import study_error
from reportgen.study.loading.overrides import with_value
from reportgen.study.model.data_settings import Data
from reportgen.study.model.settings import VARIED, Settings
from reportgen.study.model.study import Study, StudyFile
from reportgen.study.planning.plan import Plan, data_spec, make_plan
from reportgen.study.planning.variants import Point, points
from reportgen.study.syntax.yaml12 import CONTROL, Document, Path, read

WATERMARK = "watermark"
"""An override that a study file cannot contain: text that marks the report as not citable."""

SEARCH_SIZES = ("search.samples", "search.stages")

MOST_RUNS = 100_000


def load_study(
    path: str | FilePath,
    overrides: Mapping[str, Any] | None = None,
    flags: Mapping[str, str] | None = None,
    allow_code: bool = False,
) -> Plan:
    """Return the plan of the study in a file, with all its variants and claims checked.

    For a search, the plan contains the trials of the first stage.

    Parameters
    ----------
    overrides : values by dotted path, which replace those of the file.
    flags : the command-line flag that set an override, by its path, for error messages; the default is --set.
    allow_code : load the plug-ins that the study names, which can do anything that the user can do.

    Raises
    ------
    StudyError : the file, an override, a variant or a claim is invalid.
    PluginError : a plug-in, installed or named by the study, cannot be loaded.
    """
    load_installed()
    path = FilePath(path)
    raw = _bytes(path)
    document = read(_text(raw, str(path)), str(path))
    if not isinstance(document.value, dict):
        kind = "a list" if isinstance(document.value, list) else "a single value"
        message = f"expected a mapping (key: value), found {kind}"
        raise StudyError("wrong-type", message, document.where(()), "start with title: ...")
    changes = dict(overrides or {})
    watermark = changes.pop(WATERMARK, None)
    origin = _Origin(document, changes, flags or {})
    tree = origin.tree()
    _load_plugins(tree.get("plugins"), path.resolve().parent, origin.where, allow_code)
    contents = origin.validate(tree)
    written = {name: tree[name] for name in VARIED if name in tree}
    all_points = origin.points(written, contents)
    study = Study.model_construct(
        **{name: getattr(contents, name) for name in StudyFile.model_fields},
        id=_id(path),
        sha256=hashlib.sha256(raw).hexdigest(),
        folder=path.resolve().parent,
        watermark=watermark,
        search_is_typed=any(path == "search" or path.startswith(SEARCH_SIZES) for path in changes),
        written=written,
        points=all_points,
        data_places=origin.check_variants(all_points, contents.seeds, path.resolve().parent),
    )
    plan = make_plan(study, projected=True)
    check_searches(plan, origin.where)
    check_ensembles(plan, origin.where)
    check_snapshots(plan, origin.where)
    check_claims(plan, origin.where)
    return make_plan(study) if any(point.search for point in all_points) else plan


def _load_plugins(names: Any, folder: FilePath, where: Callable[[Path], str], allow_code: bool) -> None:
    """Load the plug-ins that a study names; the model rejects anything but a list of paths."""
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return
    for index, name in enumerate(names):
        place = where(("plugins", index))
        if not allow_code:
            message = f"the study loads code from {name!r}"
            raise StudyError("code-not-allowed", message, place, "add --allow-code if you trust the study")
        try:
            load_file(folder / FilePath(name).expanduser())
        except PluginError as error:
            raise error.named_at(place) from error


class _Origin:
    """The origin of each value of a study: the file or an override."""

    def __init__(self, document: Document, overrides: Mapping[str, Any], flags: Mapping[str, str]) -> None:
        self.document, self.overrides, self._flags = document, overrides, flags

    def tree(self) -> dict[str, Any]:
        """Return the file's tree with the overrides set."""
        tree: dict[str, Any] = self.document.value
        for path, value in self.overrides.items():
            try:
                tree = with_value(tree, path, value)
            except KeyError:
                message = f"unknown setting {path!r}"
                hint = "use a dotted path of the study, such as training.lr"
                raise StudyError("unknown-setting", message, self._flag(path), hint) from None
        return tree

    def where(self, path: Path, key: bool = False) -> str:
        """Return the place of a path: the override that set it, or its file, line and column."""
        text = ".".join(str(part) for part in path)
        for override in self.overrides:
            if (
                text == override
                or text.startswith(f"{override}.")
                or (override.startswith(f"{text}.") and not self._in_file(path))
            ):
                return self._flag(override) if text == override else f"{self._flag(override)}: {text}"
        return self.document.where(path, key)

    def _flag(self, path: str) -> str:
        return self._flags.get(path, f"--set {path}")

    def _in_file(self, path: Path) -> bool:
        return path in self.document.values

    def validate(self, tree: dict[str, Any]) -> StudyFile:
        """Return the file's contents; raises a StudyError for its first error."""
        try:
            return StudyFile.model_validate(tree)
        except ValidationError as error:
            raise study_error(error, tree, self.where) from None

    def points(self, written: dict[str, Any], contents: StudyFile) -> tuple[Point, ...]:
        """Return the variants and searches; raises a StudyError if `vary` or `variants` is invalid."""
        try:
            return tuple(points(written, contents.vary, contents.variants))
        except PydanticCustomError as error:
            context = dict(error.context or {})
            path, key = tuple(context["path"]), bool(context["key"])
            hint = (context["code"] == "unknown-setting" and path_ending(str(path[-1]))) or context["hint"]
            raise StudyError(context["code"], context["text"], self.where(path, key), hint or None) from None

    def check_variants(
        self, all_points: Sequence[Point], seeds: Sequence[int], folder: FilePath
    ) -> dict[Component, str]:
        """Return the place that names each data set.

        Raises
        ------
        StudyError : a variant has an invalid value, conflicting settings or unusable data.
        """
        searches = [read_point_search(point, partial(self._where_of, point)) for point in all_points]
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
            settings = self._settings(point)
            if search is not None:
                check_trials(search, point, seeds, partial(self._where_of, point))
            if (settings.data, settings.preprocess) not in checked:
                checked.append((settings.data, settings.preprocess))
                place = self._check_data(point, settings, folder)
                places.setdefault(settings.data.source, place)
        return places

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
        data = data_spec(settings.data)
        named: Path = ("data", "path") if data.source.get("path") else ("data",)
        part: Path
        for steps, part in (((), ("data",)), (settings.preprocess, ("preprocess",))):
            try:
                shape(data, steps, folder)
            except MissingError:  # `run` reports data that are missing on this machine
                break
            except StudyError as error:
                part = ("data", error.setting) if error.setting else named if error.where else part
                raise error.named_at(self._where_of(point, part)) from None
        return self._where_of(point, named)


def _choice_for(point: Point, path: Path) -> Any:
    """Return the choice that set the value at the path, or one below or above it."""
    text = ".".join(str(part) for part in path)
    for choice in reversed(point.choices):
        if text == choice.path or text.startswith(f"{choice.path}."):
            return choice
    return next((c for c in reversed(point.choices) if c.path.startswith(f"{text}.")), None)


def _bytes(path: FilePath) -> bytes:
    try:
        if path.is_dir():
            raise StudyError("not-a-file", "the path is a folder", str(path), "name a .yaml file inside it")
        if path.exists() and not path.is_file():  # such as a pipe, which may never end
            raise StudyError("not-a-file", "the path is not a regular file", str(path), "save the study as a file")
        return path.read_bytes()
    except FileNotFoundError:
        raise StudyError("file-not-found", "the file does not exist", str(path)) from None
    except OSError as error:
        raise StudyError("unreadable-file", f"cannot read the file: {error.strerror or error}", str(path)) from None


def _text(raw: bytes, name: str) -> str:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise StudyError("not-text", "the file is not UTF-8 text", f"{name}:{line}:1", "save it as UTF-8") from None
    strange = CONTROL.search(text)
    if strange:
        line = text[: strange.start()].count("\n") + 1
        column = strange.start() - text.rfind("\n", 0, strange.start())
        message = f"the file contains the control character {strange.group()!r}"
        raise StudyError("control-character", message, f"{name}:{line}:{column}", "remove it")
    return text


def _id(path: FilePath) -> str:
    """Return the file's stem, or its report's name, as an id: lower-case letters, digits, hyphens and underscores."""
    name = path.resolve().parent.name if in_report(path) else path.stem
    plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore")
    return re.sub(r"[^a-z0-9_-]+", "-", plain.decode()).strip("-") or "study"


def in_report(path: FilePath) -> bool:
    """Return whether the file is the copy of a study inside a report folder."""
    return path.name == STUDY and path.with_name(RESULTS).is_file()


def dump_study(study: Study, folder: FilePath | None = None) -> str:
    """Return the study as YAML with all overrides and defaults; loading the text gives the same plan.

    Parameters
    ----------
    folder : the folder of the new file, if it differs from the study's; paths of data become relative to it.
    """
    from reportgen.study.loading.dump import text_of

    return text_of(study, folder)
