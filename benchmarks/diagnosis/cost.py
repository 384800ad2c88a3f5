"""Cost of diagnosing relative to training: `python -m benchmarks.diagnosis --cost STUDY...`.

Both costs are processor times of this process, which do not depend on other processes. All runs are trained again, one
at a time, and are not stored; one run is trained first, so that the times contain no compilation. Diagnosing is
repeated on fresh copies of the records, and the shortest time counts.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.diagnosis.build import prepare, write_files
from benchmarks.diagnosis.cases import load_cases
from reportgen.analysis.diagnosis.diagnose import diagnose
from reportgen.analysis.results import VariantSummary
from reportgen.analysis.summary import variant_summary
from reportgen.engine.spec import ENGINE_VERSION
from reportgen.runs.executors import Job, run_all
from reportgen.runs.record import RunRecord
from reportgen.study.planning.plan import Plan
from reportgen.workflow.request import make_request, plan_jobs, unique

COSTS = Path(__file__).with_name("cost.json")
"""File with the costs in the docs."""

CASES = "the networks of this benchmark"
GOAL = 0.05
ROUNDS = 3


@dataclass(frozen=True)
class Cost:
    """Processor time in seconds for training and for diagnosing the runs of a study; steps: total training steps."""

    name: str
    runs: int
    steps: int
    training: float
    diagnosing: float

    @property
    def share(self) -> float:
        """Ratio of the time of diagnosing to the time of training."""
        return self.diagnosing / self.training

    @property
    def each(self) -> float:
        """Milliseconds of diagnosing per run."""
        return 1000 * self.diagnosing / self.runs


def of_study(name: str) -> Cost:
    """Return the cost of a shipped study or of a study file."""
    return of_plan(name, make_request(name).plan)


def of_cases(folder: Path) -> Cost:
    """Return the total cost of all cases of the benchmark; their files are written to the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    write_files(folder)
    each = [of_plan(case.name, prepare(case, folder).plan) for case in load_cases()]
    names = ("runs", "steps", "training", "diagnosing")
    return Cost(CASES, **{name: sum(getattr(cost, name) for cost in each) for name in names})


def of_plan(name: str, plan: Plan) -> Cost:
    """Return the cost of the runs of a plan."""
    jobs = plan_jobs(plan)
    different = unique(jobs)
    _trained(different[:1], plan.study.folder)
    started = time.process_time()
    records = _trained(different, plan.study.folder)
    training = time.process_time() - started
    diagnosing = min(_diagnosing(plan, jobs, records) for _ in range(ROUNDS))
    return Cost(name, len(different), sum(record.steps for record in records.values()), training, diagnosing)


def _trained(jobs: Sequence[Job], folder: Path) -> dict[str, RunRecord]:
    records: dict[str, RunRecord] = {}

    def keep(job: Job, record: RunRecord) -> None:
        records[job.key] = record

    run_all(jobs, keep=keep, folder=folder, workers=1)
    return records


def _diagnosing(plan: Plan, jobs: Sequence[Job], records: Mapping[str, RunRecord]) -> float:
    summaries = list(_summaries(plan, jobs, records))
    started = time.process_time()
    diagnose(summaries)
    return time.process_time() - started


def _summaries(plan: Plan, jobs: Sequence[Job], records: Mapping[str, RunRecord]) -> Iterator[VariantSummary]:
    """Yield each variant with copies of its records, without cached results of rules."""
    for variant in plan.variants:
        own = [records[job.key] for job in jobs if job.run.variant == variant.id]
        yield variant_summary(variant, [dataclasses.replace(record) for record in own])


def lines(costs: Sequence[Cost]) -> Iterator[str]:
    """Yield a line of text for each cost."""
    for cost in costs:
        yield (
            f"{cost.name:32}{cost.runs:5} runs {cost.steps:8} steps {cost.training:8.1f} s of training "
            f"{cost.diagnosing:7.2f} s of diagnosing {cost.share:6.1%} {cost.each:6.2f} ms a run"
        )


def published(costs: Sequence[Cost]) -> dict[str, Any]:
    """Return the costs for the docs."""
    head = {"date": datetime.now(UTC).date().isoformat(), "engine_version": ENGINE_VERSION}
    return {**head, "costs": [dataclasses.asdict(cost) for cost in costs]}


SECTION = """## Cost of diagnosing

Measured on {date}, engine version {engine_version}, in seconds of processor time on one core:

```sh
python -m benchmarks.diagnosis --cost {names} --publish
```

All runs of shipped studies, and of the networks of this benchmark, most of which are tiny, are trained and then
diagnosed. The goal is at most {goal:.0%} of the time of training. A study without training, such as `init` with 0
steps, only probes its networks once; the table then compares diagnosing with this probe.
"""


def section(found: Mapping[str, Any]) -> str:
    """Return the section of the docs page on published costs."""
    costs = [Cost(**values) for values in found["costs"]]
    names = " ".join(cost.name for cost in costs if cost.name != CASES)
    known = {name: found[name] for name in ("date", "engine_version")}
    table = ["| study | runs | steps | training | diagnosing | share | a run |", "|---|---|---|---|---|---|---|"]
    table += [
        f"| {cost.name if cost.name == CASES else f'`{cost.name}`'} | {cost.runs} | {cost.steps} "
        f"| {cost.training:.1f} s | {cost.diagnosing:.2f} s | {cost.share:.1%} | {cost.each:.1f} ms |"
        for cost in costs
    ]
    return "\n".join([SECTION.format(names=names, goal=GOAL, **known), *table, ""])
