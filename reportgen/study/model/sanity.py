"""Sanity checks that a study can request."""

from __future__ import annotations

from typing import Any

from reportgen.study.model.components import problem, shown, suggest

SANITY_CHECKS = {
    "initial_loss": "the loss at initialization equals the loss of guessing",
    "regularized_loss": "a penalty on the weights raises the loss",
    "overfit_subset": "the network memorizes twenty examples without regularization",
    "gradient_check": "analytic gradients equal numerical gradients in every layer, in float64",
    "activation_cost": "time of each activation, forward and backward, on this machine",
}
"""The names of the checks, and what each one tests."""


def read_checks(value: Any) -> tuple[str, ...]:
    """Return the checks of a list without duplicates; raises a validation error for an unknown check."""
    if value in (None, False, "none"):
        return ()
    if not isinstance(value, (list, tuple)):
        raise problem(
            "wrong-type", f"expected a list of checks, found {shown(value)}", f"checks: {', '.join(SANITY_CHECKS)}"
        )
    names = [name.casefold() if isinstance(name, str) else name for name in value]
    for index, name in enumerate(names):
        if not isinstance(name, str) or name not in SANITY_CHECKS:
            raise problem(
                "unknown-name", f"unknown check {shown(name)}", suggest(str(name), list(SANITY_CHECKS)), (index,)
            )
    return tuple(dict.fromkeys(names))
