"""The flags that verbs share, and what they mean: studies and flags in, orders out."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reportgen.cli.terminal import say, told
from reportgen.errors import UsageError

if TYPE_CHECKING:
    from reportgen.workflow.request import Order

Studies = Annotated[
    list[str], typer.Argument(metavar="STUDY...", help="Study files, folders, reports, or names of shipped studies.")
]
Output = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="DIR", help="The report goes to DIR/<study>; to reports where not given."),
]
Formats = Annotated[
    list[str] | None,
    typer.Option("-f", "--format", metavar="LIST", help="Of html, pdf, json and kit; all where none is given."),
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change a setting, such as training.lr=0.1; repeatable."),
]
Seeds = Annotated[str | None, typer.Option("--seeds", metavar="N", help="How many seeds, or a list such as 0,1,2.")]
Jobs = Annotated[
    int | None, typer.Option("-j", "--jobs", min=1, metavar="N", help="Runs at a time; one a core by default.")
]
Quick = Annotated[
    bool, typer.Option("--quick", help="A small, watermarked version without verdicts; what is typed stays.")
]
AllowCode = Annotated[
    bool, typer.Option("--allow-code", help="Load the Python files that studies name under `plugins`.")
]
Strict = Annotated[bool, typer.Option("--strict", help="End with code 6 where a claim is not supported.")]
Open = Annotated[bool, typer.Option("--open", help="Open the report in a browser.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Print nothing but errors, and the report's path.")]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="A line for every run, also on a terminal.")]
Json = Annotated[bool, typer.Option("--json", help="Print the results as JSON.")]


@dataclass(frozen=True)
class Wish:
    """What the command line says of studies, their settings and their reports, as the user typed it."""

    studies: Sequence[str]
    output: Path | None
    formats: Sequence[str] | None
    changes: Sequence[str] | None
    seeds: str | None
    quick: bool
    strict: bool = False
    allow_code: bool = False

    @property
    def chosen_formats(self) -> tuple[str, ...]:
        """The formats after -f, none where there is no -f."""
        return tuple(part.strip() for text in self.formats or () for part in text.split(",") if part.strip())

    def overrides(self) -> dict[str, Any]:
        """Return the changed settings by their paths."""
        from reportgen.study.loading.overrides import parse_set

        pairs = [parse_set(change) for change in self.changes or ()]
        changed: dict[str, Any] = dict(pairs)
        if len(changed) < len(pairs):
            twice = next(path for path, count in Counter(path for path, _ in pairs).items() if count > 1)
            raise UsageError("?", f"--set {twice} stands here twice", hint="give each setting once")
        if self.seeds is None:
            return changed
        if "seeds" in changed:
            raise UsageError("?", "--seeds and --set seeds both say which seeds to train", hint="give one of them")
        return changed | {"seeds": parse_seeds(self.seeds)}

    def command(self, source: str) -> str:
        """Return the command that makes the same report again and ends with the same code.

        Where it goes, in which formats and on how many cores changes no number, and is left out.
        """
        options = [part for change in self.changes or () for part in ("--set", change)]
        options += ["--seeds", self.seeds] if self.seeds is not None else []
        flags = {"--quick": self.quick, "--strict": self.strict, "--allow-code": self.allow_code}
        options += [flag for flag, given in flags.items() if given]
        return shlex.join(["reportgen", "run", source, *options])

    def order(self, source: str) -> Order:
        """Return the order of one study."""
        from reportgen.workflow.request import FORMATS, order_study

        return order_study(
            source,
            output=self.output,
            formats=FORMATS if self.formats is None else self.chosen_formats,
            overrides=self.overrides(),
            flags={} if self.seeds is None else {"seeds": "--seeds"},
            quick=self.quick,
            command=self.command(source),
            allow_code=self.allow_code,
        )

    def orders(self) -> list[Order]:
        """Return the orders of all studies; where some are not valid, says so of each and ends the program."""
        from reportgen.shipped import files_passed_over, find_studies

        self.overrides()
        for name, file in files_passed_over(self.studies).items():
            say(f"{name} is taken for the shipped study; the file beside it is named {file}")
        codes: list[int] = []
        orders: list[Order] = []
        for source in find_studies(self.studies):
            with told(codes):
                orders.append(self.order(source))
        if codes:
            raise typer.Exit(codes[0])
        _refuse_equal_folders(orders)
        return orders


def parse_seeds(text: str) -> int | list[int]:
    """Return the number of seeds or the list of them that follows --seeds."""
    try:
        seeds = [int(part) for part in text.split(",")] if "," in text else int(text)
    except ValueError:
        raise UsageError("?", f"--seeds is a number or a list such as 0,1,2; found {text!r}") from None
    if isinstance(seeds, int) and seeds < 1:
        raise UsageError("?", f"--seeds is how many seeds, 1 at least, or a list such as 0,1,2; found {text!r}")
    return seeds


def _refuse_equal_folders(orders: list[Order]) -> None:
    twice = [folder for folder, count in Counter(order.folder for order in orders).items() if count > 1]
    if twice:
        hint = "rename one of the files, or run them apart with different -o"
        raise UsageError("?", f"two studies would both write to {twice[0]}", hint=hint)
