"""Finds the place of a key that a study uses in the wrong place."""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from reportgen.data.datasets import DATASETS
from reportgen.engine.tables.activations import ACTIVATIONS
from reportgen.engine.tables.inits import INITS
from reportgen.engine.tables.norms import NORMS
from reportgen.engine.tables.optimizers import OPTIMIZERS
from reportgen.engine.tables.schedules import SCHEDULES
from reportgen.registry import Row
from reportgen.study.loading.overrides import FORMS
from reportgen.study.loading.synonyms import same_setting
from reportgen.study.model.claims import Expect, expect_model
from reportgen.study.model.settings import VARIABLE
from reportgen.study.reference.explained import explained, path_in_study
from reportgen.study.syntax.yaml12 import Path

COMPONENTS: Mapping[str, Mapping[str, Row]] = {
    "data": DATASETS,
    "network.activation": ACTIVATIONS,
    "network.init": INITS,
    "network.norm": NORMS,
    "training.optimizer": OPTIMIZERS,
    "training.schedule": SCHEDULES,
}
GUESS = "did you mean"
ALIKE = 0.8  # by difflib: `epoch` for `epochs`, but not `epochs` for `preprocess`


def misplaced_key_hint(path: Path, code: str, hint: str) -> tuple[str, str]:
    """Return the code and hint for a wrong key at `path`, with "did you mean ...?" if it belongs to another place.

    A hint that already names a similar key remains. For a key inside claims, only other keys of claims are candidates,
    and for other keys only keys outside claims.
    """
    *above, name = [str(part) for part in path if not isinstance(part, int)] or [""]
    same = same_setting(name)
    if same is not None and above[:1] != ["claims"] and ".".join([*above, name]) not in known_paths():
        return code, hint if f"'{_last(same)}'" in hint else _guess([same], above)
    if ".".join([*above, name]) in known_paths() or _names_like(hint, name):
        return code, hint  # the key is in the right place or misspelled
    other_form = FORMS.get(".".join(above[:2]))  # `network.hidden` inside `network.layers`, which exclude each other
    allowed = [
        known
        for known in known_paths()
        if known.startswith("claims.") == (above[:1] == ["claims"]) and not known.startswith(f"{other_form}.")
    ]
    names = list(map(_last, allowed))
    near = [] if hint.startswith(GUESS) else difflib.get_close_matches(name, names, n=1, cutoff=ALIKE)
    candidates = [name] if name in names else near
    guess = _guess([known for known in allowed if _last(known) in candidates], above)
    misplaced = code == "unknown-key" and bool(guess) and name in names
    return "misplaced-key" if misplaced else code, guess or hint


def path_ending(name: str) -> str:
    """Return "did you mean ...?" with the paths of variable settings of that name, "" if there are none."""
    return _guess([path for path in known_paths() if path.endswith(f".{name}") and path.split(".")[0] in VARIABLE], [])


def _names_like(hint: str, name: str) -> bool:
    """Return whether a hint suggests a key that is similar to `name`."""
    guessed = re.match(rf"{re.escape(GUESS)} '([^']*)'", hint)
    return guessed is not None and difflib.SequenceMatcher(None, name, guessed[1]).ratio() >= ALIKE


def known_paths() -> tuple[str, ...]:
    """Return the dotted path of every section, setting and parameter of a component."""
    return _known_paths(expect_model())


@cache
def _known_paths(expect: type[Expect]) -> tuple[str, ...]:
    """Return the paths with a model of `expect`, which plug-ins change."""
    return tuple(dict.fromkeys(_paths()))


def _paths() -> Iterator[str]:
    for setting in explained():
        parts = setting.path.split(".")
        yield from (".".join(parts[:count]) for count in range(1, len(parts) + 1))
    for place, rows in COMPONENTS.items():
        yield from (f"{place}.{parameter.name}" for row in rows.values() for parameter in row.parameters)


def _last(path: str) -> str:
    return path.rsplit(".", 1)[-1]


def _shared(path: str, above: Sequence[str]) -> int:
    """Return the length of the common prefix of two paths, in parts."""
    return len(list(itertools.takewhile(lambda pair: pair[0] == pair[1], zip(path.split("."), above, strict=False))))


def _guess(paths: Sequence[str], above: Sequence[str]) -> str:
    """Return "did you mean ...?" with the nearest path, or two equally near paths, "" for no paths.

    The nearest path shares most parts with `above`; of these, the shortest.
    """
    far = {path: (-_shared(path, above), path.count(".")) for path in paths}
    nearest = [path for path in far if far[path] == min(far.values())][:2]
    return f"{GUESS} {' or '.join(map(_shown, nearest))}?" if nearest else ""


def _shown(path: str) -> str:
    return repr(path_in_study(path)) if "." in path else f"{path!r}, at the top of the study"
