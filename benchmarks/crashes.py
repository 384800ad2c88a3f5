"""Stop every command that writes at every single disk operation, then look at what is left and start it again.

    python -m benchmarks.crashes [--every N] [SCENARIO...]

Faults are a kill, a full disk (ENOSPC), a broken one (EIO) and a denied access (EACCES). After a fault the files that a
command writes are the former ones, the new ones or absent, no error is a traceback, and the same command repairs all.
A writer that replaces its files one by one is a control, in which the same faults must find mixtures.

Clocks stand still, so that a run that is repeated writes the same bytes. Pages, PDFs and pictures are drawn once and
then remembered, since only their way to the disk matters.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import pkgutil
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from benchmarks.counts import Counts
from reportgen import disk
from reportgen.cli.main import invoke
from reportgen.paths import JOURNAL
from reportgen.report.media import pdf
from reportgen.runs.claims import LOCKS
from tests.clocks import stop_clocks
from tests.disk_faults import FAULTS, KILL, FaultyDisk, Killed, tree
from tests.rates import write_study
from tests.report.finished_reports import report
from tests.teaching.course import write_course

MOST_EXIT_CODE = 6
NO_REPORT = 3
"""Exit code of `grade` for folders without a report."""


@dataclass(frozen=True)
class Scenario:
    """A command that is stopped.

    Attributes
    ----------
    command : the command line.
    written : what the command writes.
    prepare : makes the working folder of each try.
    resumes : whether runs may be stored without a report, which the same command continues.
    code : exit code of the command if nothing stops it.
    """

    command: tuple[str, ...]
    written: tuple[str, ...]
    prepare: Callable[[], None]
    resumes: bool = False
    code: int = 0


def _study() -> None:
    write_study("rates.yaml")


def _report(formats: str = "json") -> None:
    _study()
    _run("run", "rates.yaml", "-f", formats, "-q")
    write_study("rates.yaml", title="Another title")


def _shards() -> None:
    _study()
    for number in (1, 2):
        _run("run", "rates.yaml", "--shard", f"{number}/2", "-o", f"shard-{number}", "-q")


def _reports() -> None:
    report(Path("reports/a"))
    report(Path("reports/b"))
    _run("index", "reports", "-o", "site", "--title", "The former title")


def _course() -> None:
    write_course(Path("course"))


def _submissions() -> None:
    _course()
    _run("assignment", "course/act.yaml", "-o", "hw", "--key", "key.yaml")
    for name in ("ann", "bob"):
        Path("handed-in", name).mkdir(parents=True)
    _run("grade", "handed-in/ann", "--key", "key.yaml")


RUN = ("run", "rates.yaml", "-q", "-j", "1", "-f")
DRAWN = "html,pdf,kit"

SCENARIOS: Mapping[str, Scenario] = {
    "new": Scenario(("new", "study"), ("study.yaml",), lambda: None),
    "assignment": Scenario(("assignment", "course/act.yaml", "-o", "hw", "--key", "key.yaml"), ("hw",), _course),
    "grade": Scenario(
        ("grade", "handed-in/ann", "handed-in/bob", "--key", "key.yaml"), ("grades",), _submissions, code=NO_REPORT
    ),
    "index": Scenario(("index", "reports", "-o", "site"), ("site",), _reports),
    "first run": Scenario((*RUN, "json"), ("reports",), _study, resumes=True),
    "second run": Scenario((*RUN, "json"), ("reports",), _report),
    "figures": Scenario((*RUN, DRAWN), ("reports",), partial(_report, DRAWN)),
    "merge": Scenario(("merge", "shard-1", "shard-2", "-o", "merged"), ("merged",), _shards, resumes=True),
}
"""All scenarios: the store, the publication of results, the kept figures with page and PDF, and the other writers."""


def remember(patch: pytest.MonkeyPatch) -> None:
    """Stop the clocks, and draw each figure, page and PDF once for each title of a study."""
    stop_clocks(patch)
    _once(patch, "reportgen.figures.draw_all", lambda analysis: analysis.plan.study.title)
    _once(patch, "reportgen.figures.drawing.export.content", lambda drawing, ending, svg=None: (id(drawing), ending))
    for name in ("svg_text", "screen_svg"):
        _once(patch, f"reportgen.report.write.{name}", lambda drawing, svg="": id(drawing))
    _once(patch, "reportgen.report.media.html.page", lambda document, pictures, script=True: document.title)
    pdfs: dict[str, bytes] = {}
    write_pdf = pdf.write_pdf

    def write(document: Any, pictures: Any, attached: Any, path: Path) -> Path:
        if document.title not in pdfs:
            pdfs[document.title] = write_pdf(document, pictures, attached, path).read_bytes()
        else:
            path.write_bytes(pdfs[document.title])
        return path

    patch.setattr(pdf, "write_pdf", write)


def _once(patch: pytest.MonkeyPatch, name: str, key: Callable[..., Any]) -> None:
    """Let a function remember its results by a key of its arguments."""
    found: dict[Any, Any] = {}
    original: Callable[..., Any] = pkgutil.resolve_name(name)

    def remembered(*arguments: Any, **options: Any) -> Any:
        place = key(*arguments, **options)
        if place not in found:
            found[place] = original(*arguments, **options)
        return found[place]

    patch.setattr(name, remembered)


def try_all(patching: pytest.MonkeyPatch, scenario: Scenario, every: int, faults: tuple[str, ...] = FAULTS) -> Counts:
    """Stop a scenario at each n-th disk operation, in an empty current folder, and count what is wrong."""
    counts = Counts()
    scenario.prepare()
    start = Path("start")
    _move_all(Path(), start)
    with _in_copy(patching, start) as folder:
        whole = [_state(folder, scenario), _after(folder, scenario)]
    for fault in faults:
        stop_at, reached = 0, True
        while reached:
            with _in_copy(patching, start) as folder:
                reached = _try(patching, folder, scenario, whole, counts, fault, stop_at)
            stop_at += every
    return counts


def _try(
    patching: pytest.MonkeyPatch,
    folder: Path,
    scenario: Scenario,
    whole: list[dict[str, bytes]],
    counts: Counts,
    fault: str,
    stop_at: int,
) -> bool:
    """Stop the scenario once; return whether it was still running at this operation."""
    with patching.context() as patch:
        machine = FaultyDisk(patch, stop_at, fault)
        code, printed = _run(*scenario.command)
    if not machine.reached:
        return False
    counts.tried += 1
    name = f"{fault} at operation {stop_at} ({machine.names[stop_at]})"
    if "Traceback" in printed or (code is None) != (fault == KILL) or (code or 0) > MOST_EXIT_CODE or code == 1:
        counts.add("traceback", f"{name}: code {code}: {printed[-500:]}")
    left = {path.name for path in folder.rglob(f"{disk.PREFIX}*")}
    with patching.context() as patch:
        patch.setattr(disk, "_abandoned", lambda path: path.name in left)  # the process has ended
        _look(folder, scenario, whole, counts, name)
    return True


def _look(folder: Path, scenario: Scenario, whole: list[dict[str, bytes]], counts: Counts, name: str) -> None:
    """Count a mixture after a fault, and what the same command does not repair."""
    journals = (path for path in folder.rglob(JOURNAL) if not path.parent.name.startswith(disk.PREFIX))
    is_known = any(path.stat().st_size for path in journals)  # readers refuse the folder
    is_whole = _state(folder, scenario) in whole
    is_resumed = scenario.resumes and not list(folder.glob("reports/*/results.json"))
    if not (is_known or is_whole or is_resumed):
        counts.add("mixture", name)
    code, printed = _run(*scenario.command)
    after = _state(folder, scenario)
    done = code == scenario.code or (code == 2 and after == whole[1])  # a new file is not overwritten
    done = done and after == whole[1]
    left = [path.name for pattern in (f"{disk.PREFIX}*", JOURNAL) for path in folder.rglob(pattern)]
    if not done or (left and code == scenario.code):
        counts.add("not repaired", f"{name}: code {code}: {printed[-500:]} {left}")


def _after(folder: Path, scenario: Scenario) -> dict[str, bytes]:
    code, printed = _run(*scenario.command)
    assert code == scenario.code, printed
    return _state(folder, scenario)


def _state(folder: Path, scenario: Scenario) -> dict[str, bytes]:
    """Return the contents of the written files, without temporary ones and the empty file of locks."""
    files = {name: content for name, content in tree(folder).items() if name.split("/")[0] in scenario.written}
    other = (disk.PREFIX, JOURNAL, LOCKS)
    return {name: content for name, content in files.items() if not any(part in name for part in other)}


def _run(*arguments: str) -> tuple[int | None, str]:
    """Run a command line; return its exit code, None after a kill, and what it printed."""
    printed = io.StringIO()
    with contextlib.redirect_stderr(printed), contextlib.redirect_stdout(printed):
        try:
            return invoke(list(arguments)), printed.getvalue()
        except Killed:
            return None, printed.getvalue()


@contextlib.contextmanager
def _in_copy(patching: pytest.MonkeyPatch, start: Path) -> Iterator[Path]:
    """Work in a copy of a folder, and remove it at the end."""
    folder = start.resolve().with_name("tried")
    shutil.copytree(start, folder)
    with patching.context() as patch:
        patch.chdir(folder)
        yield folder
    shutil.rmtree(folder)


def _move_all(source: Path, target: Path) -> None:
    names = [path for path in source.iterdir() if path != target]
    target.mkdir()
    for path in names:
        shutil.move(path, target / path.name)


def main() -> None:
    """Run the scenarios and print their counts as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("scenarios", nargs="*", help=", ".join(SCENARIOS))
    parser.add_argument("--every", type=int, default=1, help="try each N-th disk operation only")
    options = parser.parse_args()
    for name in options.scenarios or SCENARIOS:
        with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch, contextlib.chdir(folder):
            remember(patch)
            begin = time.monotonic()
            counts = try_all(patch, SCENARIOS[name], options.every)
        shown = {"scenario": name, "faults": counts.tried, "wrong": counts.wrong}
        print(json.dumps({**shown, "seconds": round(time.monotonic() - begin)}), flush=True)


if __name__ == "__main__":
    main()
