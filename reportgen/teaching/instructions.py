"""The instructions of an assignment, as README.md in the folder for students."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.report.media.inline import inline_markdown, markdown_text
from reportgen.study.loading.blanks import BLANK
from reportgen.teaching.key import Key

README = "README.md"

EXAMPLE = """\
- id: loss-falls-below-one
  says: The validation loss falls below 1.
  measure: {metric: val_loss}
  expect: {below: 1}
"""
"""A claim as in a study, which any study can measure that has a validation split."""


def instructions(key: Key, study: str) -> str:
    """Return the instructions as Markdown; `study` is the name of the study file."""
    return "\n".join([*_steps(key, study), "", *_claims(key), "", *_points(key)]) + "\n"


def _steps(key: Key, study: str) -> Iterator[str]:
    yield f"# {markdown_text(key.title)}"
    yield ""
    yield "Predict the verdict on each claim, then train the networks, and hand in the report."
    yield ""
    steps = [
        f"Open `{study}`, and keep its name. After `student:`, replace `{BLANK}` by your student id. It determines the "
        "seeds of your runs, so that your numbers are your own.",
        f"For each claim, replace `{BLANK}` twice: after `predict:` by `supported`, `contradicted` or `inconclusive`, "
        'and after `why:` by your reason in one sentence, between double quotes: `why: "The labels are random."`',
        *(
            f"Choose a value for `{gap.setting}` so that {_listed(gap.claims)} "
            f"{'is' if len(gap.claims) == 1 else 'are'} supported, and write it in place of `{BLANK}`."
            for gap in key.gaps
        ),
        *([_own(key)] if key.points.own_claims and key.points.own_claim else []),
        f"In a terminal, change to the folder of this file. `reportgen check {study}` lists mistakes and blanks.",
        f"`reportgen run {study}` trains the networks and writes the report. Use no options that change the study, "
        "such as `--quick` or `--set`.",
        f"Hand in the folder `reports/{key.assignment}`, which is next to this file, with all files and folders in it"
        f"{', including `data`' if key.data else ''}. Of several reports, the newest one without a problem counts.",
    ]
    yield from (f"{number}. {step}" for number, step in enumerate(steps, 1))
    yield ""
    yield "Do not change anything else in the file: the report is compared with the assignment and with its own runs."
    if key.points.own_claims and key.points.own_claim:
        yield from ("", "A claim of your own has an id, a sentence, a measurement and an expectation, such as", "")
        yield from ("```yaml", *EXAMPLE.splitlines(), "```")


def _own(key: Key) -> str:
    count = key.points.own_claims
    claims = "a claim of your own" if count == 1 else f"up to {count} claims of your own"
    metrics = "`reportgen list metrics` shows what can be measured, and `reportgen describe METRIC` explains it."
    return f"If you like, add {claims} at the end of `claims`, as below. {metrics}"


def _claims(key: Key) -> Iterator[str]:
    yield "## Claims"
    yield ""
    yield from (f"- `{claim.id}`: {inline_markdown(claim.says)}" for claim in key.claims)


def _points(key: Key) -> Iterator[str]:
    points, weight = key.points, sum(claim.weight for claim in key.claims)
    rows = [
        ("the report agrees with the records of its runs", points.report),
        ("predictions with a reason", points.prediction * weight),
        ("predictions that equal the verdict", points.right * weight),
        ("settings that you choose, if their claims are supported", points.gap * len(key.gaps)),
        ("claims of your own with a clear verdict", points.own_claim * points.own_claims),
    ]
    yield "## Points"
    yield ""
    yield "| part | points |"
    yield "|---|---|"
    yield from (f"| {part} | {most:g} |" for part, most in rows if most)
    yield ""
    yield "A report that does not agree with its records, or whose runs are not your own, gets no points."


def _listed(names: list[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
