"""Training of one shard: a part of a study's runs that does not depend on what the other shards do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from reportgen import disk
from reportgen.errors import UsageError
from reportgen.runs.executors import Job
from reportgen.workflow.events import ProgressListener
from reportgen.workflow.request import RunRequest, plan_jobs, stored_records, unique
from reportgen.workflow.search_stages import has_search, next_stage
from reportgen.workflow.shards.mark import Mark
from reportgen.workflow.stored_runs import stored_stages
from reportgen.workflow.training import Trainer
from reportgen.workflow.writing import refuse_other_report

PATTERN = re.compile(r"(\d{1,6})/(\d{1,6})", re.ASCII)


@dataclass(frozen=True)
class Shard:
    """A part of the runs: number `number`, from 1, of `count`."""

    number: int
    count: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Return the shard in a text such as "3/16"; raises UsageError ("invalid-option")."""
        found = PATTERN.fullmatch(text)
        number, count = map(int, found.groups()) if found else (0, 0)
        if not 1 <= number <= count:
            hint = "number and count, from 1/16 to 16/16"
            raise UsageError("invalid-option", f"invalid --shard {text!r}", hint=hint)
        return cls(number, count)

    def of(self, jobs: Sequence[Job]) -> list[Job]:
        """Return the jobs of this shard: every `count`-th by key, so that shards have equal parts of all variants."""
        return sorted(unique(jobs), key=lambda job: job.key)[self.number - 1 :: self.count]

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"


@dataclass(frozen=True)
class ShardOutcome:
    """The outcome of a shard.

    Attributes
    ----------
    trained, stored : number of its runs that were trained now, and that were stored before.
    failed : number of its runs that failed.
    missing : number of runs of all shards that are not in the folder.
    later_stages : whether a search has further stages, whose runs follow from those of all shards.
    """

    request: RunRequest
    shard: Shard
    trained: int
    stored: int
    failed: int
    missing: int
    later_stages: bool


def train_shard(request: RunRequest, shard: Shard, trainer: Trainer) -> ShardOutcome:
    """Train the missing runs of a shard, and store them; writes no report.

    The runs are those of the study, and of all stages of its searches that stored runs determine. Runs of remedies and
    sanity checks are not among them.
    """
    refuse_other_report(request)
    first = plan_jobs(request.plan)
    disk.make_writable(request.folder)
    Mark.of(request.plan.study.id, first).write(request.folder)
    request, records = stored_stages(request)
    jobs = plan_jobs(request.plan)
    own = shard.of(jobs)
    missing = [job for job in own if job.key not in records or records[job.key].status == "failed"]
    if trainer.fresh:
        missing = own
    trainer.train(request, missing, len(own) - len(missing))
    records |= stored_records(request, missing)
    left = {job.key for job in jobs} - records.keys()
    return ShardOutcome(
        request,
        shard,
        trained=len(missing),
        stored=len(own) - len(missing),
        failed=sum(records[job.key].status == "failed" for job in own if job.key in records),
        missing=len(left),
        later_stages=has_search(request.plan) and (bool(left) or next_stage(request.plan, jobs, records) is not None),
    )


def train_shard_of(
    request: RunRequest,
    shard: Shard,
    listener: ProgressListener,
    *,
    workers: int | None = None,
    fresh: bool = False,
) -> ShardOutcome:
    """Train a shard on this machine; parameters as in `run_study`."""
    return train_shard(request, shard, Trainer(listener, workers=workers, fresh=fresh))
