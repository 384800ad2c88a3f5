"""Test the claims of a lecture on training neural networks and report the results.

Public names are imported at first use, so that `import reportgen` is fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reportgen.analysis.results import Analysis
    from reportgen.errors import ReportgenError
    from reportgen.external.recording.recorder import Recorder
    from reportgen.runs.record import RunRecord
    from reportgen.study.loading.loader import load_study
    from reportgen.study.planning.plan import make_plan
    from reportgen.workflow.outcomes import Report
    from reportgen.workflow.run import render_study, run_study

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

_MODULES = {
    "Analysis": "reportgen.analysis.results",
    "Recorder": "reportgen.external.recording.recorder",
    "Report": "reportgen.workflow.outcomes",
    "ReportgenError": "reportgen.errors",
    "RunRecord": "reportgen.runs.record",
    "load_study": "reportgen.study.loading.loader",
    "make_plan": "reportgen.study.planning.plan",
    "render_study": "reportgen.workflow.run",
    "run_study": "reportgen.workflow.run",
}


_CALLBACKS = {
    "KerasCallback": "reportgen.external.frameworks.keras",
    "LightningCallback": "reportgen.external.frameworks.lightning",
    "TrainerCallback": "reportgen.external.frameworks.huggingface",
}
"""Subclasses of classes of other libraries, which are made at first use."""


def __getattr__(name: str) -> Any:
    if name in _CALLBACKS:
        made = globals()[name] = import_module(_CALLBACKS[name]).make()
        return made
    if name == "__version__":
        return import_module("reportgen.shipped").package_version("reportgen")
    if name in _MODULES:
        return getattr(import_module(_MODULES[name]), name)
    raise AttributeError(f"module 'reportgen' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *_CALLBACKS])
