"""The Jinja filters of a report for numbers, scores and names."""

from __future__ import annotations

from collections.abc import Callable

from reportgen.analysis.words.formatting import (
    about,
    deviation,
    duration,
    effect_size,
    given,
    interval,
    number,
    p_value,
    percent,
    percent_interval,
    points,
    points_interval,
    span,
    whole,
)
from reportgen.analysis.words.names import sentence, setting, words
from reportgen.analysis.words.numerals import exponents
from reportgen.analysis.words.scores import difference, difference_interval, estimated, score, score_interval

_FUNCTIONS = (
    number,
    whole,
    about,
    percent,
    interval,
    percent_interval,
    points,
    points_interval,
    deviation,
    p_value,
    effect_size,
    duration,
    span,
    score,
    estimated,
    score_interval,
    difference,
    difference_interval,
    words,
    sentence,
    setting,
    given,
    exponents,
)

FILTERS: dict[str, Callable[..., str]] = {function.__name__: function for function in _FUNCTIONS}
"""Filters of the templates, by name."""
