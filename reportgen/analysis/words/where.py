"""The settings of a `where` as text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from reportgen.analysis.words.names import english_name, setting_name
from reportgen.languages.translate import _, numeral, quoted
from reportgen.study.model.claims import Claim
from reportgen.study.planning.plan import Variant


def labelled(claim: Claim, variants: Sequence[Variant]) -> Claim:
    """Return a claim for readers, which selects by label each variant that the study file selects by id.

    The words of a claim are made from this copy, since the other parts of a report show labels.
    """
    labels = {variant.id: variant.label for variant in variants}
    against, other, changes = claim.measure.relative_to, claim.expect.other, dict[str, Any]()
    if against:
        changes["measure"] = claim.measure.model_copy(update={"relative_to": _by_label(against, labels)})
    if other:
        changes["expect"] = claim.expect.model_copy(update={claim.expect.kind: _by_label(other, labels)})
    return claim.model_copy(update={"where": _by_label(claim.where, labels), **changes})


def _by_label(where: dict[str, Any], labels: Mapping[str, str]) -> dict[str, Any]:
    """Return a `where` with the label of its variant; a label, and several ids, are unchanged."""
    wanted = where.get("variant")
    return {**where, "variant": labels[wanted]} if isinstance(wanted, str) and wanted in labels else where


def named(where: dict[str, Any]) -> str:
    """Return a `where` in words; numbers and boolean values include the name of the setting, as in "hidden units 32".

    A name that resembles a formula, such as the name of some inits, is in quotes.
    """
    return ", ".join(_named(path, value) for path, value in where.items())


def _named(path: str, value: Any) -> str:
    text = str(value)
    if text.lower() in ("true", "on"):
        return _("with {setting}").format(setting=setting_name(path))
    if text.lower() in ("false", "off"):
        return _("without {setting}").format(setting=setting_name(path))
    if text.lower() == "none":
        return _("no {setting}").format(setting=_short_name(path))
    if is_number(text) and path != "variant":
        return f"{setting_name(path)} {numeral(text)}"
    return text if _PLAIN.fullmatch(text) else quoted(text)


def _short_name(path: str) -> str:
    """Return the name of a setting without "strength" or "rate", if there is a word for it."""
    name = english_name(path)
    return _(name.removesuffix(" strength").removesuffix(" rate"))


_PLAIN = re.compile(r"[^\W\d][\w .,:-]*")
"""A name that does not resemble a number or a formula."""


def is_number(text: str) -> bool:
    """Return whether the label of a value is a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True
