"""The benchmark's result as a page of the docs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from benchmarks.diagnosis import cost
from benchmarks.diagnosis.build import SEEDS
from benchmarks.diagnosis.cost import COSTS
from benchmarks.diagnosis.data import Remedies
from benchmarks.diagnosis.halves import SCORING, TUNING
from benchmarks.diagnosis.published import PUBLISHED
from benchmarks.diagnosis.random_score import DRAWN, section
from benchmarks.diagnosis.remedies import helped, tested
from benchmarks.diagnosis.result import OWN, TITLES, Result
from benchmarks.diagnosis.score import Score, Share, confusion, score
from benchmarks.diagnosis.show import paragraph
from reportgen.engine.spec import ENGINE_VERSION

HEAD = """# How often the diagnoses are right

Written by the benchmark itself on {date}, engine version {engine}; not edited by hand.

```sh
python -m benchmarks.diagnosis --remedies --markdown docs/diagnosis-benchmark.md --publish
```

{faults} networks have one planted fault each, {controls} are healthy and look ill. Each is trained with {seeds}
seeds; the unit is the network over its seeds. Before any rule is asked, each case is shown to be what it says it
is, by measurements that use neither rules nor their thresholds: a fault has its symptom, and in nearly all cases
ends worse than its twin, which has the same seeds and the fault mended; what a false alarm would advise brings a
control nothing. A case that fails this makes the command fail.

The cases are split by a hash of their names. Rules are tuned on one half; the other half is the one that counts.
Cases that were tried before a change of the rules, and then kept, belong to the tuning half whatever their hash.
Only warnings and errors are alarms.

- **Recall**: the share of faults that raise any alarm.
- **False alarms**: the share of healthy networks that raise any.
- **Right cause**: the share of faults for which every rule that has to fire does, and no classic misdiagnosis.
- **Stray alarms**: the share of faults with an alarm that is neither expected nor a known consequence.

Intervals in brackets are exact binomial ones at 95% (Clopper and Pearson 1934). The cases and what is expected of
each are in `benchmarks/diagnosis/planted/`.
"""

PUBLISHED_HEAD = """## The published rule sets

Written anew from their documentation, with their default thresholds, and asked about the same records; a rule fires
where it does so in more than half of the seeds. Each of their rules is taken for any of ours that it may mean,
generously. They were made for other programs and other data than these small dense networks, so the figures say how
fixed thresholds do here, not what the tools are worth where they were made.
"""


BY_RULE = """Both halves together. *Planted*: faults in which the rule has to fire, and does. *Healthy*: healthy
networks on which it fires. *Elsewhere*: other faults in which it fires though it is neither expected nor a known
consequence.
"""


def page(result: Result, tried: Remedies) -> str:
    """Return the page in Markdown."""
    cases = result.valid("both")
    faults = sum(case.faulty for case in cases)
    numbers = {"faults": faults, "controls": len(cases) - faults, "seeds": SEEDS}
    parts: list[str] = [HEAD.format(date=result.date, engine=ENGINE_VERSION, **numbers)]
    for title, half in (("The scoring half", SCORING), ("The tuning half", TUNING)):
        parts.append("\n".join(_half(result, title, half)))
    if DRAWN.is_file():
        parts.append(section(json.loads(DRAWN.read_text(encoding="utf-8"))))
    if tried:
        parts.append("\n".join(_remedies(tried)))
    if COSTS.is_file():
        parts.append(cost.section(json.loads(COSTS.read_text(encoding="utf-8"))))
    parts.append("\n".join(_by_rule(result)))
    parts.append("\n".join(_confusion(result)))
    parts.append("\n".join(_published()))
    parts.append("\n".join(_cases(result)))
    return "\n".join(parts)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""


def _percent(found: Share) -> str:
    if found.value is None:
        return "–"
    low, high = found.interval
    return f"{found.value:.0%} ({found.count} of {found.of}; {100 * low:.0f}–{100 * high:.0f}%)"


def _half(result: Result, title: str, half: str) -> Iterator[str]:
    cases = result.valid(half)
    faults = sum(case.faulty for case in cases)
    yield f"## {title}: {faults} faults, {len(cases) - faults} healthy networks\n"
    rows = [(TITLES[name], *_row(score(cases, alarms))) for name, alarms in result.alarms.items()]
    yield from _table(("rules", "recall", "false alarms", "right cause", "stray alarms"), rows)


def _row(found: Score) -> tuple[str, ...]:
    return tuple(_percent(s) for s in (found.recall, found.false_alarms, found.right_cause, found.strays))


def _remedies(tried: Remedies) -> Iterator[str]:
    yield "## Remedies\n"
    yield paragraph(
        "The remedies of the scoring half's faults were tried as a report tries them, on the same seeds. One was "
        f"tested in {_percent(tested(tried))} of the faults; it helped in {_percent(helped(tried))} of all of them."
    )
    yield ""


def _by_rule(result: Result) -> Iterator[str]:
    yield "## By rule\n"
    yield BY_RULE
    found = score(result.valid("both"), result.alarms[OWN]).by_rule
    rows = [
        (f"`{row.rule}`", _percent(row.recall), f"{row.false_alarms.count} of {row.false_alarms.of}",
         f"{row.elsewhere.count} of {row.elsewhere.of}")
        for row in found
    ]  # fmt: skip
    yield from _table(("rule", "planted", "healthy", "elsewhere"), rows)


def _confusion(result: Result) -> Iterator[str]:
    yield "## What was planted, and what fired\n"
    rows = []
    for planted, fired in sorted(confusion(result.valid("both"), result.alarms[OWN]).items()):
        often = sorted(fired.items(), key=lambda item: (-item[1], item[0]))
        rows.append((planted, ", ".join(f"{name} {count}" for name, count in often)))
    yield from _table(("planted", "fired, in so many cases"), rows)


def _published() -> Iterator[str]:
    yield PUBLISHED_HEAD
    for rule_set in PUBLISHED:
        head = f"**{rule_set.title}** ({rule_set.source}). What cannot be evaluated on our records, or only nearly:"
        yield paragraph(head) + "\n"
        yield from (paragraph(f"- {sentence}", indent="  ") for sentence in rule_set.cannot)
        yield ""


def _cases(result: Result) -> Iterator[str]:
    for title, faulty in (("The planted faults", True), ("The healthy networks", False)):
        yield f"## {title}\n"
        chosen = [case for case in result.cases if case.faulty == faulty and case.name not in result.invalid]
        rows = [
            (case.name, case.plants, case.because, *([", ".join(sorted(case.must))] if faulty else []),
             result.half_of[case.name])
            for case in chosen
        ]  # fmt: skip
        middle = ("why it counts", "has to fire") if faulty else ("why it is healthy",)
        yield from _table(("case", "what is planted" if faulty else "what looks ill", *middle, "half"), rows)
