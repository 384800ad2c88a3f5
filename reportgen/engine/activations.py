"""The table of activations. Kernels and rows are in `smooth` and `rectifiers`; a new activation goes to either."""

from __future__ import annotations

from reportgen.engine.rectifiers import RECTIFIERS
from reportgen.engine.smooth import SMOOTH
from reportgen.table import table

ACTIVATIONS = table([*SMOOTH, *RECTIFIERS])
