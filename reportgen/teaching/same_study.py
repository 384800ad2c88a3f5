"""Comparison of the study in a report with the study of the assignment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reportgen.data import fingerprint, own_file
from reportgen.data.spec import LOCATION_PARAMETERS
from reportgen.languages.translate import N_
from reportgen.runs.store import plain
from reportgen.study.model.claims import Claim
from reportgen.study.model.components import shown
from reportgen.study.model.study import Study
from reportgen.study.planning.plan import flat_settings
from reportgen.teaching.key import Key

FREE = {"id", "says", "source", "lecture", "predict", "why", "required", "note"}
"""Parts of a claim that do not change its verdict."""

LOCATIONS = tuple(f"data.{name}" for name in LOCATION_PARAMETERS)


def settings_of(study: Study) -> dict[str, dict[str, Any]]:
    """Return the settings of each variant by dotted path, without the location of the data."""
    whole = {"ensembles": study.ensembles, "sanity": study.sanity}
    found = {}
    for point in study.points:
        search = {} if point.search is None else {"search": point.search.written}
        found[point.id] = plain({**flat_settings(point.settings), **search, **whole})
    return {name: {path: item for path, item in own.items() if path not in LOCATIONS} for name, own in found.items()}


def fingerprints_of(study: Study) -> dict[str, str]:
    """Return the fingerprint of the data of each variant that uses a file of the user."""
    specs = {point.id: point.settings.data.spec for point in study.points}
    own = {name: spec for name, spec in specs.items() if own_file(spec, study.folder) is not None}
    return {name: fingerprint(spec, study.folder) for name, spec in own.items()}


def test_of(claim: Claim) -> dict[str, Any]:
    """Return the parts of a claim that determine its verdict."""
    return dict(plain(claim.model_dump(exclude=FREE, exclude_none=True)))


def changes(study: Study, key: Key) -> Iterator[str]:
    """Yield a sentence for each difference from the assignment that no gap allows."""
    given, own = key.settings, settings_of(study)
    for variant in sorted(given.keys() | own.keys()):
        if variant not in own or variant not in given:
            text = (
                N_("variant {variant} is missing")
                if variant in given
                else N_("variant {variant} is not in the assignment")
            )
            yield text.format(variant=repr(variant))
    known = [variant for variant in given if variant in own]
    differ = dict.fromkeys(sentence for name in known for sentence in _changed(own[name], given[name], key))
    yield from differ
    yield from _changed_claims(study, key)
    if len(study.seeds) < key.seeds:
        text = N_("the study has {count} seeds, and the assignment has {total}")
        yield text.format(count=len(study.seeds), total=key.seeds)


def other_data(study: Study, key: Key) -> bool:
    """Return whether the user's data differ from those of the assignment."""
    return fingerprints_of(study) != key.data


def _changed(own: Mapping[str, Any], given: Mapping[str, Any], key: Key) -> Iterator[str]:
    for path in sorted(own.keys() | given.keys()):
        if own.get(path) != given.get(path) and not any(is_below(path, gap.setting) for gap in key.gaps):
            text = N_("the setting {setting} is {own}, and the assignment has {given}")
            yield text.format(setting=path, own=shown(own.get(path)), given=shown(given.get(path)))


def _changed_claims(study: Study, key: Key) -> Iterator[str]:
    claims = {claim.id: claim for claim in study.claims}
    for given in key.claims:
        if given.id not in claims:
            yield N_("claim {claim} is missing").format(claim=repr(given.id))
        elif test_of(claims[given.id]) != given.test:
            yield N_("the test of claim {claim} is not the one of the assignment").format(claim=repr(given.id))


def is_below(path: str, setting: str) -> bool:
    """Return whether a path is a setting, or a part of it, or contains it."""
    return path == setting or path.startswith(f"{setting}.") or setting.startswith(f"{path}.")
