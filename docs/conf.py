"""Sphinx configuration."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "reportgen"
author = "The reportgen authors"
copyright = "2026, The reportgen authors"

extensions = ["myst_parser", "mathml"]
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
exclude_patterns = ["_build", "verdicts.md"]
html_theme = "furo"
html_title = "reportgen"
html_math_renderer = "mathml"
