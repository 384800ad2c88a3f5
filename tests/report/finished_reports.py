"""Folders of finished reports, written by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def claim(name: str, verdict: str = "supported", lecture: int | None = 11, **changes: Any) -> dict[str, Any]:
    """Return a claim in the form of results.json."""
    values = {"id": name, "says": f"It {name}.", "source": "csci-497p", "lecture": lecture, "verdict": verdict}
    return values | {"measured": 0.5, "interval": [0.25, 0.75], "n": 5, "expected": "above 0.1"} | changes


def report(folder: Path, claims: list[dict[str, Any]] | None = None, **changes: Any) -> Path:
    """Write a report: results.json, a page, a PDF, a figure and a stored run."""
    (folder / "figures").mkdir(parents=True)
    (folder / "runs" / "abc").mkdir(parents=True)
    (folder / "runs" / "abc" / "run.json").write_text("{}", encoding="utf-8")
    study = {"id": folder.name, "title": folder.name.title(), "question": "Which?", "sha256": "0"}
    values = {
        "format": "reportgen-results",
        "version": 1,
        "study": study | changes.pop("study", {}),
        "provenance": {"train_seconds": 12.5},
        "runs": [{"seed": seed, "status": status} for seed, status in ((0, "ok"), (1, "ok"), (1, "diverged"))],
        "claims": [claim("holds")] if claims is None else claims,
        "figures": [
            {"id": "overview", "title": "Claims", "caption": "C.", "alt": "All.", "opens": False},
            {"id": "loss curves", "title": "Loss", "caption": "Loss.", "alt": "It falls.", "opens": True},
        ],
        "answer": {"says": "The *last* one.", "written": True, "claims": ["holds"], "contradicted": [], "withheld": ""},
    }
    (folder / "results.json").write_text(json.dumps(values | changes), encoding="utf-8")
    ids = "".join(f'<p id="claim-{one["id"]}">' for one in (claims or [claim("holds")]))
    (folder / "index.html").write_text(f"<title>page</title>{ids}", encoding="utf-8")
    (folder / f"{folder.name}.pdf").write_bytes(b"%PDF")
    (folder / "figures" / "loss curves.svg").write_text("<svg/>", encoding="utf-8")
    return folder
