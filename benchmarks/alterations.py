"""Alter every file of a report, its store and the folders beside it, and run every verb that reads them.

    python -m benchmarks.alterations [--every N] [--formats FORMATS] [VERB...]

A digit of a text is exchanged, a byte of any file flipped, and a file cut in half or emptied. Then a verb either names
the altered file and ends with an error, or does what it does without the alteration. `run` makes the file again. A
reader without digests is a control, in which the same alterations must pass unnoticed.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.counts import Counts
from reportgen.cli.main import invoke
from reportgen.paths import JOURNAL
from tests.clocks import stop_clocks
from tests.disk_faults import tree
from tests.teaching.course import STUDY, fill_in, write_course

STUDENT = "ann"
REPORT, BEFORE, SHARDS = "reports/act", "before/act", "shards/act"
FORMATS = "html,pdf,json,kit"
KEY = "key.yaml"
"""The key is the lecturer's own text, of which a part has a digest."""

Change = Callable[[bytes], bytes | None]
"""Returns the altered content of a file, None if the alteration does not fit it."""


def other_digit(content: bytes) -> bytes | None:
    """Exchange the digit that is nearest to the middle of a text."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    places = [place for place, letter in enumerate(text) if letter in "0123456789"]
    if not places:
        return None
    place = places[len(places) // 2]
    return (text[:place] + str((int(text[place]) + 1) % 10) + text[place + 1 :]).encode()


def other_byte(content: bytes) -> bytes | None:
    """Flip a bit of the byte in the middle."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :] if content else None


