"""Stand-ins for the pipeline's neighbours, to see what the pipeline itself does, at once and at every fault."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from reportgen import data, figures, report
from reportgen.analysis.results import Analysis, VariantSummary
from reportgen.data.dataset import Dataset
from reportgen.engine.train import Outcome
from reportgen.errors import StudyError
from reportgen.report.publish import publisher as publish
from reportgen.runs import executors
from reportgen.study.planning.plan import Plan, PlannedRun, Variant
from reportgen.workflow import request as order
from reportgen.workflow import run as pipeline
from tests.report.small_analysis import _claim
from tests.runs.records import planned, record


class PretendStudy(SimpleNamespace):
    """What the pipeline asks of a study; it tries no remedies."""

    remedies = SimpleNamespace(limit=0)

    def place_of(self, data: Any) -> str:
        """Return where the data are named, as a study does."""
        return f"{self.id}.yaml:3:7: data"

    def model_copy(self, update: Any) -> PretendStudy:
        """Return a copy with other values."""
        return PretendStudy(**(vars(self) | update))


RATES = {"small": 0.01, "large": 0.5}


class Pretend:
    """Studies of two variants without any computing; `trained` notes the (rate, seed) of every run trained."""

    def __init__(self) -> None:
        self.trained: list[tuple[float, int]] = []
        self.failing: set[int] = set()
        self.verdicts: tuple[str, ...] = ("supported",)
        self.required: tuple[bool, ...] = (False,)
        self.pdf_error: Exception | None = None
        self.writing_error: BaseException | None = None
        self.loads: list[tuple[str, dict[str, Any]]] = []

    def load_study(self, path: Path, overrides: Any = (), flags: Any = (), allow_code: bool = False) -> Any:
        """Return a plan; a file that says "bad" is not valid."""
        self.loads.append((str(path), dict(overrides)))
        text = Path(path).read_text(encoding="utf-8")
        if "bad" in text:
            raise StudyError("unknown-key", "unknown key 'bad'", where=f"{path}:1:1")
        seeds = dict(overrides).get("seeds", [0, 1, 2])
        seeds = list(range(seeds)) if isinstance(seeds, int) else seeds
        watermark = dict(overrides).get("watermark")
        names: dict[str, Any] = {
            "title": "Which rate",
            "question": "Which?",
            "figures": (),
            "sanity": (),
            "ensembles": False,
        }
        names |= {
            "id": Path(path).stem,
            "folder": Path(path).parent,
            "sha256": sha256(text.encode()).hexdigest(),
            "claims": (),
        }
        return self.plan(PretendStudy(seeds=tuple(seeds), watermark=watermark, **names))

    def plan(self, study: Any) -> Plan:
        """Return the plan: every rate with every seed."""
        settings = {"training.epochs": 20, "data.samples": 5000, "data.train": None}
        variants = tuple(
            Variant(name, f"{name} rate", settings | {"training.lr": lr}, {"training.lr": name})
            for name, lr in RATES.items()
        )
        runs = tuple(planned(seed, name, lr=lr) for name, lr in RATES.items() for seed in study.seeds)
        return Plan(study, variants, runs)

    def train(self, spec: Any, dataset: Dataset, cancel: Any, progress: Any) -> Outcome:
        """Return a made-up outcome, or raise for a seed that is to fail."""
        self.trained.append((spec.training.lr, spec.seed))
        if spec.seed in self.failing:
            raise MemoryError("too wide")
        made = record(PlannedRun("", spec.seed, spec))
        return Outcome("ok", None, made.steps, 0.1, dict(made.final), dict(made.facts), dict(made.arrays))

    def analyse(self, plan: Plan, records: Any, provenance: Any, costs: Any = ()) -> Analysis:
        """Return an analysis that knows the records and nothing else."""
        summaries = []
        for variant in plan.variants:
            mine = tuple(made for (name, _), made in records.items() if name == variant.id)
            summaries.append(VariantSummary(variant, mine, {}, {}, 26, 0.1))
        claims = tuple(
            replace(_claim(), verdict=verdict, required=required)
            for verdict, required in zip(self.verdicts, self.required, strict=True)
        )
        return Analysis(plan, tuple(summaries), claims, (), (), {}, provenance)

    def write(self, analysis: Analysis, drawings: Any, folder: Path, formats: Any) -> list[Path]:
        """Write a page, then fail or write a PDF."""
        if "html" in formats:
            (folder / "index.html").write_text(f"watermark {analysis.plan.study.watermark}", encoding="utf-8")
        if "kit" in formats:
            (folder / "figures").mkdir()
            (folder / "figures" / "a.svg").write_text("<svg/>", encoding="utf-8")
        if self.writing_error:
            raise self.writing_error
        if "pdf" in formats:
            if self.pdf_error:
                raise self.pdf_error
            (folder / f"{analysis.plan.study.id}.pdf").write_bytes(b"%PDF")
        return []

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Take the neighbours' places."""
        empty, labels = np.zeros((4, 3), np.float32), np.zeros(4, np.int64)
        dataset = Dataset(empty, labels, empty, labels, empty, labels, classes=2)
        for module, name in ((order, "load_study"), (pipeline, "analyse")):
            monkeypatch.setattr(module, name, getattr(self, name))
        monkeypatch.setattr(pipeline, "are_compiled", lambda: True)
        monkeypatch.setattr(publish, "dump_study", lambda study, folder: "title: Which rate\n")
        monkeypatch.setattr(figures, "draw_all", lambda analysis: [])
        monkeypatch.setattr(report, "write", self.write)
        monkeypatch.setattr(executors, "train", self.train)
        monkeypatch.setattr(data, "load", lambda *arguments: dataset, raising=False)
        monkeypatch.setattr(data, "fingerprint", lambda spec, folder=None: "blobs-1", raising=False)
        monkeypatch.setattr(data, "missing_files", lambda spec, folder=None: 0)
        monkeypatch.setattr(data, "shape", lambda spec, steps, folder=None: (32, 3, 2), raising=False)
