"""Dump of a study as YAML, with all defaults."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from reportgen.data.readers.files import locate
from reportgen.languages.translate import ENGLISH
from reportgen.study.model.components import plain, plain_value
from reportgen.study.model.ranges import OPTIONS
from reportgen.study.model.settings import SECTIONS, Settings
from reportgen.study.model.study import Study
from reportgen.study.planning.trials import searched_label
from reportgen.study.planning.variants import Choice, axis_of, choices_of
from reportgen.study.syntax.yaml12 import SCALARS


class _Dumper(yaml.SafeDumper):
    """PyYAML's dumper, which also quotes texts that are numbers only in YAML 1.2, such as 1e3."""

    def ignore_aliases(self, data: Any) -> bool:
        """Return True, because studies cannot contain aliases."""
        return True


for _tag, _pattern, _first in SCALARS:
    _Dumper.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^{_pattern}$"), _first)


class _BlockDumper(_Dumper):
    """A dumper that writes texts of several lines as blocks."""


_BlockDumper.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, "|" if "\n" in text else None),
)


def text_of(study: Study, folder: Path | None = None, copies: Mapping[Path, str] | None = None) -> str:
    """Return the study as YAML text; paths of data become relative to `folder`, if it is given, or name copies."""
    written = study_as_written(study)
    if folder is not None:
        written = moved(written, study.folder, folder.resolve(), copies or {})
    return as_yaml(written)


def as_yaml(written: dict[str, Any], compact: bool = False) -> str:
    """Return values as YAML 1.2 text; `compact` writes short lists and mappings on one line, and texts as blocks."""
    dumper, flow = (_BlockDumper, None) if compact else (_Dumper, False)
    return yaml.dump(written, Dumper=dumper, default_flow_style=flow, sort_keys=False, allow_unicode=True, width=100)


def moved(written: dict[str, Any], old: Path, new: Path, copies: Mapping[Path, str]) -> dict[str, Any]:
    """Return the study with every path of data, including varied and searched ones, relative to the folder `new`.

    The names in `copies`, by the path of the original, take the place of their originals.
    """
    move = _Move(old, new, copies)
    vary = {path: list(map(move.choice, axis_of(path, values), values)) for path, values in written["vary"].items()}
    variants = {
        name: changes | {choice.path: move.choice(choice, changes[choice.path]) for choice in choices_of(name, changes)}
        for name, changes in written["variants"].items()
    }
    changed: dict[str, Any] = {"data": move.source(written["data"]), "vary": vary, "variants": variants}
    if isinstance(search := written.get("search"), dict):
        changed["search"] = {path: move.searched(path, value) for path, value in search.items()}
    if "plugins" in written:
        changed["plugins"] = list(map(move.path, written["plugins"]))
    return written | changed


@dataclass(frozen=True)
class _Move:
    """The move of a study from the folder `old` to the folder `new`; copies: as in `moved`."""

    old: Path
    new: Path
    copies: Mapping[Path, str]

    def path(self, path: Any) -> Any:
        """Return a path relative to the new folder; absolute paths stay."""
        if not isinstance(path, str):
            return path
        if self.copies and (copy := self.copies.get(locate(path, self.old))):
            return copy
        if Path(path).expanduser().is_absolute():
            return path
        try:
            return Path(os.path.relpath(self.old / path, self.new)).as_posix()
        except ValueError:  # on another drive
            return (self.old / path).as_posix()

    def source(self, value: Any) -> Any:
        """Return a data set with its new path."""
        return value | {"path": self.path(value["path"])} if isinstance(value, dict) and "path" in value else value

    def choice(self, choice: Choice, written: Any) -> Any:
        """Return a choice with a new path and the label that belongs to its old path."""
        change = {"data.path": self.path, "data": self.source}.get(choice.path)
        value = choice.value if change is None else change(choice.value)
        if value == choice.value:
            return written
        named = {"label": choice.label, **({"id": choice.id} if choice.id else {})}
        return (value if isinstance(value, dict) else {"value": value}) | named

    def searched(self, path: str, written: Any) -> Any:
        """Return the range of a searched setting; its choices keep the labels that belong to their old paths."""
        if path not in ("data", "data.path") or not isinstance(written, dict) or "choices" not in written:
            return written
        return written | {"choices": [self.choice(_searched(path, entry), entry) for entry in written["choices"]]}


def _searched(path: str, entry: Any) -> Choice:
    """Return a choice of a search with its label."""
    (choice,) = choices_of(path, {path: entry})
    if isinstance(entry, dict) and "label" in entry:
        return choice
    return replace(choice, label=searched_label(path, choice.value))


def study_as_written(study: Study) -> dict[str, Any]:
    """Return the contents of a study file that loads as an equal study."""
    written: dict[str, Any] = {
        "title": study.title,
        "question": study.question,
        **({"answer": study.answer.model_dump()} if study.answer else {}),
        "introduction": study.introduction,
        "closing": study.closing,
        "data": _data(study),
        "preprocess": [plain(step) for step in study.preprocess],
    }
    for name in SECTIONS:
        section = getattr(study, name)
        values = {key: plain_value(getattr(section, key)) for key in type(section).model_fields}
        written[name] = {key: "none" if value is None else value for key, value in values.items()}
    written |= {"vary": study.vary, "variants": study.variants}
    written |= {"search": study.search.written if study.search else "none", "seeds": list(study.seeds)}
    written["ensembles"] = study.ensembles if isinstance(study.ensembles, bool) else list(study.ensembles)
    written["sanity"] = list(study.sanity)
    written |= {} if study.student is None else {"student": study.student, "seeds": len(study.seeds)}
    written |= {} if study.lang == ENGLISH else {"lang": study.lang}
    written |= {} if study.copy_data else {"copy_data": False}
    written |= {"predict_first": True} if study.predict_first else {}
    written["claims"] = [claim.model_dump(exclude_none=True) for claim in study.claims]
    written["figures"] = list(study.figures)
    written["remedies"] = study.remedies.model_dump()
    written |= {"plugins": list(study.plugins)} if study.plugins else {}
    _restore_varied_forms(study, written)
    # The default number of probed examples depends on the epochs, which a variant or a check may change.
    _restore(study.written.get("probes", {}), written["probes"], "examples")
    return written


def _data(settings: Settings) -> dict[str, Any]:
    source = plain(settings.data.source)
    options = settings.data.model_dump(exclude={"source"}, exclude_none=True)
    return ({"name": source} if isinstance(source, str) else source) | options


def _restore_varied_forms(study: Study, written: dict[str, Any]) -> None:
    """Restore the author's form of settings that a varied path continues into.

    Default parameters of one component may be invalid for another one. The widths of hidden layers also keep their
    form, so that an override can change the number of layers.
    """
    searched = [key for key in (study.search.written if study.search else ()) if key not in OPTIONS]
    named = [path for changes in study.variants.values() for path in changes]
    paths = {*study.vary, *named, *searched, "network.hidden.layers"}
    for path in paths:
        section, *inside = path.split(".")
        if path == "data.name" or (section == "preprocess" and inside):
            _restore(study.written, written, section)
        elif section in SECTIONS and len(inside) > 1:
            _restore(study.written.get(section, {}), written[section], inside[0])


def _restore(tree: dict[str, Any], written: dict[str, Any], key: str) -> None:
    if key in tree:
        written[key] = tree[key]
    else:
        written.pop(key, None)
