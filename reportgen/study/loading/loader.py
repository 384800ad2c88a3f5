"""Loads and checks a study file. Every error names the file, line, column and path of its cause."""

from __future__ import annotations

import errno
import hashlib
import re
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path as FilePath
from typing import Any

from reportgen import disk
from reportgen.errors import PluginError, StudyError
from reportgen.paths import RESULTS, STUDY
from reportgen.plugins.loading import load_file, load_installed, use_files
from reportgen.registry import Component, Plugin
from reportgen.study.checks.answer import check_answer
from reportgen.study.checks.claims import check_claims
from reportgen.study.checks.ensembles import check_ensembles, check_snapshots
from reportgen.study.checks.searched import check_searches
from reportgen.study.errors import StudyErrors
from reportgen.study.loading.blanks import blank_error, blank_places
from reportgen.study.loading.origin import Origin
from reportgen.study.model.settings import VARIABLE, VARIED
from reportgen.study.model.study import Study, StudyFile
from reportgen.study.planning.plan import Plan, first_stages, make_plan
from reportgen.study.planning.reader import SettingsReader
from reportgen.study.planning.variants import Point
from reportgen.study.syntax.yaml12 import CONTROL, MOST_BYTES, Path, read

WATERMARK = "watermark"
"""An override that a study file cannot contain: text that marks the report as not citable."""

Reduction = Callable[[Plan], Mapping[str, Any]]

PLANNED = (*VARIED, "vary", "variants", "seeds", "ensembles", "sanity")
"""The sections on which the runs, and so the checks of claims, depend."""

SEARCH_SIZES = ("search.samples", "search.stages")


