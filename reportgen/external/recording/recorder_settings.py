"""Settings given to a recorder, checked like the settings of a study."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from reportgen.errors import UsageError
from reportgen.external.recording.convert import check_network, check_training, settings_of, variant_name, whole_seed
from reportgen.external.recording.loop.training_loop import usual_rates

RECORD_SETTINGS = ("seed", "variant")


class RecorderSettings:
    """Settings of network, training and record.

    Attributes
    ----------
    activation : activation of the hidden layers, as in a study file.
    """

    def __init__(self, activation: Any) -> None:
        self.activation = activation
        self._given: dict[str, Any] = {}

    def add(self, settings: Mapping[str, Any], hidden: list[int] | None) -> None:
        """Add settings, which replace earlier ones of the same name; None is ignored.

        hidden: numbers of units of the hidden layers, None before the first probe. Raises UsageError for a setting that
        is invalid in a study.
        """
        merged = self._given | {name: value for name, value in settings.items() if value is not None}
        network, training = _study_settings(merged)
        whole_seed(merged.get("seed", 0))
        variant_name(merged.get("variant", "variant"))
        check_training(training)
        if hidden is not None or not any(isinstance(value, list) for value in network.values()):
            check_network({"hidden": hidden or [1], "activation": self.activation, **network})
        self._given = merged

    def add_observed(self, optimizer: Any, rates: Sequence[float]) -> None:
        """Add the settings of an observed optimizer, unless others were given, and correct the learning rate.

        rates: learning rates of the updates. A given learning rate that the optimizer never had is replaced by the
        highest one.
        """
        if "optimizer" not in self._given:
            with suppress(UsageError):  # an optimizer that no study has; its updates were measured
                self.add({"optimizer": optimizer}, None)
        if rates and not self.agrees(optimizer, rates):
            self._given["lr"] = max(rates)

    def add_smoothing(self, share: float) -> float:
        """Add the label smoothing of an observed loss, unless a loss was given; return the one of the record."""
        if share and "loss" not in self._given:
            self.add({"loss": {"name": "softmax_cross_entropy", "smoothing": share}}, None)
            return share
        return 0.0

    def estimate_rate(self, rate: float) -> None:
        """Set the learning rate to an estimate, with a warning, if it is unknown."""
        if self.rate is None:
            message = f"no optimizer was observed; the learning rate is estimated as {rate:.3g}"
            warnings.warn(f"{message} from the changes of the weights. save(path, lr=...) sets it", stacklevel=3)
            self._given["lr"] = float(f"{rate:.3g}")

    def require_rate(self) -> None:
        """Raise UsageError without a learning rate."""
        if self.rate is None:
            raise UsageError("missing-key", "the learning rate is missing", "settings.lr", "such as save(path, lr=0.1)")

    def agrees(self, optimizer: Any, rates: Sequence[float]) -> bool:
        """Return whether an observed optimizer has, had, or will have the given learning rate."""
        given = self._given.get("lr")
        return given is not None and any(
            math.isclose(float(given), rate, rel_tol=1e-6) for rate in (*usual_rates(optimizer), *rates)
        )

    @property
    def rate(self) -> Any:
        """The given learning rate, None if there is none."""
        return self._given.get("lr")

    @property
    def seed(self) -> int:
        """Seed of the record, 0 by default."""
        return whole_seed(self._given.get("seed", 0))

    @property
    def variant(self) -> str:
        """Name of the variant of the record."""
        return variant_name(self._given.get("variant", "variant"))

    @property
    def training(self) -> dict[str, Any]:
        """Settings of the training, as in a study file."""
        return _study_settings(self._given)[1]

    def network(self, hidden: list[int] | None) -> dict[str, Any]:
        """Return the settings of a network with these hidden layers, as in a study file."""
        return {"hidden": hidden, "activation": self.activation} | _study_settings(self._given)[0]


def _study_settings(settings: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    return settings_of({name: value for name, value in settings.items() if name not in RECORD_SETTINGS})
