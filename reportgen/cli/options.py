"""Options shared by several verbs, and the requests made from them."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reportgen.cli.terminal import Answers, say
from reportgen.errors import UsageError

if TYPE_CHECKING:
    from reportgen.workflow.request import RunRequest

Studies = Annotated[
    list[str], typer.Argument(metavar="STUDY...", help="Study files, folders, reports, or names of shipped studies.")
]
Output = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="DIR", help="Write reports to DIR/<study>; by default reports/<study>."),
]
Formats = Annotated[
    list[str] | None,
    typer.Option(
        "-f", "--format", metavar="LIST", help="Formats: html, pdf, json, kit, which are the default, slides and quiz."
    ),
]
DiagnosisFormats = Annotated[
    list[str] | None,
    typer.Option("-f", "--format", metavar="LIST", help="Formats: html, pdf, json, kit; by default all."),
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change a setting, such as training.lr=0.1; can be repeated."),
]
Seeds = Annotated[str | None, typer.Option("--seeds", metavar="N", help="Number of seeds, or a list such as 0,1,2.")]
MOST_JOBS = 1024
"""Largest number of parallel runs, far above the cores of a machine."""

Jobs = Annotated[
    int | None,
    typer.Option(
        "-j", "--jobs", min=1, max=MOST_JOBS, metavar="N", help="Number of parallel runs; by default one per core."
    ),
]
Dask = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS", help="Train on a Dask cluster; 'local' starts one of N processes on this machine."),
]
DaskWait = Annotated[
    float | None,
    typer.Option(min=0.1, metavar="SECONDS", help="Longest wait for a Dask scheduler and a worker; by default 30."),
]
ShardText = Annotated[
    str | None,
    typer.Option("--shard", metavar="K/N", help="Train only part K of N of the runs, and write no report."),
]
Quick = Annotated[
    bool, typer.Option("--quick", help="Run a small version without verdicts; --set and --seeds take precedence.")
]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with code 6 if a claim is not supported.")]
NoScript = Annotated[bool, typer.Option("--no-script", help="Leave the explorer and its script out of the page.")]
AllowCode = Annotated[bool, typer.Option("--allow-code", help="Load the Python files in `plugins` of the studies.")]
Language = Annotated[
    str | None, typer.Option("--lang", metavar="CODE", help="Language of the pages: en, de or es; by default en.")
]
Open = Annotated[bool, typer.Option("--open", help="Open the report in a browser.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Print only errors and the path of each report.")]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Print a line for each run instead of a progress bar.")]
Json = Annotated[bool, typer.Option("--json", help="Print results and errors as JSON.")]

SEEDS = "a number of seeds from 1, or a list such as 0,1,2"


@dataclass(frozen=True)
class RunOptions:
    """The options that determine studies, settings and reports, as typed."""

    studies: Sequence[str]
    output: Path | None
    formats: Sequence[str] | None
    changes: Sequence[str] | None
    seeds: str | None
    quick: bool
    strict: bool = False
    allow_code: bool = False
    script: bool = True

    @property
    def chosen_formats(self) -> tuple[str, ...]:
        """The formats given with -f; empty without -f."""
        return listed(self.formats)

    def overrides(self) -> dict[str, Any]:
        """Return the values of --set and --seeds by setting."""
        from reportgen.analysis.words.foreign import refuse_undecodable
        from reportgen.study.loading.overrides import parse_set

        refuse_undecodable(*(self.changes or ()))
        pairs = [parse_set(change) for change in self.changes or ()]
        changed: dict[str, Any] = dict(pairs)
        if len(changed) < len(pairs):
            twice = next(path for path, count in Counter(path for path, _ in pairs).items() if count > 1)
            raise UsageError("option-conflict", f"--set {twice} is used twice", hint="set each setting once")
        if self.seeds is None:
            return changed
        if "seeds" in changed:
            raise UsageError("option-conflict", "--seeds and --set seeds exclude each other", hint="use one of them")
        return changed | {"seeds": parse_seeds(self.seeds)}

    def command(self, source: str) -> str:
        """Return the command that reproduces the report and the exit code.

        Options that do not affect the results, such as folder, formats and number of jobs, are left out.
        """
        options = [part for change in self.changes or () for part in ("--set", change)]
        options += ["--seeds", self.seeds] if self.seeds is not None else []
        flags = {"--quick": self.quick, "--strict": self.strict, "--allow-code": self.allow_code}
        options += [flag for flag, used in flags.items() if used]
        return shlex.join(["reportgen", "run", source, *options])

    def request(self, source: str) -> RunRequest:
        """Return the request for one study."""
        from reportgen.workflow.request import DEFAULT_FORMATS, make_request

        return make_request(
            source,
            output=self.output,
            formats=DEFAULT_FORMATS if self.formats is None else self.chosen_formats,
            overrides=self.overrides(),
            flags={} if self.seeds is None else {"seeds": "--seeds"},
            quick=self.quick,
            command=self.command(source),
            allow_code=self.allow_code,
            script=self.script,
        )

    def requests(self, as_json: bool) -> list[RunRequest]:
        """Return the requests for all studies; if any is not valid, report all errors and exit."""
        from reportgen.shipped import find_studies, ignored_files

        self.overrides()
        for name, file in ignored_files(self.studies).items():
            say(f"{name} is the shipped study; use {file} for the file in this folder")
        sources = find_studies(self.studies)
        requests: list[RunRequest] = []
        failed = Answers(len(sources), as_json)
        for source in sources:
            with failed.about(study=source):
                requests.append(self.request(source))
        if failed.codes:
            failed.finish()
        _refuse_equal_folders(requests)
        return requests


def listed(texts: Sequence[str] | None) -> tuple[str, ...]:
    """Return the names in options that are lists, such as "html,pdf"; empty without an option."""
    return tuple(part.strip() for text in texts or () for part in text.split(",") if part.strip())


def report_language(code: str | None) -> str:
    """Return the value of --lang, English without one."""
    from reportgen.languages.translate import ENGLISH, known_languages

    known = known_languages()
    if code is not None and code not in known:
        raise UsageError("invalid-option", f"invalid --lang {code!r}", hint=f"one of {', '.join(known)}")
    return code or ENGLISH


def parse_seeds(text: str) -> int | list[int]:
    """Return the value of --seeds: a number of seeds, or a list of seeds."""
    try:
        seeds = [int(part) for part in text.split(",")] if "," in text else int(text)
    except ValueError:
        raise UsageError("invalid-option", f"invalid --seeds {text!r}", hint=SEEDS) from None
    if isinstance(seeds, int) and seeds < 1:
        raise UsageError("invalid-option", f"invalid --seeds {text!r}", hint=SEEDS)
    return seeds


def _refuse_equal_folders(requests: list[RunRequest]) -> None:
    twice = [folder for folder, count in Counter(request.folder for request in requests).items() if count > 1]
    if twice:
        hint = "rename one of the files, or run them separately with different -o"
        raise UsageError("output-conflict", f"two studies have the same report folder {twice[0]}", hint=hint)
