"""The verbs that explain the names in a study: list, describe and schema.

Modules that take time to load are imported inside the verbs that need them.
"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated

import typer

from reportgen.cli.app import app
from reportgen.cli.options import Json
from reportgen.cli.terminal import print_json, print_lines
from reportgen.errors import UsageError


def list_(
    kinds: Annotated[
        list[str] | None, typer.Argument(metavar="[KIND...]", help="Such as inits or rules; by default all.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the verbs and all names that a study can use."""
    from reportgen.cli.reference.catalogue import KINDS, kind_of
    from reportgen.cli.reference.descriptions import summary
    from reportgen.study.model.components import suggest

    known = {"verbs": verbs, **KINDS}
    meant = {word: kind_of(word, known) for word in kinds or known}
    unknown = [word for word, kind in meant.items() if kind is None]
    if unknown:
        raise UsageError("unknown-name", f"unknown kind {unknown[0]!r}", hint=suggest(unknown[0], list(known)))
    chosen = dict.fromkeys(kind for kind in meant.values() if kind is not None)
    summaries = {kind: {name: summary(entry) for name, entry in known[kind]().items()} for kind in chosen}
    if as_json:
        print_json(summaries)
        return
    for kind, entries in summaries.items():
        width = max((len(name) for name in entries), default=0)
        print_lines([("bold", kind), *(("", f"  {name:<{width}}  {text}") for name, text in entries.items()), ("", "")])


def describe(
    name: Annotated[str, typer.Argument(help="A name from `reportgen list`.")],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write a picture of an activation or schedule to FILE."),
    ] = None,
) -> None:
    """Describe a name from the list in detail."""
    from reportgen.cli.reference.catalogue import KINDS, find_entries
    from reportgen.cli.reference.descriptions import describe as lines_of

    matches = find_entries(name)
    if name in verbs():
        app([name, "--help"], prog_name="reportgen", standalone_mode=False)
    elif not matches:
        near = difflib.get_close_matches(name, [known for entries in KINDS.values() for known in entries()], n=1)
        raise UsageError("unknown-name", f"unknown name {name!r}", hint=_describe_hint(near))
    if output is not None:
        from reportgen.cli.reference.drawn import write_picture

        write_picture(matches, output)
    print_lines(("", line) for entry in matches for line in [*lines_of(*entry), ""])


def _describe_hint(near: list[str]) -> str:
    return f"did you mean {near[0]!r}?" if near else "see `reportgen list`"


def verbs() -> dict[str, str]:
    """Return the verbs with their summaries."""
    commands = (
        (str(command.name or command.callback.__name__), command.callback)
        for command in app.registered_commands
        if command.callback
    )
    return {name: (callback.__doc__ or "").partition("\n")[0] for name, callback in commands}


def schema() -> None:
    """Print the JSON Schema of study files, for editors."""
    from reportgen.plugins.loading import load_installed
    from reportgen.study.reference.schema import study_schema

    load_installed()
    print_json(study_schema())
