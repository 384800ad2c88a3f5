"""The analysis of all runs of a study, with its remedies and sanity checks."""

from __future__ import annotations

from functools import partial
from typing import Any

from reportgen.analysis.analyse import analyse
from reportgen.analysis.diagnosis.evidence.memoize import forget
from reportgen.languages.translate import N_
from reportgen.paths import SANITY
from reportgen.plugins.loading import use_files
from reportgen.runs.provenance import summarize
from reportgen.workflow.analysing.measurements import Measurements
from reportgen.workflow.analysing.remedies import try_remedies
from reportgen.workflow.analysing.sanity_checks import check_sanity, measure_extras
from reportgen.workflow.events import ProgressListener
from reportgen.workflow.outcomes import AnalysedStudy
from reportgen.workflow.ownership import source_of
from reportgen.workflow.stored_runs import CollectedRuns, StoredRuns


def analyse_runs(collected: CollectedRuns, runs: StoredRuns, listener: ProgressListener) -> AnalysedStudy:
    """Return the analysis of all runs of a study.

    Remedies of findings are tried and sanity checks are made as far as `runs` can provide their runs.
    """
    request, records = collected.request, collected.by_variant()
    use_files(request.plan.study.plugin_files)
    fetch = partial(runs.fetch, request)
    listener.stage(N_("analysing"))
    measurements = Measurements(request.folder / SANITY, runs.may_train, runs.fresh, listener.notice, runs.unmeasured)
    extras = measure_extras(request.plan, measurements)
    analysis = analyse(request.plan, records, _provenance(collected), extras)
    if not request.plan.study.watermark:
        listener.stage(N_("trying remedies"))
        analysis = try_remedies(analysis, fetch)
    if request.plan.study.sanity:
        listener.stage(N_("checking sanity"))
        analysis = check_sanity(analysis, fetch, measurements)
    forget(records.values())  # the report does not need the evidence of rules
    return AnalysedStudy(request, records, analysis, collected.trained, len(collected.records) - collected.trained)


def _provenance(collected: CollectedRuns) -> dict[str, Any]:
    request = collected.request
    source = None if request.file is None else source_of(request.file, request.folder)
    return summarize(collected.records.values(), request.command) | {"source": source}
