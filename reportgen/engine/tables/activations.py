"""The table of activations. Kernels and rows are in `smooth` and `rectifiers`; a new activation goes to either."""

from __future__ import annotations

from reportgen.engine.tables.rectifiers import RECTIFIERS
from reportgen.engine.tables.smooth import SMOOTH
from reportgen.registry import table

ACTIVATIONS = table([*SMOOTH, *RECTIFIERS])
