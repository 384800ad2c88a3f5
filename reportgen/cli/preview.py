"""The verb that shows a study while it is edited.

Modules that take time to load are imported inside the verb.
"""

from __future__ import annotations

import contextlib
import webbrowser
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from reportgen.cli.options import AllowCode, Jobs, Output, Quiet, Seeds, Set, Verbose, Wish
from reportgen.cli.terminal import Show, print_lines, say, tell_bug
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
        int | None, typer.Option("--port", min=0, max=65535, metavar="N", help="8000 by default; 0 for any free one.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A quick look, also where all runs are stored.")] = False,
    full: Annotated[bool, typer.Option("--full", help="The full report: train what each change asks for.")] = False,
    allow_code: AllowCode = False,
    open_: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Show a study's report while the study is edited.

    The page is served to this machine alone, follows every save, and is the full report where its runs are stored,
    otherwise a quick look. Ctrl-C ends it.
    """
    if quick and full:
        raise UsageError("?", "--quick and --full exclude each other", hint="give one of them")
    show = Show(quiet, verbose, False, open_)
    wish = Wish((study,), output, ("html",), changes, seeds, quick, allow_code=allow_code)
    from reportgen.preview.server import Shown, serving
    from reportgen.preview.session import Preview
    from reportgen.shipped import find_studies, study_file

    wish.overrides()
    found = find_studies(wish.studies)
    path = study_file(found[0])
    if len(found) > 1 or not path.is_file():
        raise StudyError(
            "?", f"{len(found)} studies" if len(found) > 1 else "there is no such file", study, "name one study"
        )
    shown = Shown(path.name)
    previewed = Preview(
        path, lambda small: replace(wish, quick=small).order(found[0]), shown, quick=quick, full=full, workers=jobs
    )
    previewed.refuse_other()
    with contextlib.suppress(KeyboardInterrupt), serving(shown, port) as address:
        print_lines([("", address)])
        if open_:
            webbrowser.open(address)
        _follow(previewed, show)
    raise Interruption("The preview has ended; finished runs are kept.")


def _follow(previewed: Preview, show: Show) -> None:
    """Make the page anew at every change, until an interruption."""
    while True:
        try:
            with show.watcher() as watcher:
                wrong = previewed.refresh(watcher)
        except Exception as error:
            tell_bug(error)
            previewed.shown.broken("This should not happen; the terminal says what to report.")
        else:
            if wrong or not show.quiet:
                say(f"reportgen: {wrong}" if wrong else f"{previewed.shown.state.message}; waiting for changes")
        previewed.wait()
