"""What random draws say of the rules: scores on a terminal, as data, and as a part of the docs page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.diagnosis.at_random import Judged, Sample
from benchmarks.diagnosis.remedies import Tried, helped
from benchmarks.diagnosis.score import NOTHING, Share
from benchmarks.diagnosis.show import paragraph, percent
from reportgen.engine.spec import ENGINE_VERSION

DRAWN = Path(__file__).with_name("drawn.json")
"""The scores of the draws that the docs quote."""

SCORES = {
    "recall": ("faults that raise any alarm", "at least 95%"),
    "false_alarms": ("healthy networks that raise any", "at most 5%"),
    "right_cause": ("faults whose cause is named", "at least 85%"),
    "helped": ("faults of which a tested remedy helps", "at least 80%"),
}


def shares(sample: Sample, tried: Mapping[str, Sequence[Tried]]) -> dict[str, Share]:
    """Return the scores by name; tried: what became of the remedies of each faulty network."""
    ill = [one for one in sample.judged if one.fault]
    sound = [one for one in sample.judged if not one.fault]
    return {
        "recall": Share(sum(bool(one.alarms) for one in ill), len(ill)),
        "false_alarms": Share(sum(bool(one.alarms) for one in sound), len(sound)),
        "right_cause": Share(sum(one.right for one in ill), len(ill)),
        "helped": helped(tried),
    }


def lines(sample: Sample, tried: Mapping[str, Sequence[Tried]]) -> Iterator[str]:
    """Yield the scores, and the networks that the rules are wrong about."""
    for name, share in shares(sample, tried).items():
        words, goal = SCORES[name]
        yield f"{words:40}{percent(share):28}goal: {goal}"
    yield f"thrown away: {', '.join(f'{count} {why}' for why, count in sample.thrown.items()) or NOTHING}"
    for one in sample.judged:
        helps = any(t.remedy.verdict == "helped" for t in tried.get(one.case.case.name, ()))
        if (one.fault and not (one.right and (helps or not tried))) or (not one.fault and one.alarms):
            yield f"  {one.case.case.name}: {one.case.case.plants}; fired {_fired(one)}{'; helped' * helps}"


def _fired(one: Judged) -> str:
    return ", ".join(finding.rule for finding in one.alarms) or NOTHING


def published(sample: Sample, tried: Mapping[str, Sequence[Tried]], seeds: Sequence[int]) -> dict[str, Any]:
    """Return what the docs quote of a draw."""
    kinds: dict[str, list[int]] = {}
    for one in sample.judged:
        if one.fault:
            row = kinds.setdefault(one.fault.name, [0, 0, 0, 0])
            helps = any(t.remedy.verdict == "helped" for t in tried.get(one.case.case.name, ()))
            kinds[one.fault.name] = [a + b for a, b in zip(row, (1, bool(one.alarms), one.right, helps), strict=True)]
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "engine_version": ENGINE_VERSION,
        "seeds": list(seeds),
        "scores": {name: [share.count, share.of] for name, share in shares(sample, tried).items()},
        "thrown": dict(sample.thrown),
        "kinds": dict(sorted(kinds.items())),
    }


HEAD = """## Networks drawn at random

Scored on {date}, engine version {engine_version}, with the rules as they were then.

```sh
{command}
```
"""

PROSE = """Nobody chose these networks: data, sizes, depth, width, activation, initialization, optimizer, rate, batch
size and regularization are drawn, and half of them get one fault from a table (`benchmarks/diagnosis/plant.py`), with
the diagnoses that name it. A healthy network counts where its validation accuracy, over the last fifth of its epochs,
comes near to what is reachable on its data; a fault counts where it makes a healthy network clearly worse on held-out
examples in every seed. Neither asks a rule. Thrown away: {thrown}. The cause is named where a root of the alarms is
one of the fault's own diagnoses, and the report leads with one of these or of their known consequences. Rules were
mended by principle after earlier draws were looked at, those of seeds {looked_at} among them; this one was made of new
seeds, of which no score was looked at before, and is stated whatever it says."""

SINCE = " It has been looked at since, and rules were mended by it: these are the scores from before."

LOOKED_AT = (101, 102, 301, 302, 401, 402, 501, 502, 601)
"""Seeds that rules were mended by; none of them may be scored and published anew."""


def _listed(seeds: Sequence[int]) -> str:
    return f"{', '.join(map(str, seeds[:-1]))} and {seeds[-1]}"


def section(found: Mapping[str, Any]) -> str:
    """Return the part of the docs page on the draws that were published."""
    seeds, count = " ".join(map(str, found["seeds"])), found["scores"]["recall"][1] // len(found["seeds"])
    command = f"python -m benchmarks.diagnosis --random {count} --seed {seeds} --remedies --publish"
    thrown = ", ".join(f"{number} ({why})" for why, number in sorted(found["thrown"].items())) or NOTHING
    known = {name: found[name] for name in ("date", "engine_version")}
    table = ["| score | measured | goal |", "|---|---|---|"]
    for name, (words, goal) in SCORES.items():
        share = Share(*found["scores"][name])
        low, high = share.interval
        measured = f"{share.value or 0:.0%} ({share.count} of {share.of}; {100 * low:.0f}–{100 * high:.0f}%)"
        table.append(f"| {words} | {measured} | {goal} |")
    table += ["", "| fault | planted | any alarm | cause named | remedy helps |", "|---|---|---|---|---|"]
    table += [f"| {kind} | {' | '.join(map(str, row))} |" for kind, row in found["kinds"].items()]
    others = [seed for seed in LOOKED_AT if seed not in found["seeds"]]
    since = SINCE if len(others) < len(LOOKED_AT) else ""
    prose = paragraph(PROSE.format(thrown=thrown, looked_at=_listed(others)) + since)
    return "\n".join([HEAD.format(command=command, **known), prose, "", *table, ""])
