"""Names of the files and folders in a report."""

from __future__ import annotations

RESULTS = "results.json"
STUDY = "study.yaml"
PAGE = "index.html"
MANIFEST = "manifest.json"
RUNS = "runs"
DATA = "data"
SANITY = "sanity"
SLIDES = "slides"
DIAGNOSIS = "diagnosis.json"
JOURNAL = ".replacing.json"
"""The journal of a folder whose files are being replaced."""
MANIFEST_FORMAT = "reportgen-manifest"
"""The format in the manifest of a folder that reportgen wrote."""
DIAGNOSIS_FORMAT = "reportgen-diagnosis"
"""The format in diagnosis.json."""
