"""Cases of the benchmark: networks with one planted fault, and healthy controls that look faulty.

A family is a YAML file in `planted/` with its name, its kind (fault or control) and its cases. Keys of a case:

name       unique name, whose hash determines the half
seen       true if the rules were changed after an inspection of the case, which then belongs to the tuning half
plants     the fault, or the suspicious feature of a control
because    why the fault counts, or why an alarm would be false
study      settings as in a study file, including `vary` and `variants`
subject    label of the diagnosed variant if there are several; the others are its siblings
twin       changed settings that remove the fault (for a control: the advice of a false alarm), with the same seeds
shows      checks that are independent of the rules, see `benchmarks.diagnosis.verify`
must, may, must_not   ids of the rules that must fire, of those that may fire, and of typical misdiagnoses
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reportgen.errors import StudyError
from reportgen.study.syntax.yaml12 import read

PLANTED = Path(__file__).parent / "planted"

RULE_IDS = (
    "vanishing_activations",
    "exploding_activations",
    "vanishing_gradients",
    "exploding_gradients",
    "saturation",
    "dead_relu",
    "symmetric_init",
    "wrong_init_loss",
    "init_plateau",
    "idle_branch",
    "nan_divergence",
    "lr_too_high",
    "lr_too_low",
    "loss_oscillation",
    "overfitting",
    "underfitting",
    "over_regularization",
    "undertrained",
    "no_signal",
    "split_mismatch",
    "absent_class",
    "sorted_batches",
    "unnormalized_input",
    "bn_tiny_batch",
    "train_eval_mismatch",
    "class_imbalance",
    "missing_nonlinearity",
    "layer_learning_rate",
    "update_ratio_high",
    "update_ratio_low",
    "lr_best_at_edge",
)
"""Ids of the scored rules, in the order of the docs page; cases may contain no others."""

_REQUIRED = ("name", "plants", "because", "study", "shows")
_FAULT_ONLY = ("must", "may", "must_not")
_KEYS = (*_REQUIRED, *_FAULT_ONLY, "subject", "twin", "seen")


@dataclass(frozen=True)
class Case:
    """A case of a family; `must` is empty for a control."""

    name: str
    family: str
    plants: str
    because: str
    study: Mapping[str, Any]
    shows: tuple[Mapping[str, Any], ...]
    subject: str | None = None
    twin: Mapping[str, Any] | None = None
    seen: bool = False
    must: frozenset[str] = frozenset()
    may: frozenset[str] = frozenset()
    must_not: frozenset[str] = frozenset()

    @property
    def faulty(self) -> bool:
        """Whether a fault is planted."""
        return bool(self.must)


@functools.cache
def load_cases(folder: Path = PLANTED) -> tuple[Case, ...]:
    """Return the cases of all families in a folder; raises StudyError for the first invalid case."""
    cases = [case for path in sorted(folder.glob("*.yaml")) for case in _family(path)]
    names = [case.name for case in cases]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise StudyError("duplicate-value", f"duplicate case name {twice[0]!r}", str(folder))
    return tuple(cases)


def _family(path: Path) -> list[Case]:
    tree = read(path.read_text(encoding="utf-8"), path.name).value
    if not isinstance(tree, dict) or set(tree) != {"family", "kind", "cases"}:
        raise StudyError("missing-key", "a family needs the keys family, kind and cases, and no others", path.name)
    if tree["kind"] not in ("fault", "control"):
        raise StudyError("unknown-value", f"unknown kind {tree['kind']!r}", path.name, "fault or control")
    return [_case(entry, tree["family"], tree["kind"] == "fault", path.name) for entry in tree["cases"]]


def _case(entry: Mapping[str, Any], family: str, faulty: bool, where: str) -> Case:
    place = f"{where}: {entry.get('name', '?')}"
    missing = [key for key in _REQUIRED if not entry.get(key)]
    unknown = [
        key for key in entry if key not in (_KEYS if faulty else tuple(k for k in _KEYS if k not in _FAULT_ONLY))
    ]
    if missing:
        raise StudyError("missing-key", f"missing keys {', '.join(missing)}", place)
    if unknown:
        raise StudyError("unknown-key", f"unknown keys {', '.join(unknown)}", place)
    rules = {key: frozenset(_ids(entry.get(key, ()), place)) for key in _FAULT_ONLY}
    if faulty and not rules["must"]:
        raise StudyError("missing-key", "a fault needs a rule that must fire", place, "add must")
    if rules["must_not"] & (rules["must"] | rules["may"]):
        raise StudyError("conflicting-settings", "must_not has a rule that must or may fire", place)
    given = {key: entry[key] for key in _KEYS if key in entry and key not in _FAULT_ONLY}
    return Case(family=family, **{**given, "shows": tuple(entry["shows"])}, **rules)


def _ids(given: Sequence[str], place: str) -> Sequence[str]:
    for rule in given:
        if rule not in RULE_IDS:
            raise StudyError("unknown-name", f"unknown rule {rule!r}", place)
    return given
