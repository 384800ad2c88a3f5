"""Validation of variants' settings, once for each different section."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reportgen.study.model.settings import VARIABLE, Settings


class SettingsReader:
    """Validates the settings of variants and trials; equal sections are validated once and share one object.

    Attributes
    ----------
    folder : the folder of the study, the base of paths of data; None if it is unknown.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self._sections: dict[tuple[str, str], Any] = {}

    def read(self, written: Mapping[str, Any]) -> Settings:
        """Return the typed settings of a mapping of sections.

        Raises
        ------
        ValidationError : a section is invalid, or two sections conflict.
        """
        keys = {name: (name, repr(written[name])) for name in VARIABLE if name in written}
        sections = {name: self._sections.get(key, written[name]) for name, key in keys.items()}
        settings = Settings.model_validate(sections, context={"folder": self.folder})
        for name, key in keys.items():
            if name != "probes":  # the default number of examples depends on the epochs
                self._sections.setdefault(key, getattr(settings, name))
        return settings
