"""Write an assignment: the folder for students, and the key for the lecturer."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reportgen import disk
from reportgen.analysis.words.foreign import refuse_undecodable
from reportgen.data import own_file
from reportgen.engine.spec import ENGINE_VERSION
from reportgen.errors import StoreError, StudyError, UsageError
from reportgen.languages.translate import _, in_language
from reportgen.report.publish.data_copies import DataCopies, choose_copies
from reportgen.report.publish.replacement import exclusive, recover
from reportgen.shipped import study_file
from reportgen.study.loading.blanks import BLANK
from reportgen.study.loading.dump import as_yaml, moved
from reportgen.study.loading.loader import load_study
from reportgen.study.loading.overrides import dotted, with_value
from reportgen.study.model.components import suggest
from reportgen.study.model.study import Study
from reportgen.study.syntax.yaml12 import read
from reportgen.teaching.instructions import README, instructions
from reportgen.teaching.key import Gap, Key, KeyClaim, Points, write_key
from reportgen.teaching.same_study import fingerprints_of, is_below, settings_of, test_of

WITHHELD = ("answer", "closing")
"""Parts of a study that may give the results away; the notes of claims may, too."""

NOT_HANDED_OUT = ("note", "required", "predict", "why")
"""Parts of a claim that are not handed out, or that the student writes."""


@dataclass(frozen=True)
class Assignment:
    """The files of an assignment: the study and the instructions for students, copies of the data, and the key."""

    study: Path
    readme: Path
    data: tuple[Path, ...]
    key: Path


def write_assignment(
    source: str | Path,
    folder: Path | None = None,
    key_path: Path | None = None,
    gaps: Sequence[str] = (),
    language: str | None = None,
) -> Assignment:
    """Write the folder of an assignment and its key.

    Parameters
    ----------
    source : a study file, or the name of a shipped study.
    folder : by default assignment-<id of the study>.
    key_path : the file of the key, outside of the folder; by default next to it.
    gaps : settings to leave blank, such as "training.lr" or "training.lr:learns,stable" with the ids of the claims
        that the setting has to support; by default all claims.
    language : code of the language of the instructions, the feedback and the reports; by default that of the study.

    Raises
    ------
    StudyError : the study is invalid, has no claims, or needs plug-ins or too much data.
    UsageError : a gap is no setting of the study, or a file already exists.
    StoreError : a file cannot be written.
    """
    refuse_undecodable(str(source), str(folder or ""), str(key_path or ""), *gaps)
    path = study_file(source)
    plan = load_study(path)
    study = plan.study
    _refuse_unsuitable(study, path)
    folder = folder or Path(f"assignment-{study.id}")
    key_path = key_path or folder.with_name(f"{folder.name}.key.yaml")
    chosen = [_gap(text, study) for text in gaps]
    key = _key(study, chosen, language or study.lang)
    copies = choose_copies(plan)
    if copies.left_out:
        raise StudyError("too-large", f"the data are too large for an assignment: {copies.left_out[0]}", str(path))
    written = Assignment(
        folder / f"{study.id}.yaml", folder / README, tuple(folder / name for name in copies.names.values()), key_path
    )
    for root in (folder, folder.parent):
        recover(root)
    _refuse_existing(written, folder)
    tree = _blanked(_tree(path), study, chosen) | ({} if key.lang == study.lang else {"lang": key.lang})
    grids = {name: tree.get(name) or {} for name in ("vary", "variants")}
    tree = moved(tree | grids, study.folder, folder.resolve(), copies.names)
    with in_language(key.lang):
        head = _("Replace every {blank}; {readme} says how.").format(blank=BLANK, readme=README)
    text = f"# {head}\n" + as_yaml({name: value for name, value in tree.items() if value != {}}, compact=True)
    files = {written.study.name: text, README: instructions(key, written.study.name)}
    _write_files(folder, files, copies, key_path, write_key(key))
    return written


def _write_files(folder: Path, files: Mapping[str, str], copies: DataCopies, key_path: Path, key: str) -> None:
    """Write the key and all files of the folder, or nothing; raises StoreError if a file cannot be written."""
    together = not os.path.lexists(folder) and key_path.parent.resolve() == folder.parent.resolve()
    root = folder.parent if together else folder
    disk.make_writable(root)
    disk.make_writable(key_path.parent)
    try:
        with disk.temporary_path(root / README) as staged, disk.temporary_path(key_path) as new_key:
            _stage(staged / folder.name if together else staged, files, copies)
            if together:
                disk.write_synced(staged / key_path.name, key.encode())
            else:
                disk.write_synced(new_key, key.encode())
                disk.move_to_new(new_key, key_path)
            try:
                with exclusive(root) as replacement:
                    replacement.replace(staged)
            except BaseException:
                disk.remove(key_path)
                raise
    except OSError as error:
        where = error.filename2 or error.filename or folder
        message = f"cannot write the assignment: {error.strerror or error}"
        raise StoreError("not-writable", message, str(where)) from error


def _stage(folder: Path, files: Mapping[str, str], copies: DataCopies) -> None:
    """Write the files for students into a temporary folder."""
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_bytes(text.encode())
    for original, name in copies.names.items():
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(original, folder / name)


def _tree(path: Path) -> dict[str, Any]:
    tree: dict[str, Any] = read(disk.read_text(path, "utf-8-sig"), str(path)).value
    return tree


def _refuse_unsuitable(study: Study, path: Path) -> None:
    if study.plugins:
        message = "the study needs plug-ins, and grading never runs code of students"
        raise StudyError("code-not-allowed", message, str(path), "choose a study without plugins")
    if not study.claims:
        raise StudyError("missing-key", "the study has no claims to predict", str(path), "add claims")
    specs = [point.settings.data.spec for point in study.points]
    if any(spec.source.get("path") and own_file(spec, study.folder) is None for spec in specs):
        message = "the data are in a folder that students do not have"
        raise StudyError("conflicting-settings", message, str(path), "remove path, so that the local cache is used")
    if not study.copy_data:
        message = "copy_data: false leaves out the data that students and grading need"
        raise StudyError("conflicting-settings", message, str(path), "remove copy_data")


def _gap(text: str, study: Study) -> Gap:
    """Return a gap from its argument; raises UsageError for a setting or a claim that does not exist."""
    setting, _colon, names = text.partition(":")
    setting, where = dotted(setting.strip()), f"--gap {text}"
    known = list(settings_of(study)[study.points[0].id])
    if not any(setting == path or setting.startswith(f"{path}.") for path in known) or setting.split(".")[0] == "data":
        open_to_choice = [path for path in known if not path.startswith("data")]
        hint = suggest(setting, open_to_choice, "a setting of preprocess, network, training, probes or evaluation")
        raise UsageError("unknown-setting", f"{setting!r} is no setting that can be left blank", where, hint)
    if any(is_below(choice.path, setting) for point in study.points for choice in point.choices):
        message = f"{setting} varies in the study, so that it cannot be left blank"
        raise UsageError("overlapping-settings", message, where, "choose a setting that all variants share")
    ids = [claim.id for claim in study.claims]
    claims = [name.strip() for name in names.split(",") if name.strip()] or ids
    for name in claims:
        if name not in ids:
            raise UsageError("unknown-name", f"unknown claim {name!r}", where, suggest(name, ids))
    return Gap(setting=setting, claims=claims)


def _key(study: Study, gaps: Sequence[Gap], language: str) -> Key:
    settings = settings_of(study)
    first = next(iter(settings.values()))
    common = {
        path: value
        for path, value in first.items()
        if all(path in own and own[path] == value for own in settings.values())
    }
    own = {
        name: {path: value for path, value in values.items() if path not in common} for name, values in settings.items()
    }
    claims = [KeyClaim(id=claim.id, says=claim.says, test=test_of(claim)) for claim in study.claims]
    return Key(
        format="reportgen-key",
        version=1,
        assignment=study.id,
        title=study.title,
        engine=ENGINE_VERSION,
        lang=language,
        seeds=len(study.seeds),
        points=Points(),
        claims=claims,
        gaps=list(gaps),
        data=fingerprints_of(study),
        common=common,
        variants=own,
    )


def _blanked(tree: dict[str, Any], study: Study, gaps: Sequence[Gap]) -> dict[str, Any]:
    """Return the study for students: with blanks, and without the parts that give results away."""
    kept = {name: value for name, value in tree.items() if name not in (*WITHHELD, "claims", "student", "seeds")}
    for gap in gaps:
        kept = with_value(kept, gap.setting, BLANK)
    claims = [
        {name: value for name, value in claim.items() if name not in NOT_HANDED_OUT} | {"predict": BLANK, "why": BLANK}
        for claim in tree["claims"]
    ]
    first = {name: kept.pop(name) for name in ("title", "question")}
    return first | {"student": BLANK} | kept | {"seeds": len(study.seeds), "claims": claims}


def _refuse_existing(written: Assignment, folder: Path) -> None:
    if written.key.resolve().is_relative_to(folder.resolve()):
        message = "the key would be in the folder that students get"
        raise UsageError("output-conflict", message, str(written.key), "choose another file with --key")
    for path in (written.study, written.readme, *written.data, written.key):
        if path.exists():
            raise UsageError("file-exists", "the file already exists", str(path), "choose another -o or --key")
