"""The section of the docs page on logs of scores, and the lines for a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.diagnosis.logs.judge import INVISIBLE
from benchmarks.diagnosis.logs.result import DRAWN as DRAWN_ROWS
from benchmarks.diagnosis.logs.result import OWN, UNTOLD, LogResult, Row
from benchmarks.diagnosis.logs.writers import EVERY, NORMS, WRITERS
from benchmarks.diagnosis.score import Share
from benchmarks.diagnosis.show import paragraph, percent

TITLES = {writer.name: writer.title for writer in (*WRITERS, NORMS)}
COLUMNS = ("recall", "visible", "false_alarms", "right_cause", "named", "strays")

HEAD = """## Logs of scores

Scored on {date}, engine version {engine_version}.

```sh
python -m benchmarks.diagnosis --scores --runmedic PYTHON --publish
{drawn}
```
"""

PROSE = f"""The same networks, trained with seeds of their own ({{seeds}}), are written as the logs of other tools and
read back: every epoch, as Keras's CSVLogger writes it, and every {EVERY} steps with validation by epoch, as Lightning's
does. The score forms of the rules see nothing else. They were tuned on the tuning half, and on networks drawn at random
with the seeds 701 to 703, 7001 to 7003 and 7101 to 7103. The scoring half has been counted three times. Two of its
healthy networks (`network-in-network` and `noisy-shapes-at-their-limit`) were inspected before an earlier change of
`undertrained`. After the false alarms of each rule on it had been counted once, two limits were raised, of
`undertrained` and of `wrong_init_loss` for a first validation, without an inspection of its networks. The figures of
both halves are those from before further changes: some alarms of these two rules are notes, `over_regularization` has a
form on scores, `class_imbalance` another one, and `no_learning`, `lr_too_low` and `split_mismatch` name causes that
they did not name. These were tried on 18 cases of the tuning half and on the networks of seeds 7003 and 7101 to 7103.
The networks drawn at random, below, show the rules with these changes, on networks that had not been seen: of all
figures on logs, theirs are the ones to rely on, and reports quote them. Three runs of a network are judged together.
Each single run counts by itself; these have no intervals, since the runs of a network are alike. An alarm of a log
names several possible causes: the cause counts as named if the required rules are among the rules and causes of the
alarms, and no alarm can only stand for a misdiagnosis. *Right cause* is this share of all faults, *cause named* of the
faults with an alarm. Our alarms name {{causes}} rules on average."""

SUBSET = """Scores cannot show every fault. In *recall of visible faults*, faults of these rules are left out: {rules}.
The other columns contain all faults."""


def lines(result: LogResult) -> Iterator[str]:
    """Yield the lines for a terminal."""
    yield from row_lines(result.rows)
    yield "\nfaults that only logs show"
    yield from row_lines(result.only_logs)
    yield "\nwrong on the tuning half, three runs"
    yield from (f"  {failure}" for failure in result.failures)


def row_lines(rows: Sequence[Row]) -> Iterator[str]:
    """Yield a line for each row."""
    for row in rows:
        shares = "  ".join(f"{name} {percent(getattr(row, name))}" for name in COLUMNS)
        yield f"{row.half:8} {row.log:6} {row.runs} runs  {row.rules}: {shares}  causes {row.causes:.1f}"


def section(found: Mapping[str, Any]) -> str:
    """Return the section of the docs page."""
    parts = [
        HEAD.format(**found | {"drawn": _command(found["drawn"]) if "drawn" in found else ""}),
        paragraph(PROSE.format(seeds=", ".join(map(str, found["seeds"])), causes=_causes(found, "scoring"))),
        "",
    ]
    parts += [paragraph(SUBSET.format(rules="; ".join(f"`{rule}` ({why})" for rule, why in INVISIBLE.items()))), ""]
    for half in ("scoring", "tuning"):
        parts += [f"### Logs, {half} half\n", *_table(found, half)]
    if "only_logs" in found:
        parts += ["### Logs of faults that only logs show\n", paragraph(ONLY_LOGS), ""]
        for half in ("scoring", "tuning"):
            parts += [f"The {half} half:\n", *_table({"rows": found["only_logs"]}, half)]
    if "drawn" in found:
        parts += ["### Logs of networks drawn at random\n", _drawn(found["drawn"])]
        parts += [*_table(found["drawn"], DRAWN_ROWS)]
    parts += ["### Logs, by rule\n", BY_RULE, *_by_rule(found)]
    return "\n".join(parts)


def _causes(found: Mapping[str, Any], half: str) -> str:
    counts = [row["causes"] for row in found["rows"] if row["rules"] == OWN and row["half"] == half]
    return f"{sum(counts) / len(counts):.1f}"


BY_RULE = """Both halves and both kinds of logs, three runs, number of classes given. *Planted*: logs of faults that
require the rule, for which it fires, with the faults that only logs show. Rules without planted cases so far have the
figures of networks drawn at random, where *planted* are the faults that the rule may name, possibly among others.
"""


ONLY_LOGS = """Resumed runs, gradient spikes and contradicting scores have no sign in a record. Their logs are of
trainings that the benchmark interferes with: it stops a run and continues it from weights without the state of the
optimizer, with another learning rate or with new weights, raises the learning rate for three steps, or measures the
accuracy with other labels. The healthy counterparts were resumed completely, have noisy gradients, or have right scores
of another kind. A fault counts only if the loss or the learning rate jumps. The three rules were mended after a first
run on the tuning half, and not after one on the scoring half, which has other data, networks and optimizers."""

DRAWN = """Scored on {date}: {count} faulty and {healthy} healthy networks of the seeds {seeds}, drawn and verified as
above. None of them was inspected before, and they were scored once. The cause counts as named if one of the diagnoses
of the fault is. Our alarms name {causes} rules on average. One condition is added: a healthy network must be steady.
Over the last fifth of the epochs, its validation accuracy has a standard deviation of at most three points, averaged
over the seeds. It varies by the training alone, since all epochs have the same examples, and if it varies more, the
last few steps decide how good the network is. The condition was added after the inspection of seed 7003, which has such
a network among those called healthy: its accuracy swings between 72% and 97% (standard deviation 6 points, and at most
2 for the others), and an alarm that it does not settle is right. {unsteady}"""
LEFT_OUT = "Healthy networks left out for this: {of}, of which {count} with an alarm."
NONE_LEFT_OUT = "No healthy network is left out for this."


def _command(found: Mapping[str, Any]) -> str:
    """Return the command that scores networks drawn at random."""
    each = found["rows"][0]["recall"][1] // len(found["seeds"])
    seeds = " ".join(map(str, found["seeds"]))
    return f"python -m benchmarks.diagnosis --scores --random {each} --seed {seeds} --publish"


def _drawn(found: Mapping[str, Any]) -> str:
    row, (alarmed, left_out) = found["rows"][0], found["unsteady"]
    unsteady = LEFT_OUT.format(count=alarmed, of=left_out) if left_out else NONE_LEFT_OUT
    counts = {"count": row["recall"][1], "healthy": row["false_alarms"][1], "causes": _causes(found, DRAWN_ROWS)}
    seeds = ", ".join(map(str, found["seeds"]))
    return paragraph(DRAWN.format(date=found["date"], seeds=seeds, unsteady=unsteady, **counts)) + "\n"


def _table(found: Mapping[str, Any], half: str) -> Iterator[str]:
    head = ("rules", "log", "runs", "recall", "recall of visible faults", "false alarms", "right cause", "cause named")
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in found["rows"]:
        if row["half"] == half:
            names = ("recall", "visible", "false_alarms", "right_cause", "named")
            shares = " | ".join(share_in_words(row[name], row["runs"] > 1) for name in names)
            yield f"| {row['rules']} | {TITLES[row['log']]} | {row['runs']} | {shares} |"
    yield ""


def rows_of_half(found: Mapping[str, Any], half: str) -> list[tuple[str, ...]]:
    """Return the rows of our rules for the table of the records: recall, false alarms, right cause and strays."""
    names = ("recall", "false_alarms", "right_cause", "strays")
    return [
        (
            f"{row['rules']}, log {TITLES[row['log']]}, {'3 runs' if row['runs'] > 1 else '1 run'}",
            *(share_in_words(row[name], row["runs"] > 1) for name in names),
        )
        for row in found["rows"]
        if row["half"] == half and row["rules"] in (OWN, UNTOLD)
    ]


def updated(text: str, found: Mapping[str, Any]) -> str:
    """Return the docs page with the scores on logs in place of older ones, as the whole benchmark writes it."""
    text = OWN_ROW.sub("", SECTION.sub("", text))
    for half in ("scoring", "tuning"):
        rows = "".join(f"| {' | '.join(row)} |\n" for row in rows_of_half(found, half))
        text = re.sub(TABLE_OF_HALF.format(half=half), lambda table, rows=rows: table[0] + rows, text)
    return text.replace(NEXT, f"{section(found)}\n{NEXT}", 1)


NEXT = "## Remedies\n"
SECTION = re.compile(r"^## Logs of scores\n.*?(?=^## )", re.DOTALL | re.MULTILINE)
OWN_ROW = re.compile(rf"^\| {OWN}(, number of classes not given)?, log .*\n", re.MULTILINE)
TABLE_OF_HALF = r"## The {half} half:.*\n\n(?:\|.*\n)+"


def share_in_words(counts: Sequence[int], with_interval: bool) -> str:
    """Return a share with its counts, and with its interval if the counts are independent."""
    share = Share(*counts)
    if share.value is None:
        return "–"
    low, high = share.interval
    interval = f"; {100 * low:.0f}–{100 * high:.0f}%" if with_interval else ""
    return f"{share.value:.0%} ({share.count} of {share.of}{interval})"


def _by_rule(found: Mapping[str, Any]) -> Iterator[str]:
    yield "| rule | planted | healthy | elsewhere |"
    yield "|---|---|---|---|"
    for rule, row in sorted({**found.get("drawn", {}).get("by_rule", {}), **found["by_rule"]}.items()):
        planted, healthy, other = (row[name] for name in ("planted", "healthy", "elsewhere"))
        words = share_in_words(planted, False)
        yield f"| `{rule}` | {words} | {healthy[0]} of {healthy[1]} | {other[0]} of {other[1]} |"
    yield ""
