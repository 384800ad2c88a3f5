"""The verb preview, which shows the report of a study while the study is edited.

Modules that take time to load are imported inside the verb.
"""

from __future__ import annotations

import contextlib
import webbrowser
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from reportgen.cli.options import AllowCode, Jobs, Output, Quiet, RunOptions, Seeds, Set, Verbose
from reportgen.cli.terminal import Show, print_lines, report_error, say
from reportgen.errors import Interruption, StudyError, UsageError

if TYPE_CHECKING:
    from reportgen.preview.session import Preview


def preview(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="A study file, or the name of a shipped study.")],
    output: Output = None,
    changes: Set = None,
    seeds: Seeds = None,
    jobs: Jobs = None,
    port: Annotated[
        int | None,
        typer.Option("--port", min=0, max=65535, metavar="N", help="Port number; 8000 by default, 0 for a free one."),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Show a quick look even if all runs are stored.")] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Show the full report: train the missing runs after each change.")
    ] = False,
    allow_code: AllowCode = False,
    open_: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Show the report of a study and update it after every save.

    Serves the page to this machine only. Shows the full report if its runs are stored, otherwise a quick look.
    Ctrl-C ends the preview.
    """
    if quick and full:
        raise UsageError("option-conflict", "--quick and --full exclude each other", hint="use one of them")
    show = Show(quiet, verbose, as_json=False, open=open_)
    options = RunOptions((study,), output, ("html",), changes, seeds, quick, allow_code=allow_code)
    from reportgen.preview.server import PreviewPage, serving
    from reportgen.preview.session import Preview
    from reportgen.shipped import find_studies, study_file

    options.overrides()
    sources = find_studies(options.studies)
    path = study_file(sources[0])
    if len(sources) > 1:
        raise StudyError("ambiguous-argument", f"the folder contains {len(sources)} studies", study, "name one of them")
    if not path.is_file():
        raise StudyError("file-not-found", "no such file", study, "name a study")
    shown = PreviewPage(path.name)
    previewed = Preview(
        path,
        lambda small: replace(options, quick=small).request(sources[0]),
        shown,
        quick=quick,
        full=full,
        workers=jobs,
    )
    previewed.refuse_other()
    with contextlib.suppress(KeyboardInterrupt), serving(shown, port) as address:
        print_lines([("", address)])
        if open_:
            webbrowser.open(address)
        _follow(previewed, show)
    raise Interruption("The preview has ended; finished runs are kept.")


def _follow(previewed: Preview, show: Show) -> None:
    """Update the page after every change, until an interruption."""
    while True:
        try:
            with show.listener() as listener:
                message = previewed.refresh(listener)
        except Exception as error:
            report_error(error)
            previewed.shown.broken("Internal error; see the terminal.")
        else:
            for line in message.splitlines() if message else []:
                say(f"reportgen: {line}")
            if not (message or show.quiet):
                say(f"{previewed.shown.state.message}; waiting for changes")
        previewed.wait()
