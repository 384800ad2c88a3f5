"""The points of a report, by the scheme in the key of the assignment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reportgen.analysis.results import Analysis
from reportgen.languages.translate import N_
from reportgen.study.model.claims import Claim
from reportgen.teaching.grades import Item
from reportgen.teaching.key import Key
from reportgen.teaching.same_study import test_of

AGREES = N_("agrees with the records of its runs")


def items_of(key: Key, analysis: Analysis | None) -> tuple[Item, ...]:
    """Return the points for each thing; without an analysis, all points are 0."""
    claims = {claim.id: claim for claim in analysis.plan.study.claims} if analysis else {}
    verdicts: dict[str, str] = {claim.id: claim.verdict for claim in analysis.claims} if analysis else {}
    report = Item("report", "", key.points.report if analysis else 0.0, key.points.report, AGREES)
    items = (report, *_predictions(key, claims, verdicts), *_gaps(key, verdicts), *_own_claims(key, claims, verdicts))
    return tuple(item for item in items if item.most)


def _predictions(key: Key, claims: Mapping[str, Claim], verdicts: Mapping[str, str]) -> Iterator[Item]:
    for given in key.claims:
        claim, verdict = claims.get(given.id), verdicts.get(given.id)
        predict = None if claim is None else claim.predict
        why = None if claim is None else claim.why
        made = predict is not None and why is not None
        most = key.points.prediction * given.weight
        missing = N_("no prediction") if predict is None else N_("no reason")
        yield Item("predictions", given.id, most if made else 0.0, most, N_("made with a reason") if made else missing)
        most, right = key.points.right * given.weight, made and predict == verdict
        compared = N_("predicted {predicted}, the verdict is {verdict}").format(predicted=predict, verdict=verdict)
        reason = compared if made and verdict else missing
        yield Item("right", given.id, most if right else 0.0, most, reason)


def _gaps(key: Key, verdicts: Mapping[str, str]) -> Iterator[Item]:
    for gap in key.gaps:
        failed = [name for name in gap.claims if verdicts.get(name) != "supported"]
        unsupported = N_("not supported: {claims}").format(claims=", ".join(failed))
        reason = unsupported if failed else N_("all its claims are supported")
        yield Item("gaps", gap.setting, 0.0 if failed else key.points.gap, key.points.gap, reason)


def _own_claims(key: Key, claims: Mapping[str, Claim], verdicts: Mapping[str, str]) -> Iterator[Item]:
    given = [claim.test for claim in key.claims]
    ids = [claim.id for claim in key.claims]
    own = [claim for name, claim in claims.items() if name not in ids]
    new = [claim for number, claim in enumerate(own) if test_of(claim) not in [*given, *map(test_of, own[:number])]]
    clear = [claim.id for claim in new if verdicts.get(claim.id) in ("supported", "contradicted")]
    counted = clear[: key.points.own_claims]
    most = key.points.own_claim * key.points.own_claims
    listed = N_("clear verdicts: {claims}").format(claims=", ".join(clear))
    reason = listed if clear else N_("no claim of your own has a clear verdict")
    yield Item("own_claims", "", key.points.own_claim * len(counted), most, reason)
