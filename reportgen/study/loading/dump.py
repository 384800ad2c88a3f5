"""The study as plain values, defaults written out."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import yaml

from reportgen.study.model.components import plain, plain_value
from reportgen.study.model.ranges import OPTIONS
from reportgen.study.model.settings import Settings
from reportgen.study.model.study import Study
from reportgen.study.planning.plan import settings_of
from reportgen.study.planning.variants import SECTIONS, Choice, axis_of, choices_of
from reportgen.study.syntax.yaml12 import SCALARS


class _Dumper(yaml.SafeDumper):
    """PyYAML's dumper, which also quotes texts that are numbers in YAML 1.2 but not in 1.1, such as 1e3."""

    def ignore_aliases(self, data: Any) -> bool:
        """Return True: a study holds no aliases, also where two of its parts are one object."""
        return True


for _tag, _pattern, _first in SCALARS:
    _Dumper.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^{_pattern}$"), _first)


def text_of(study: Study, folder: Path | None = None) -> str:
    """Return the study as YAML text, with the paths of data as seen from the folder, if one is given."""
    written = study_as_written(study)
    if folder is not None:
        written = _moved(written, study.folder, folder.resolve())
    return yaml.dump(written, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


def _moved(written: dict[str, Any], here: Path, there: Path) -> dict[str, Any]:
    """Return the study with every path of data, also of those that vary, as seen from another folder."""

    def seen(path: Any) -> Any:
        if not isinstance(path, str) or Path(path).expanduser().is_absolute():
            return path
        try:
            return Path(os.path.relpath(here / path, there)).as_posix()
        except ValueError:  # on another drive
            return (here / path).as_posix()

    def source(value: Any) -> Any:
        return value | {"path": seen(value["path"])} if isinstance(value, dict) and "path" in value else value

    def change(path: str, value: Any) -> Any:
        return seen(value) if path == "data.path" else source(value) if path == "data" else value

    def moved(choice: Choice, written: Any) -> Any:
        """Return a choice as seen from there; it keeps the label that its old path gave it."""
        new = change(choice.path, choice.value)
        if new == choice.value:
            return written
        return (new if isinstance(new, dict) else {"value": new}) | {"label": choice.label}

    vary = {path: list(map(moved, axis_of(path, values), values)) for path, values in written["vary"].items()}
    variants = {
        name: {choice.path: moved(choice, changes[choice.path]) for choice in choices_of(name, changes)}
        for name, changes in written["variants"].items()
    }
    plugins = {"plugins": list(map(seen, written["plugins"]))} if "plugins" in written else {}
    return written | {"data": source(written["data"]), "vary": vary, "variants": variants} | plugins


def study_as_written(study: Study) -> dict[str, Any]:
    """Return the study's contents as a mapping that reads back to an equal study."""
    settings = settings_of(study.tree)
    written: dict[str, Any] = {
        "title": study.title,
        "question": study.question,
        "introduction": study.introduction,
        "closing": study.closing,
        "data": _data(settings),
        "preprocess": [plain(step) for step in settings.preprocess],
    }
    for name in SECTIONS:
        section = getattr(settings, name)
        values = {key: plain_value(getattr(section, key)) for key in type(section).model_fields}
        written[name] = {key: "none" if value is None else value for key, value in values.items()}
    written |= {"vary": study.vary, "variants": study.variants}
    written |= {"search": study.tree.get("search") or "none", "seeds": list(study.seeds)}
    written["ensembles"] = study.ensembles if isinstance(study.ensembles, bool) else list(study.ensembles)
    written["sanity"] = list(study.sanity)
    written["claims"] = [claim.model_dump(exclude_none=True) for claim in study.claims]
    written["figures"] = list(study.figures)
    written["remedies"] = study.remedies.model_dump()
    written |= {"plugins": list(study.plugins)} if study.plugins else {}
    _keep_what_varies_inside(study, written)
    # The default number of probed examples depends on the epochs, which a variant or a check may change.
    _as_in(study.tree.get("probes", {}), written["probes"], "examples")
    return written


def _data(settings: Settings) -> dict[str, Any]:
    source = plain(settings.data.source)
    options = settings.data.model_dump(exclude={"source"}, exclude_none=True)
    return ({"name": source} if isinstance(source, str) else source) | options


def _keep_what_varies_inside(study: Study, written: dict[str, Any]) -> None:
    """Write as the author did what a varied path leads into: defaults of one component may not suit the next.

    The widths of hidden layers too stay in their form, so that an override may still change their number.
    """
    searched = [key for key in study.tree.get("search") or () if key not in OPTIONS]
    named = [path for changes in study.variants.values() for path in changes]
    paths = {*study.vary, *named, *searched, "network.hidden.layers"}
    for path in paths:
        section, *inside = path.split(".")
        if path == "data.name" or (section == "preprocess" and inside):
            _as_in(study.tree, written, section)
        elif section in SECTIONS and len(inside) > 1:
            _as_in(study.tree.get(section, {}), written[section], inside[0])


def _as_in(tree: dict[str, Any], written: dict[str, Any], key: str) -> None:
    if key in tree:
        written[key] = tree[key]
    else:
        written.pop(key, None)
