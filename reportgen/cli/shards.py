"""The verb merge, and the option --shard of the verb run: parts of a study that separate jobs train."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reportgen.cli.app import FAILED, raise_interruption
from reportgen.cli.options import Json, RunOptions
from reportgen.cli.terminal import Answers, Show, print_json, print_lines
from reportgen.errors import Interruption, UsageError

if TYPE_CHECKING:
    from reportgen.cli.output.reports import Line
    from reportgen.workflow.shards.train import ShardOutcome


def merge(
    folders: Annotated[list[Path], typer.Argument(metavar="FOLDER...", help="Folders that run --shard has written.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="DIR", help="Copy the runs to DIR/<study>; by default reports.")
    ] = Path("reports"),
    as_json: Json = False,
) -> None:
    """Copy the runs of shards into one folder.

    Checks the digests of all runs before it copies the first one. A `reportgen run` with the same -o then trains only
    the missing runs and writes the report.
    """
    from reportgen.workflow.shards.merge import merge as merge_folders

    merged = merge_folders(folders, output)
    if as_json:
        print_json([{**asdict(one), "folder": str(one.folder)} for one in merged])
        return
    print_lines(("", f"{one.folder}: {one.copied} runs copied, {one.stored} already there") for one in merged)


def train_shards(
    options: RunOptions, text: str, unused: Sequence[str], show: Show, workers: int | None, fresh: bool
) -> None:
    """Train a shard of each study; `unused` options have no effect on it and are refused."""
    from reportgen.workflow.shards.train import Shard, train_shard_of

    shard = Shard.parse(text)
    if unused:
        message = f"{unused[0]} has no effect with --shard, which trains on this machine and writes no report"
        raise UsageError("option-conflict", message, hint=f"leave {unused[0]} out")
    requests = options.requests(show.as_json)
    answers = Answers(len(requests), show.as_json)
    try:
        for request in requests:
            raise_interruption()
            with answers.about(study=request.plan.study.id), show.listener() as listener:
                outcome = train_shard_of(request, shard, listener, workers=workers, fresh=fresh)
                answers.values.append(_values(outcome))
                answers.codes += [FAILED] if outcome.failed else []
                if not (show.as_json or show.quiet):
                    print_lines(_lines(outcome))
    except KeyboardInterrupt:
        raise Interruption("Interrupted. Finished runs are kept; the same command continues with the rest.") from None
    answers.finish()


def _values(outcome: ShardOutcome) -> dict[str, Any]:
    names = ("trained", "stored", "failed", "missing", "later_stages")
    named = {"study": outcome.request.plan.study.id, "folder": str(outcome.request.folder), "shard": str(outcome.shard)}
    return named | {name: getattr(outcome, name) for name in names}


def _lines(outcome: ShardOutcome) -> Iterator[Line]:
    name, counts = outcome.request.plan.study.id, f"{outcome.trained} trained, {outcome.stored} stored"
    failed = f", {outcome.failed} failed" if outcome.failed else ""
    yield "", f"{name}, shard {outcome.shard}: {counts}{failed}  {outcome.request.folder}"
    if outcome.missing:
        yield "", f"  {outcome.missing} runs of other shards are not in this folder"
    if outcome.later_stages:
        yield "", "  a search has further stages: after all shards, run them again, or run the study without --shard"
