"""The sanity checks that a study can ask for."""

from __future__ import annotations

from typing import Any

from reportgen.study.model.components import problem, shown, suggest

SANITY_CHECKS = {
    "initial_loss": "the loss at initialization is that of guessing",
    "regularized_loss": "a penalty on the weights raises the loss",
    "overfit_subset": "twenty examples are learned by heart, without regularization",
    "gradient_check": "analytic gradients equal numeric ones in every layer, in float64",
    "activation_cost": "time of each activation, forward and backward, on this machine",
}
"""Names to what holds where the check passes."""


def read_checks(value: Any) -> tuple[str, ...]:
    """Return the checks of a list, each of them once; raises the validation error of what is no check."""
    if value in (None, False, "none"):
        return ()
    if not isinstance(value, (list, tuple)):
        raise problem("?", f"expected a list of checks, found {shown(value)}", f"some of {', '.join(SANITY_CHECKS)}")
    for index, name in enumerate(value):
        if not isinstance(name, str) or name not in SANITY_CHECKS:
            raise problem("?", f"unknown check {shown(name)}", suggest(str(name), list(SANITY_CHECKS)), (index,))
    return tuple(dict.fromkeys(value))
