"""Validation of variants' settings, once for each different section and each different combination of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reportgen.study.model.settings import VARIABLE, Settings


class SettingsReader:
    """Validates the settings of variants and trials; equal ones, and equal sections, are validated once and shared.

    Attributes
    ----------
    folder : the folder of the study, the base of paths of data; None if it is unknown.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self._sections: dict[tuple[str, str], Any] = {}
        self._settings: dict[tuple[tuple[str, str], ...], Settings] = {}

    def read(self, written: Mapping[str, Any]) -> Settings:
        """Return the typed settings of a mapping of sections.

        Raises
        ------
        ValidationError : a section is invalid, or two sections conflict.
        """
        keys = {name: (name, repr(written[name])) for name in VARIABLE if name in written}
        whole = tuple(keys.values())
        if whole in self._settings:  # a search asks for those of each trial to check it, to plan it and to train it
            return self._settings[whole]
        sections = {name: self._sections.get(key, written[name]) for name, key in keys.items()}
        settings = Settings.model_validate(sections, context={"folder": self.folder})
        for name, key in keys.items():
            if name != "probes":  # the default number of examples depends on the epochs
                self._sections.setdefault(key, getattr(settings, name))
        self._settings[whole] = settings
        return settings
