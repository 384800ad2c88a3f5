"""Random networks: `python -m benchmarks.diagnosis --random N --seed S`.

Each candidate has a separate random generator with its seed and its number. Candidates with even numbers stay healthy,
those with odd numbers get a fault. Training and validation scores, independent of all rules, decide which count:

- A network is *healthy* if its validation accuracy, averaged over seeds and over the last fifth of the epochs, is
  within three points of the attainable accuracy, or within a tenth of the distance between the accuracy of the most
  frequent class and the attainable one. The average excludes networks with a good last epoch by chance. Attainable is
  the best accuracy of two ordinary networks, the baselines in the records, and the network itself at other learning
  rates. Data on which little is attainable are rejected. The learning rate is drawn from those that reach the
  attainable accuracy with one seed. As of faults, the validation loss counts as well: in some seed it must end at most
  15% of the loss of guessing above its lowest epoch.
- A *fault* counts if it makes a healthy network worse in every seed: by 2 points of validation accuracy, and by 5 on
  average; or in validation loss by 15% of the loss of guessing. A harmless fault is replaced by another one.

All other candidates are rejected and counted.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from benchmarks.diagnosis.alarms import findings
from benchmarks.diagnosis.build import SEEDS, Measured, Prepared, measure, prepare, request
from benchmarks.diagnosis.cases import Case
from benchmarks.diagnosis.draw import RATES, Study, draw
from benchmarks.diagnosis.plant import FAULTS, Change, Fault
from benchmarks.diagnosis.spoil import spoiled_part
from reportgen.analysis.diagnosis.evidence.held_out import SIMPLE
from reportgen.analysis.diagnosis.evidence.outcome import guess_loss
from reportgen.analysis.finding import Finding
from reportgen.runs.record import RunRecord
from reportgen.study.loading.overrides import with_values
from reportgen.study.planning.plan import PlannedRun, changed
from reportgen.workflow.events import ProgressListener
from reportgen.workflow.request import plan_jobs, stored_records, unique
from reportgen.workflow.training import train_runs

Array = NDArray[np.float64]

POINTS, SHARE, LEAST = 0.03, 0.1, 0.15
LATE = 5
WORSE, WORSE_ON_AVERAGE, DEARER = 0.02, 0.05, 0.15
HARMLESS = "a fault that does no harm"
FAMILY = "random"
REFERENCES: tuple[Study, ...] = (
    {
        "preprocess": ["standardize"],
        "network": {"hidden": [64, 64]},
        "training": {"optimizer": "adam", "lr": 0.003, "batch_size": 32, "epochs": 30},
    },
    {
        "preprocess": ["standardize"],
        "network": {"hidden": [48], "activation": "tanh", "init": "xavier"},
        "training": {"optimizer": {"name": "sgd", "momentum": 0.9}, "lr": 0.02, "batch_size": 16, "epochs": 40},
    },
)
"""Ordinary networks that show the attainable accuracy."""

Records = Sequence[RunRecord]


@dataclass(frozen=True)
class Judged:
    """A random network that counts, with its findings.

    fault: None for a healthy network. sound: the same network without the fault, with the same seeds; None for a
    healthy network.
    """

    case: Measured
    fault: Fault | None
    found: tuple[Finding, ...]
    sound: Measured | None = None

    @property
    def alarms(self) -> tuple[Finding, ...]:
        """Warnings and errors, in the order of a report."""
        return tuple(finding for finding in self.found if finding.severity != "info")

    @property
    def spoiled(self) -> str | None:
        """The part of the validation examples that the fault spoils, None if a setting repairs the fault."""
        return spoiled_part(self.sound.case.study, self.case.case.study) if self.sound else None

    @property
    def right(self) -> bool:
        """Whether a root cause among the alarms names the planted fault, and the first root cause is not misleading."""
        roots = [finding.rule for finding in self.alarms if finding.consequence_of is None]
        if self.fault is None or not self.fault.causes & set(roots):
            return False
        return roots[0] in self.fault.causes | self.fault.may


@dataclass(frozen=True)
class Sample:
    """Random networks that count, and the numbers of rejected candidates by reason."""

    judged: tuple[Judged, ...]
    thrown: Mapping[str, int]


def sample(count: int, seed: int, folder: Path, workers: int, say: Callable[[str], None]) -> Sample:
    """Return this number of faulty and of healthy networks, trained, verified and diagnosed."""
    folder.mkdir(parents=True, exist_ok=True)
    kept: dict[int, list[Judged]] = {0: [], 1: []}
    thrown: Counter[str] = Counter()
    number = 0
    while min(map(len, kept.values())) < count:
        if len(kept[number % 2]) < count:
            found, reasons = judged(seed, number, folder, workers)
            kept[number % 2] += found
            thrown.update(reasons)
            say(f"{len(kept[1])} faulty, {len(kept[0])} healthy, of {number + 1} drawn")
        number += 1
    return Sample((*kept[1], *kept[0]), thrown)


def together(samples: Sequence[Sample]) -> Sample:
    """Return several samples as one."""
    thrown = sum((Counter(sample.thrown) for sample in samples), Counter[str]())
    return Sample(tuple(network for sample in samples for network in sample.judged), thrown)


def judged(seed: int, number: int, folder: Path, workers: int) -> tuple[list[Judged], list[str]]:
    """Return the diagnosed network of this number, or none if it does not count, and the reasons for rejections."""
    rng = np.random.default_rng([seed, number])
    study, name = draw(rng), f"random-{seed}-{number}"
    base = prepare(_case(name, study), folder)
    reach, rates = _tried(base, folder, workers)
    if not rates:
        return [], ["little is attainable, or at no learning rate"]
    study["training"]["lr"] = float(rng.choice(rates))
    sound = prepare(_case(f"{name}-sound", study), folder)
    before = _trained(sound, sound.plan.runs, folder, workers)
    if not _healthy(before, reach):
        return [], ["not healthy by itself"]
    if number % 2 == 0:
        return [_diagnosed(sound, None, folder)], []
    harmless = []
    for fault, change in _planted(rng, study):
        ill = prepare(_case(f"{name}-{len(harmless)}", with_values(study, change), fault), folder)
        if harms(before, _trained(ill, ill.plan.runs, folder, workers)):
            return [_diagnosed(ill, fault, folder, measure(sound, folder))], harmless
        harmless.append(HARMLESS)
    return [], harmless


def _case(name: str, study: Study, fault: Fault | None = None) -> Case:
    plants, causes = (fault.name, fault.causes) if fault else ("nothing", frozenset())
    return Case(name=name, family=FAMILY, plants=plants, because="drawn", study=study, shows=(), must=causes)


def _diagnosed(prepared: Prepared, fault: Fault | None, folder: Path, sound: Measured | None = None) -> Judged:
    case = measure(prepared, folder)
    return Judged(case, fault, findings(case), sound)


def _planted(rng: Generator, study: Study) -> Iterator[tuple[Fault, Change]]:
    """Yield the faults that apply to the network, in random order, each with its change."""
    for index in rng.permutation(len(FAULTS)):
        change = FAULTS[index].change(rng, study)
        if change is not None:
            yield FAULTS[index], change


def _trained(prepared: Prepared, runs: Sequence[PlannedRun], folder: Path, workers: int) -> list[RunRecord]:
    """Return the records of these runs in their order; runs that are not stored are trained."""
    run_request, jobs = request(prepared, folder), plan_jobs(prepared.plan, runs)
    stored = stored_records(run_request, jobs)
    train_runs(run_request, [job for job in unique(jobs) if job.key not in stored], workers, None, ProgressListener())
    stored = stored_records(run_request, jobs)
    return [stored[job.key] for job in jobs]


def _tried(base: Prepared, folder: Path, workers: int) -> tuple[float, list[float]]:
    """Return the attainable accuracy on the data, and the learning rates at which the first seed reaches it.

    There are no such learning rates if little is attainable.
    """
    usual, variant = float(base.case.study["training"]["lr"]), base.subject.id
    rates = [usual * times for times in RATES]
    runs = [changed(base.plan, variant, {"training.lr": rate}, "rate")[0] for rate in rates]
    others = [run for reference in REFERENCES for run in changed(base.plan, variant, reference, "reference")]
    records = _trained(base, [*runs, *others], folder, workers)
    tries, references = records[: len(runs)], records[len(runs) :]
    means = [_accuracy(references[i : i + SEEDS]).mean() for i in range(0, len(references), SEEDS)]
    simple = [np.mean([r.facts[name] for r in references[:SEEDS]]) for name in SIMPLE.values()]
    reach = float(max(*means, *simple, *_accuracy(tries)))
    if reach < _blind(references) + LEAST:
        return reach, []
    return reach, [rate for rate, record in zip(rates, tries, strict=True) if _healthy([record], reach)]


def _accuracy(records: Records) -> Array:
    return np.array([_late(r) if r.status != "diverged" else 0.0 for r in records])


def _late(record: RunRecord) -> float:
    """Return the mean validation accuracy of the last fifth of the epochs."""
    scores = np.asarray(record.epochs("val_accuracy"), np.float64)[1:]
    return float(scores[-max(1, scores.size // LATE) :].mean())


def _blind(records: Records) -> float:
    """Return the validation accuracy of the most frequent class."""
    return float(np.mean([r.facts["baseline_majority"] for r in records]))


def _healthy(records: Records, reach: float) -> bool:
    found = float(_accuracy(records).mean())
    return found > reach - max(POINTS, SHARE * (reach - _blind(records))) and not all(map(_grew_dearer, records))


def is_steady(records: Records) -> bool:
    """Return whether the validation accuracy hardly varies over the last fifth of the epochs, on average over seeds.

    All epochs have the same validation examples, so that the accuracy varies by the training alone. With a standard
    deviation of more than three points, it depends on the last few steps how good a network is.
    """
    spreads = []
    for record in records:
        scores = np.asarray(record.epochs("val_accuracy"), np.float64)[1:]
        spreads.append(float(np.std(scores[-max(1, scores.size // LATE) :])))
    return float(np.mean(spreads)) <= POINTS


def _grew_dearer(record: RunRecord) -> bool:
    """Return whether the validation loss ends clearly above its lowest epoch, as of a network that overfits."""
    losses = np.asarray(record.epochs("val_loss"), np.float64)[1:]
    return bool(losses[-1] > np.nanmin(losses) + DEARER * guess_loss(record))


def harms(before: Records, after: Records) -> bool:
    """Return whether every seed is clearly worse after a change than before."""
    lost = _accuracy(before) - _accuracy(after)
    dearer = all(_loss(b) + DEARER * guess_loss(b) < _loss(a) for b, a in zip(before, after, strict=True))
    return bool(lost.min() > WORSE and lost.mean() > WORSE_ON_AVERAGE) or dearer


def _loss(record: RunRecord) -> float:
    loss = float(record.final.get("val_loss", math.nan))
    return loss if math.isfinite(loss) else math.inf
