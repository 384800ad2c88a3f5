"""Adjusts the proposals and the advice of each finding to the plan of its study and to the tested remedies.

Before tests, proposals that change no run of the plan are dropped, such as a setting of the network that its layers set
themselves. After tests, the advice agrees with the verdicts:

- A remedy that helped is the advice.
- Otherwise, the advice consists of the proposals that were not tested, without those beyond a value that hurt.
- If there are none, the advice says that no tested change helped.

With too few seeds for a verdict, the advice stays as it is.
"""

from __future__ import annotations

import dataclasses

from pydantic import ValidationError

from reportgen.analysis.diagnosis.advice import LAYERS, in_words, settings_in_words
from reportgen.analysis.diagnosis.sweeps import is_beyond, read_change, settings_by_path
from reportgen.analysis.finding import Finding, Proposal, Remedy
from reportgen.engine.spec import RunSpec
from reportgen.languages.translate import N_, _
from reportgen.study.planning.plan import Plan, changed

SET_BY_LAYERS = N_("The layers of this network set it themselves, so change it below network.layers.")


def effective(finding: Finding, plan: Plan) -> Finding:
    """Return the finding without proposals that are invalid or change no run of its variant."""
    kept = tuple(proposal for proposal in finding.proposals if changes_runs(plan, finding.variant, proposal))
    if kept == finding.proposals:
        return finding
    if kept:
        return dataclasses.replace(finding, proposals=kept, advice=in_words([(proposal, "") for proposal in kept]))
    settings = next(variant.settings for variant in plan.variants if variant.id == finding.variant)
    advice = f"{finding.advice} {_(SET_BY_LAYERS)}" if LAYERS in settings else finding.advice
    return dataclasses.replace(finding, proposals=(), advice=advice)


def changes_runs(plan: Plan, variant: str, proposal: Proposal) -> bool:
    """Return whether a proposal is valid and changes a run of a variant."""
    try:
        runs = changed(plan, variant, proposal.change, "")
    except (ValidationError, KeyError):
        return False
    own = {run.spec for run in plan.runs if run.variant == variant}
    return not all(run.spec in own for run in runs)


def is_refuted(finding: Finding, proposal: Proposal, spec: RunSpec) -> bool:
    """Return whether a proposal lies beyond a value that hurt; spec: a run of the diagnosed variant.

    A value also counts if more runs are guessing with it than before.
    """
    hurt = [remedy.change for remedy in finding.remedies if remedy.verdict == "hurt" or _spoils(remedy)]
    wanted = read_change(spec, proposal.change)
    if not wanted or not hurt:
        return False
    changes = [change for remedy in hurt if (change := read_change(spec, remedy)) and change.keys() == wanted.keys()]
    return is_beyond(settings_by_path(spec), wanted, changes, ())


def _spoils(remedy: Remedy) -> bool:
    guessing = remedy.guessing
    return remedy.verdict != "helped" and guessing is not None and guessing.after > guessing.before


def with_tested_advice(finding: Finding, spec: RunSpec) -> Finding:
    """Return the finding with advice and proposals that agree with its tested remedies."""
    best = finding.remedy
    if best is None or best.verdict == "too few seeds":
        return finding
    if best.verdict == "helped":
        kept = tuple(proposal for proposal in finding.proposals if proposal.change == best.change)
        advice = finding.advice if kept == finding.proposals[:1] else in_words([(proposal, "") for proposal in kept])
        return dataclasses.replace(finding, proposals=kept, advice=advice)
    tested = [remedy.change for remedy in finding.remedies]
    left = tuple(p for p in finding.proposals if p.change not in tested and not is_refuted(finding, p, spec))
    advice = in_words([(proposal, "") for proposal in left]) if left else _none_helped(finding)
    return dataclasses.replace(finding, proposals=left, advice=advice)


def _none_helped(finding: Finding) -> str:
    names = settings_in_words([Proposal(remedy.change, "") for remedy in finding.remedies])
    return _("Change another setting: no tested value of {names} helped.").format(names=names)
