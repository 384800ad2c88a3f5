"""reportgen puts the claims of a lecture on training neural networks to the test, and reports the verdicts.

The public names are loaded when they are first used, so that `import reportgen` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reportgen.analysis.model import Analysis
    from reportgen.errors import ReportgenError
    from reportgen.pipeline import Report, render_study, run_study
    from reportgen.recorder import Recorder
    from reportgen.runs.record import RunRecord
    from reportgen.study.loader import load_study
    from reportgen.study.plan import make_plan

__all__ = [
    "Analysis",
    "Recorder",
    "Report",
    "ReportgenError",
    "RunRecord",
    "__version__",
    "load_study",
    "make_plan",
    "render_study",
    "run_study",
]

_HOMES = {
    "Analysis": "reportgen.analysis.model",
    "Recorder": "reportgen.recorder",
    "Report": "reportgen.pipeline",
    "ReportgenError": "reportgen.errors",
    "RunRecord": "reportgen.runs.record",
    "load_study": "reportgen.study.loader",
    "make_plan": "reportgen.study.plan",
    "render_study": "reportgen.pipeline",
    "run_study": "reportgen.pipeline",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return import_module("reportgen.runs.provenance").package_version("reportgen")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'reportgen' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
