"""The instructions of an assignment, as README.md in the folder for students."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.study.loading.blanks import BLANK
from reportgen.teaching.key import Key

README = "README.md"


def instructions(key: Key, study: str) -> str:
    """Return the instructions as Markdown; `study` is the name of the study file."""
    return "\n".join([*_steps(key, study), "", *_claims(key), "", *_points(key)]) + "\n"


def _steps(key: Key, study: str) -> Iterator[str]:
    yield f"# {key.title}"
    yield ""
    yield "Predict the verdict on each claim, train the networks, and hand in the report."
    yield ""
    steps = [
        f"Open `{study}`. Write your student id after `student:`. It determines the seeds of your runs, "
        "so that your numbers are your own.",
        f"For each claim, replace `{BLANK}`: after `predict:` write `supported`, `contradicted` or `inconclusive`, "
        "and after `why:` your reason in one sentence.",
        *(
            f"Choose a value for `{gap.setting}` so that {_listed(gap.claims)} "
            f"{'is' if len(gap.claims) == 1 else 'are'} supported, and write it in place of `{BLANK}`."
            for gap in key.gaps
        ),
        *([_own(key)] if key.points.own_claims and key.points.own_claim else []),
        f"`reportgen check {study}` finds mistakes and blanks. `reportgen run {study}` trains the networks.",
        f"Hand in the folder `reports/{key.assignment}` with all its files, including `runs` and `data`.",
    ]
    yield from (f"{number}. {step}" for number, step in enumerate(steps, 1))
    yield ""
    yield "Do not change anything else in the file: the report is compared with the assignment and with its own runs."


def _own(key: Key) -> str:
    count = key.points.own_claims
    claims = "a claim of your own" if count == 1 else f"up to {count} claims of your own"
    metrics = "`reportgen list metrics` shows what can be measured."
    return f"Add {claims} at the end of `claims`, with your prediction. {metrics}"


def _claims(key: Key) -> Iterator[str]:
    yield "## Claims"
    yield ""
    yield from (f"- `{claim.id}`: {' '.join(claim.says.split())}" for claim in key.claims)


def _points(key: Key) -> Iterator[str]:
    points, weight = key.points, sum(claim.weight for claim in key.claims)
    rows = [
        ("the report agrees with the records of its runs", points.report),
        ("predictions with a reason", points.prediction * weight),
        ("predictions that equal the verdict", points.right * weight),
        ("claims that your settings support", points.gap * len(key.gaps)),
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
