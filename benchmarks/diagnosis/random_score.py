"""Scores of the rules on random networks: for the terminal, as data, and as a section of the docs page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.diagnosis.at_random import Judged, Sample
from benchmarks.diagnosis.remedies import Tried, helped, tried_remedies, tried_repairs
from benchmarks.diagnosis.score import NOTHING, Share
from benchmarks.diagnosis.show import paragraph, percent
from reportgen.engine.spec import ENGINE_VERSION

DRAWN = Path(__file__).with_name("drawn.json")
"""File with the scores in the docs."""

SCORES = {
    "recall": ("faults with any alarm", "at least 95%"),
    "false_alarms": ("healthy networks with any alarm", "at most 5%"),
    "right_cause": ("faults whose cause is named", "at least 85%"),
    "helped": ("faults for which a tested remedy helps", "at least 85%"),
    "helped_by_setting": ("of these, faults that a setting removes", "at least 85%"),
    "helped_by_repair": ("of these, faults that only repaired data remove", "at least 85%"),
}


def remedies(network: Judged, folder: Path, workers: int) -> tuple[Tried, ...]:
    """Return the tested remedies of a faulty network: changes of settings, or the repair of its data."""
    tried, part = tried_remedies(network.case, folder, workers), network.spoiled
    if part is None or network.sound is None:
        return tried
    return (*tried, *tried_repairs(network.case, network.found, part, network.sound))


def shares(sample: Sample, tried: Mapping[str, Sequence[Tried]]) -> dict[str, Share]:
    """Return the scores by name; tried: tested remedies of each faulty network."""
    faulty = [network for network in sample.judged if network.fault]
    by_repair = {network.case.case.name for network in faulty if network.spoiled}
    healthy = [network for network in sample.judged if not network.fault]
    return {
        "recall": Share(sum(bool(network.alarms) for network in faulty), len(faulty)),
        "false_alarms": Share(sum(bool(network.alarms) for network in healthy), len(healthy)),
        "right_cause": Share(sum(network.right for network in faulty), len(faulty)),
        "helped": helped(tried),
        "helped_by_setting": helped({name: t for name, t in tried.items() if name not in by_repair}),
        "helped_by_repair": helped({name: t for name, t in tried.items() if name in by_repair}),
    }


def lines(sample: Sample, tried: Mapping[str, Sequence[Tried]]) -> Iterator[str]:
    """Yield the scores and the wrongly diagnosed networks as lines of text."""
    for name, share in shares(sample, tried).items():
        words, goal = SCORES[name]
        yield f"{words:40}{percent(share):28}goal: {goal}"
    yield f"rejected: {', '.join(f'{count} {why}' for why, count in sample.thrown.items()) or NOTHING}"
    for network in sample.judged:
        helps = any(t.remedy.verdict == "helped" for t in tried.get(network.case.case.name, ()))
        if (network.fault and not (network.right and (helps or not tried))) or (not network.fault and network.alarms):
            yield f"  {network.case.case.name}: {network.case.case.plants}; fired {_fired(network)}{'; helped' * helps}"


def _fired(network: Judged) -> str:
    return ", ".join(finding.rule for finding in network.alarms) or NOTHING


def published(sample: Sample, tried: Mapping[str, Sequence[Tried]], seeds: Sequence[int]) -> dict[str, Any]:
    """Return the scores for the docs."""
    kinds: dict[str, list[int]] = {}
    for network in sample.judged:
        if network.fault:
            row = kinds.setdefault(network.fault.name, [0, 0, 0, 0])
            helps = any(t.remedy.verdict == "helped" for t in tried.get(network.case.case.name, ()))
            kinds[network.fault.name] = [
                a + b for a, b in zip(row, (1, bool(network.alarms), network.right, helps), strict=True)
            ]
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

PROSE = """Data, sizes, depth, width, activation, initialization, optimizer, learning rate, batch size and
regularization of these networks are random. Half of the networks get one fault from a table with the diagnoses that
name it (`benchmarks/diagnosis/plant.py`). A healthy network counts if its validation accuracy over the last fifth of
the epochs is close to the attainable accuracy on its data. A fault counts if it makes a healthy network clearly worse
on held-out examples in every seed. Both criteria are independent of the rules. Rejected: {thrown}. The cause is named
if a root cause among the alarms is one of the diagnoses of the fault, and the first root cause is one of these or of
their known consequences. Remedies are tested with the same seeds. No setting repairs validation examples that are
unlike the training examples. Their remedy is to repair the data, and it counts if the advice names the spoiled part,
inputs or labels, and the network is better on the data without the fault. Since a fault counts only if it makes the
network worse, the second condition nearly always holds: this score shows whether the advice names the right part. It
also has a row of its own. Rules were improved after inspections of earlier networks, those of seeds {looked_at} among
them. The networks of this table have new seeds, whose scores were not inspected before."""

SINCE = " They have been inspected since, and rules were improved by them: these are the scores from before."

LOOKED_AT = (101, 102, 301, 302, 401, 402, 501, 502, 601, 701, 702, 703, 704, 705)
"""Seeds that were used to improve rules; they may not be scored and published again."""


def _listed(seeds: Sequence[int]) -> str:
    return f"{', '.join(map(str, seeds[:-1]))} and {seeds[-1]}"


def section(found: Mapping[str, Any]) -> str:
    """Return the section of the docs page on the published scores."""
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


def updated(text: str, found: Mapping[str, Any]) -> str:
    """Return the docs page with these scores in place of older ones, as the whole benchmark writes it."""
    return SECTION.sub(lambda older: f"{section(found)}\n", text, count=1)


SECTION = re.compile(r"^## Networks drawn at random\n.*?(?=^## )", re.DOTALL | re.MULTILINE)