def first_half(content: bytes) -> bytes | None:
    """Cut a file in half."""
    return content[: len(content) // 2] if len(content) > 1 else None


def nothing(content: bytes) -> bytes | None:
    """Empty a file."""
    return b"" if content else None


CHANGES: tuple[Change, ...] = (other_digit, other_byte, first_half, nothing)


@dataclass(frozen=True)
class Verb:
    """A verb that reads stored files.

    Attributes
    ----------
    command : the command line.
    reads : the folder of the files to alter.
    writes : what the verb writes; empty for one that prints only.
    mends : whether an altered file is made again.
    goes_on : whether the verb names an altered file, leaves it out, and succeeds.
    """

    command: tuple[str, ...]
    reads: str = REPORT
    writes: tuple[str, ...] = ()
    mends: bool = False
    goes_on: bool = False


def verbs(formats: str = FORMATS) -> dict[str, Verb]:
    """Return the verbs that read reports, runs, shards and the key of an assignment."""
    made = ("ann/act.yaml", "-o", "reports", "-f", formats, "-j", "1")
    return {
        "verify": Verb(("verify", REPORT)),
        "compare": Verb(("compare", BEFORE, REPORT)),
        "index": Verb(("index", "reports", "-o", "site"), writes=("site",)),
        "grade": Verb(("grade", REPORT, "--key", KEY, "--json"), writes=("grades",), goes_on=True),
        "key": Verb(("grade", REPORT, "--key", KEY, "--json"), reads=KEY, writes=("grades",)),
        "diagnose": Verb(("diagnose", f"{REPORT}/runs"), reads=f"{REPORT}/runs"),
        "check": Verb(("check", "ann/act.yaml", "-o", "reports"), goes_on=True),
        "merge": Verb(("merge", SHARDS, "-o", "merged"), reads=SHARDS, writes=("merged",)),
        "run": Verb(("run", *made), writes=("reports",), mends=True),
        "render": Verb(("render", *made[:-2]), writes=("reports",), mends=True),
    }


def prepare(formats: str = FORMATS, checks: str = "initial_loss, gradient_check") -> None:
    """Write the report of a student with the assignment and its key, a shard and a second report."""
    course = write_course(Path("course"))
    more = f"sanity: [{checks}]\nfigures: [loss_curves]\nremedies: false"
    course.write_text(STUDY.replace("remedies: false", more), encoding="utf-8")
    run("assignment", str(course), "-o", STUDENT, "--key", KEY)
    fill_in(Path(STUDENT, "act.yaml"), STUDENT)
    run(*verbs(formats)["run"].command)
    run("run", "ann/act.yaml", "-o", "shards", "--shard", "1/2", "-q")
    shutil.copytree("reports", "before")
    shutil.rmtree("before/act/runs")


def try_verb(verb: Verb, every: int = 1, changes: Sequence[Change] = CHANGES) -> Counts:
    """Alter each file of a verb in each way, and run the verb; every: of all alterations, try each N-th only."""
    counts, start = Counts(), Path.cwd()
    files = [Path(verb.reads)] if Path(verb.reads).is_file() else sorted(Path(verb.reads).rglob("*"))
    contents = {path: path.read_bytes() for path in files if path.is_file()}
    tried = ((path, change, change(content)) for change in changes for path, content in contents.items())
    cases = [(path, change, altered) for path, change, altered in tried if altered not in (None, contents[path])]
    with in_copy(start):
        whole = outcome(verb)
    assert whole.code == 0, whole.err
    for path, change, altered in cases[:: max(every, 1)]:
        with in_copy(start) as folder:
            (folder / path).write_bytes(altered or b"")
            judge(verb, path, f"{verb.command[0]}: {path}: {change.__name__}", whole, counts)
    return counts


@dataclass(frozen=True)
class Outcome:
    """The exit code of a verb, what it printed, and the files that it wrote."""

    code: int
    out: str
    err: str
    files: Mapping[str, bytes]


def outcome(verb: Verb) -> Outcome:
    """Run a verb."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = invoke(list(verb.command))
    files = tree(Path.cwd())
    return Outcome(code, out.getvalue(), err.getvalue(), {n: files[n] for n in files if n.split("/")[0] in verb.writes})


def judge(verb: Verb, path: Path, name: str, whole: Outcome, counts: Counts) -> None:
    """Count what a verb did with an altered file."""
    altered, found = path.read_bytes(), outcome(verb)
    counts.tried += 1
    is_same = (found.code, found.files) == (whole.code, whole.files) and (verb.mends or found.out == whole.out)
    is_named = any(text in found.out + found.err for text in names_of(path))
    counts.named += is_named
    if "Traceback" in found.out + found.err or found.code == 1:
        counts.add("traceback", f"{name}: {(found.out + found.err)[-400:]}")
    elif found.code == whole.code and not is_same and not (verb.goes_on and is_named):
        changed = [file for file in whole.files if found.files.get(file) != whole.files[file]]
        counts.add("passed", f"{name}: {(found.out + found.err)[-300:]} {changed[:3]}")
    elif not is_named and (found.code != whole.code or (verb.mends and path.read_bytes() != altered)):
        counts.add("unnamed", f"{name}: code {found.code}: {(found.out + found.err)[-300:]}")


def names_of(path: Path) -> tuple[str, ...]:
    """Return the names by which a message may call a file: its path, or the folder of a run."""
    return (str(path), path.relative_to(path.parts[0]).as_posix(), path.name, path.parent.name)


def run(*arguments: str) -> None:
    """Run a command line that must succeed."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as err:
        code = invoke(list(arguments))
    assert code == 0, err.getvalue()


@contextlib.contextmanager
def in_copy(start: Path) -> Iterator[Path]:
    """Work in a copy of a folder, and remove it at the end."""
    folder = start.with_name(f"{start.name}-tried")
    shutil.copytree(start, folder)
    try:
        with contextlib.chdir(folder):
            yield folder
    finally:
        shutil.rmtree(folder)


def main() -> None:
    """Try the verbs and print their counts as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("verbs", nargs="*", help=", ".join(verbs()))
    parser.add_argument("--every", type=int, default=1, help="try each N-th alteration only")
    parser.add_argument("--formats", default=FORMATS, help="formats of the report")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        stop_clocks(patch)
        (start := Path(folder).resolve() / "start").mkdir()
        with contextlib.chdir(start):
            prepare(options.formats)
            assert not list(start.rglob(JOURNAL))
            for name, verb in verbs(options.formats).items():
                if name in (options.verbs or verbs()):
                    counts = try_verb(verb, options.every)
                    shown = {"verb": name, "altered": counts.tried, "named": counts.named, "wrong": counts.wrong}
                    print(json.dumps(shown), flush=True)


if __name__ == "__main__":
    main()
