"""The instructions of an assignment, as README.md in the folder for students."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.analysis.words.listing import listing
from reportgen.languages.translate import _, in_language, ngettext, numeral
from reportgen.report.media.inline import inline_markdown, markdown_text
from reportgen.study.loading.blanks import BLANK
from reportgen.teaching.key import Gap, Key

README = "README.md"

EXAMPLE = """\
- id: loss-falls-below-one
  says: {says}
  measure: {{metric: val_loss}}
  expect: {{below: 1}}
"""
"""A claim as in a study, which any study can measure that has a validation split."""


def instructions(key: Key, study: str) -> str:
    """Return the instructions as Markdown in the language of the key; `study` is the name of the study file."""
    with in_language(key.lang):
        return "\n".join([*_text(key, study), "", *_claims(key), "", *_points(key)]) + "\n"


def example() -> str:
    """Return a claim of a student's own as YAML, with its sentence in the current language."""
    return EXAMPLE.format(says=_("The validation loss falls below 1."))


def _text(key: Key, study: str) -> Iterator[str]:
    yield f"# {markdown_text(key.title)}"
    yield ""
    yield _("Predict the verdict on each claim, then train the networks, and hand in the report.")
    yield ""
    yield from (f"{number}. {step}" for number, step in enumerate(_steps(key, study), 1))
    yield ""
    yield _(
        "Do not change anything else in the file: the report is compared with the assignment and with its own runs."
    )
    if key.points.own_claims and key.points.own_claim:
        yield from ("", _("A claim of your own has an id, a sentence, a measurement and an expectation, such as"), "")
        yield from ("```yaml", *example().splitlines(), "```")


def _steps(key: Key, study: str) -> Iterator[str]:
    yield _(
        "Open `{study}`, and keep its name. After `student:`, replace `{blank}` by your student id. It determines the "
        "seeds of your runs, so that your numbers are your own."
    ).format(study=study, blank=BLANK)
    yield _(
        "For each claim, replace `{blank}` twice: after `predict:` by `supported`, `contradicted` or `inconclusive`, "
        'and after `why:` by your reason in one sentence, between double quotes: `why: "The labels are random."`'
    ).format(blank=BLANK)
    yield from (_gap(gap) for gap in key.gaps)
    if key.points.own_claims and key.points.own_claim:
        yield _own(key)
    yield _(
        "In a terminal, change to the folder of this file. `reportgen check {study}` lists mistakes and blanks."
    ).format(study=study)
    yield _(
        "`reportgen run {study}` trains the networks and writes the report. Use no options that change the study, such "
        "as `--quick` or `--set`."
    ).format(study=study)
    handed = (
        _(
            "Hand in the folder `{folder}`, which is next to this file, with all files and folders in it, including "
            "`data`."
        )
        if key.data
        else _("Hand in the folder `{folder}`, which is next to this file, with all files and folders in it.")
    )
    counted = _("Of several reports, the newest one without a problem counts.")
    yield f"{handed.format(folder=f'reports/{key.assignment}')} {counted}"


def _gap(gap: Gap) -> str:
    text = ngettext(
        "Choose a value for `{setting}` so that {claims} is supported, and write it in place of `{blank}`.",
        "Choose a value for `{setting}` so that {claims} are supported, and write it in place of `{blank}`.",
        len(gap.claims),
    )
    return text.format(setting=gap.setting, claims=listing([f"`{name}`" for name in gap.claims]), blank=BLANK)


def _own(key: Key) -> str:
    count = key.points.own_claims
    text = (
        _("If you like, add a claim of your own at the end of `claims`, as below.")
        if count == 1
        else _("If you like, add up to {count} claims of your own at the end of `claims`, as below.")
    )
    metrics = _("`reportgen list metrics` shows what can be measured, and `reportgen describe METRIC` explains it.")
    return f"{text.format(count=count)} {metrics}"


def _claims(key: Key) -> Iterator[str]:
    heading = _("Claims")
    yield f"## {heading}"
    yield ""
    yield from (f"- `{claim.id}`: {inline_markdown(claim.says)}" for claim in key.claims)


def _points(key: Key) -> Iterator[str]:
    points, weight = key.points, sum(claim.weight for claim in key.claims)
    rows = [
        (_("the report agrees with the records of its runs"), points.report),
        (_("predictions with a reason"), points.prediction * weight),
        (_("predictions that equal the verdict"), points.right * weight),
        (_("settings that you choose, if their claims are supported"), points.gap * len(key.gaps)),
        (_("claims of your own with a clear verdict"), points.own_claim * points.own_claims),
    ]
    heading, part_name, points_name = _("Points"), _("part"), _("points")
    yield f"## {heading}"
    yield ""
    yield f"| {part_name} | {points_name} |"
    yield "|---|---|"
    yield from (f"| {part} | {numeral(f'{most:g}')} |" for part, most in rows if most)
    yield ""
    yield _("A report that does not agree with its records, or whose runs are not your own, gets no points.")
