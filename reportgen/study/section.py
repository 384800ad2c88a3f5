"""The base of every part of a study: frozen, every key known, every number finite."""

from __future__ import annotations

from typing import Annotated, Any, get_args

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
        if not isinstance(value, dict):
            return value
        return {key: _whole(one) if _counts(cls.model_fields[key].annotation) else one for key, one in value.items()}


def _counts(annotation: Any) -> bool:
    """Tell whether a field takes a whole number and no other."""
    kinds = {annotation, *get_args(annotation)}
    return int in kinds and float not in kinds


def _whole(value: Any) -> Any:
    """Let 1e3 stand for the whole number that it is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _number(value: Any) -> Any:
    """Let a whole number stand for a real one, and no true or false for either."""
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


Number = Annotated[float, BeforeValidator(_number)]
"""A real number, written with or without a decimal point."""
