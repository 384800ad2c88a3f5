"""The base of every part of a study: frozen, every key known, every number finite."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

from reportgen.study.components import problem, shown, suggest


class Section(BaseModel):
    """A frozen part of a study in which every key is known and every number finite."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, strict=True)

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, value: Any) -> Any:
        """Refuse an unknown key before anything else, since it often causes the other errors."""
        known = list(cls.model_fields)
        for key in value if isinstance(value, dict) else ():
            if key not in known:
                raise problem(f"unknown key {shown(key)}", suggest(str(key), known), (key,), key=True)
        return value


def _number(value: Any) -> Any:
    """Let a whole number stand for a real one, and no true or false for either."""
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


Number = Annotated[float, BeforeValidator(_number)]
"""A real number, written with or without a decimal point."""