def load_study(
    path: str | FilePath,
    overrides: Mapping[str, Any] | None = None,
    flags: Mapping[str, str] | None = None,
    allow_code: bool = False,
    reduce: Reduction | None = None,
) -> Plan:
    """Return the plan of the study in a file, with all its variants and claims checked.

    For a search, the plan contains the trials of the first stage.

    Parameters
    ----------
    overrides : values by dotted path, which replace those of the file.
    flags : the command-line flag that set an override, by its path, for error messages; the default is --set.
    allow_code : load the plug-ins that the study names, which can do anything that the user can do.
    reduce : from the plan to the overrides of a smaller version of it, which is then returned.

    Raises
    ------
    StudyError : the file, an override, a variant or a claim is invalid; further errors are in its `others`.
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
    origin = Origin(document, changes, flags or {})
    tree = origin.tree()
    plugin_files = _load_plugins(tree.get("plugins"), path.resolve().parent, origin.where, allow_code)
    errors = StudyErrors()
    blanks = blank_places(tree)
    if blanks:
        errors.add(blank_error(blanks, origin.where))
    contents, usable = origin.validate(tree, errors, blanks)
    written = _varied(usable)
    reader = SettingsReader(path.resolve().parent)
    if any(usable.get(name) != tree.get(name) for name in PLANNED):  # others would give claims other errors
        raise _with_variant_errors(origin, contents, written, reader, errors)
    all_points, data_places = _variants(origin, contents, written, reader, errors)
    study = Study.model_construct(
        **{name: getattr(contents, name) for name in StudyFile.model_fields},
        id=_id(path),
        sha256=hashlib.sha256(raw).hexdigest(),
        folder=path.resolve().parent,
        watermark=watermark,
        search_is_typed=any(path == "search" or path.startswith(SEARCH_SIZES) for path in changes),
        written=written,
        plugin_files=plugin_files,
        points=all_points,
        data_places=data_places,
    )
    plan = _checked_plan(study, origin, errors)
    return plan if reduce is None else _reduced_plan(study, origin, reduce(plan))


def _varied(tree: dict[str, Any]) -> dict[str, Any]:
    return {name: tree[name] for name in VARIED if name in tree}


def _with_variant_errors(
    origin: Origin, contents: StudyFile, written: dict[str, Any], reader: SettingsReader, errors: StudyErrors
) -> StudyError:
    """Return the errors so far with those of the variants that do not follow from them; there must be one."""
    found = StudyErrors()
    with found.collect():
        all_points = origin.points(written, contents, reader)
        origin.check_variants(all_points, contents.seeds, reader.folder or FilePath(), found)
    for error in found.found:
        error.others = ()
        if not origin.follows(error):
            errors.add(error)
    return errors.first()


def _variants(
    origin: Origin, contents: StudyFile, written: dict[str, Any], reader: SettingsReader, errors: StudyErrors
) -> tuple[tuple[Point, ...], dict[Component, str]]:
    """Return the variants and the place that names each data set; raises a StudyError for all errors so far."""
    known = len(errors.found)
    found: tuple[Point, ...] = ()
    places: dict[Component, str] = {}
    with errors.collect():
        found = origin.points(written, contents, reader)
        places = origin.check_variants(found, contents.seeds, reader.folder or FilePath(), errors)
    if len(errors.found) > known:
        errors.raise_all()
    return found, places


def _checked_plan(study: Study, origin: Origin, errors: StudyErrors) -> Plan:
    """Return the plan of a study; raises a StudyError if the runs do not have what its searches and claims need."""
    plan = make_plan(study, projected=True)
    for check in (check_searches, check_ensembles, check_snapshots):
        with errors.collect():
            check(plan, origin.where)
    check_claims(plan, origin.where_claims, errors)
    if origin.has_all_claims:  # an answer may name a claim that was left out
        check_answer(plan, origin.where, errors)
    errors.raise_all()
    return first_stages(plan)


def _reduced_plan(study: Study, origin: Origin, small: Mapping[str, Any]) -> Plan:
    """Return the plan of a smaller version of a validated study; only the sections that change are validated again.

    small : settings by dotted path, `seeds`, `ensembles` and the watermark.
    """
    changes = {path: value for path, value in small.items() if path != WATERMARK}
    changed = Origin(
        origin.document, {**origin.overrides, **changes}, {**origin.flags, **dict.fromkeys(changes, "--quick")}
    )
    reader, errors = study.points[0].reader, StudyErrors()
    written = _varied(changed.tree())
    settings = changed.settings(written, reader)
    seeds = tuple(small.get("seeds", study.seeds))
    reduced = study.model_copy(update={"seeds": seeds})
    all_points, data_places = _variants(changed, reduced, written, reader, errors)
    update = {
        **{name: getattr(settings, name) for name in VARIABLE},
        "seeds": seeds,
        "ensembles": small.get("ensembles", study.ensembles),
        "watermark": small[WATERMARK],
        "written": written,
        "points": all_points,
        "data_places": data_places,
    }
    return _checked_plan(study.model_copy(update=update), changed, errors)


def _load_plugins(names: Any, folder: FilePath, where: Callable[[Path], str], allow_code: bool) -> tuple[Plugin, ...]:
    """Load the plug-ins that a study names, and no others; the model refuses anything but a list of paths."""
    use_files(())
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return ()
    loaded = []
    for index, name in enumerate(names):
        place = where(("plugins", index))
        if not allow_code:
            message = f"the study loads code from {name!r}"
            raise StudyError("code-not-allowed", message, place, "add --allow-code if you trust the study")
        try:
            loaded.append(load_file(folder / FilePath(name).expanduser()))
        except PluginError as error:
            raise error.named_at(place) from error
    return tuple(dict.fromkeys(loaded))


def _bytes(path: FilePath) -> bytes:
    try:
        if path.is_dir():
            raise StudyError("not-a-file", "the path is a folder", str(path), "name a .yaml file inside it")
        if path.exists() and not path.is_file():  # such as a pipe, which may never end
            raise StudyError("not-a-file", "the path is not a regular file", str(path), "save the study as a file")
        return disk.read_regular(path, MOST_BYTES)
    except FileNotFoundError:
        raise StudyError("file-not-found", "the file does not exist", str(path)) from None
    except OSError as error:
        if error.errno == errno.EFBIG:
            raise StudyError("too-large", "the file is too large", str(path), f"at most {MOST_BYTES} bytes") from None
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


def is_study_id(text: str) -> bool:
    """Return whether a text has the form of the id of a study, and can so be the name of its folder."""
    return re.fullmatch(r"[a-z0-9_-]{1,255}", text) is not None


def in_report(path: FilePath) -> bool:
    """Return whether the file is the copy of a study inside a report folder."""
    return path.name == STUDY and path.with_name(RESULTS).is_file()


def dump_study(study: Study, folder: FilePath | None = None, copies: Mapping[FilePath, str] | None = None) -> str:
    """Return the study as YAML with all overrides and defaults; loading the text gives the same plan.

    Parameters
    ----------
    folder : the folder of the new file, if it differs from the study's; paths of data become relative to it.
    copies : names, relative to `folder`, of copies of data files, by the path of the original.
    """
    from reportgen.study.loading.dump import text_of

    return text_of(study, folder, copies)
