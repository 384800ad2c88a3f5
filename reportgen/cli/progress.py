"""Progress displays: a bar with the remaining time for terminals, plain lines for logs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from reportgen.analysis.words.foreign import without_controls
from reportgen.errors import ReportgenError
from reportgen.runs.executors import Job
from reportgen.runs.record import RunRecord
from reportgen.study.planning.plan import Plan
from reportgen.workflow.costs.estimate import run_costs
from reportgen.workflow.events import BatchPosition, ProgressListener

COMPILING = "compiling kernels, once per machine; takes about half a minute"

SMALLEST = 1e-3  # seconds; minimum weight of a run in the bar


class LineProgress(ProgressListener):
    """Prints a line for each finished run."""

    def __init__(self, say: Callable[[str], None], position: BatchPosition | None = None) -> None:
        self._say = say
        self._place = f" ({position.number} of {position.count})" if position else ""
        self._lock = threading.Lock()
        self._labels: Mapping[str, str] = {}
        self._total = self._done = 0

    def training(self, plan: Plan, missing: Sequence[Job], stored: int) -> None:
        self._labels = {variant.id: variant.label for variant in plan.variants}
        self._total, self._done = len(missing), 0
        name = f"{plan.study.id}{self._place}"
        count = f"{len(missing)} run{'' if len(missing) == 1 else 's'} to train, {stored} stored"
        self._say(": ".join([name, *self._additional(missing), count]))

    def compiling(self) -> None:
        """Print why training does not start at once."""
        self._say(COMPILING)

    def finished(self, job: Job, record: RunRecord) -> None:
        with self._lock:
            self._done += 1
            self._say(f"[{self._done}/{self._total}] {self._name(job)}, seed {job.run.seed}: {outcome(record)}")

    def notice(self, text: str) -> None:
        self._say(f"reportgen: {text}")

    def stage(self, name: str) -> None:
        self._say(f"{name} ...")

    def _name(self, job: Job) -> str:
        """Return the label of the variant, with the purpose of an additional run."""
        label = self._labels.get(job.run.variant, job.run.variant)
        return f"{label}, {job.run.purpose}" if job.run.purpose else label

    def _additional(self, missing: Sequence[Job]) -> list[str]:
        """Return the names of additional runs, such as those of a remedy."""
        return list(dict.fromkeys(self._name(job) for job in missing if job.run.purpose))


class BarProgress(ProgressListener):
    """Shows a bar with the number of runs and the remaining time, and removes it at the end.

    With a batch position it shows a second bar for all studies.
    """

    def __init__(self, console: Console, position: BatchPosition | None = None) -> None:
        columns = (BarColumn(), TextColumn("{task.fields[runs]}", markup=False), TimeRemainingColumn())
        description = TextColumn("{task.description}", markup=False)
        self._bar = Progress(description, *columns, console=console, transient=True)
        self._lock = threading.Lock()
        self._task: TaskID | None = None
        self._position = position
        self._whole: TaskID | None = None
        self._farthest = 0.0
        self._study = ""
        self._weights: Mapping[str, float] = {}
        self._shares: dict[str, float] = {}
        self._filled = 0.0
        self._done = 0

    def __enter__(self) -> BarProgress:
        self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.stop()

    def training(self, plan: Plan, missing: Sequence[Job], stored: int) -> None:
        self._weights, self._shares = weights(plan, missing), {}
        self._filled, self._done = 0.0, 0
        purpose = next((job.run.purpose for job in missing if job.run.purpose), "")
        self._study = f"{plan.study.id}, {purpose}" if purpose else plan.study.id
        self._advance()
        self._show(sum(self._weights.values()), f"0/{len(missing)} runs")

    def compiling(self) -> None:
        """Print above the bar why it stays empty."""
        self._bar.console.print(COMPILING, markup=False, highlight=False)

    def progress(self, job: Job, done: int, total: int) -> None:
        """Fill the bar by the completed share of the run."""
        self._fill(job, done / max(total, 1))

    def finished(self, job: Job, record: RunRecord) -> None:
        self._done += 1
        self._fill(job, 1.0)

    def notice(self, text: str) -> None:
        self._bar.console.print(f"reportgen: {without_controls(text)}", markup=False, highlight=False)

    def stage(self, name: str) -> None:
        self._show(None, name)

    def _show(self, total: float | None, words: str) -> None:
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._task = self._bar.add_task(self._study, total=total, runs=words)

    def _fill(self, job: Job, share: float) -> None:
        with self._lock:
            self._filled += self._weights[job.key] * (share - self._shares.get(job.key, 0.0))
            self._shares[job.key] = share
            if self._task is not None:
                runs = f"{self._done}/{len(self._weights)} runs"
                self._bar.update(self._task, completed=self._filled, runs=runs)
            self._advance()

    def _advance(self) -> None:
        """Fill the bar of all studies up to the current progress of this one; it never goes back."""
        if self._position is None:
            return
        position, left = self._position, sum(self._weights.values()) - self._filled
        self._farthest = max(self._farthest, position.before + max(position.own - left, 0.0))
        if self._whole is None:
            self._whole = self._bar.add_task(
                "all studies", total=position.total, runs=f"{position.number}/{position.count}"
            )
        self._bar.update(self._whole, completed=self._farthest)


def weights(plan: Plan, jobs: Sequence[Job]) -> dict[str, float]:
    """Return the expected seconds of each job by key; equal weights if the data are not available."""
    try:
        return {key: max(cost.seconds, SMALLEST) for key, cost in run_costs(plan, jobs).items()}
    except ReportgenError:
        return {job.key: 1.0 for job in jobs}


def outcome(record: RunRecord) -> str:
    """Return the outcome of a run as a short text."""
    from reportgen.analysis.words.formatting import duration, percent  # takes half a second

    if record.status == "failed":
        return f"failed ({record.error})"
    end = "done" if record.status == "ok" else f"{record.status} at step {record.stopped_at_step}"
    accuracy = record.final.get("val_accuracy", float("nan"))
    score = f", validation accuracy {percent(accuracy)}" if accuracy == accuracy else ""
    return f"{end}{score}, {duration(record.train_seconds)}"
