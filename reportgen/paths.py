"""What the files of a report are called."""

from __future__ import annotations

RESULTS = "results.json"
STUDY = "study.yaml"
PAGE = "index.html"
RUNS = "runs"
