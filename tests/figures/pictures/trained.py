"""Analyses of small studies that are trained once per process."""

from __future__ import annotations

import functools
import tempfile
from dataclasses import replace
from pathlib import Path

from reportgen.analysis.analyse import analyse
from reportgen.analysis.results import Analysis
from reportgen.data import load
from reportgen.engine.train import train
from reportgen.figures import FIGURES
from reportgen.figures.drawing.figure import Drawing
from reportgen.runs.record import RunRecord
from reportgen.study.loading.loader import load_study

MOONS = """
seeds: 2
data: {name: moons, samples: 200, test: 0.2}
preprocess: [standardize]
network: {hidden: [6, 5], activation: tanh}
training: {lr: 0.3, epochs: 4, batch_size: 16}
probes: {looks: 4, boundary: true, loss_line: true, unit_path: 12}
"""

LAYERS = """
vary: {network.activation: [tanh, relu]}
"""

DIGITS = """
seeds: 2
data: {name: digits, train: 200, test: 0.2}
preprocess: [standardize]
network: {hidden: [8]}
training: {lr: 0.1, epochs: 2, batch_size: 32}
probes: {looks: 4, weights: true}
"""

CHOSEN = """
vary:
  training.schedule: [constant, cosine]
  network.dropout: [none, 0.5]
"""

ROTATED = """
seeds: 2
data: {name: moons, samples: 200, test: 0.2}
preprocess: [standardize]
network: {hidden: [6, 5], batchnorm: true}
training: {lr: 0.01, epochs: 4, batch_size: 16}
probes: {looks: 5, update_angles: true}
variants:
  decay: {training.optimizer: {name: adamw, weight_decay: 1}}
  penalty: {training.optimizer: adam, training.l2: 0.01}
"""

SEARCH = """
seeds: 1
data: {name: moons, samples: 100}
network: {hidden: [4]}
training: {epochs: 1}
search: {training.lr: {log_uniform: [1e-3, 1]}, training.l2: {log_uniform: [1e-6, 0.1]}, samples: 9}
"""

PATH = """
seeds: 1
data: {name: blobs, samples: 100, classes: 2, features: 3}
network: {hidden: []}
training: {lr: 0.05, epochs: 1, batch_size: 1}
probes: {unit_path: 30}
vary:
  preprocess:
    - {value: [{name: minmax, low: 0, high: 1}], label: positive}
    - {value: [standardize], label: centred}
"""


@functools.cache
def trained(text: str) -> Analysis:
    """Return the analysis of the study in this text, without its title and question."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "study.yaml"
        file.write_text(f"title: T\nquestion: Q?\n{text}", encoding="utf-8")
        plan = load_study(file)
    records = {}
    for run in plan.runs:
        out = train(run.spec, load(run.spec.data, run.spec.preprocess, run.seed))
        records[run.variant, run.seed] = RunRecord(
            f"{run.variant}-{run.seed}", run.spec, out.status, out.stopped_at_step, out.steps, out.train_seconds,
            out.final, out.facts, out.arrays,
        )  # fmt: skip
    return analyse(plan, records)


def drawn(id_: str, text: str) -> Drawing:
    """Return a picture of the study as if it named it."""
    made = trained(text)
    study = made.plan.study.model_copy(update={"figures": (id_,)})
    drawing = FIGURES[id_].draw(replace(made, plan=replace(made.plan, study=study)))
    assert drawing is not None
    return drawing


def by_default(id_: str, text: str) -> bool:
    """Return whether a study without `figures:` gets the picture."""
    return FIGURES[id_].draw(trained(text)) is not None


def rows_of(drawing: Drawing) -> list[dict[str, object]]:
    """Return the rows of the CSV file by column."""
    return [dict(zip(drawing.columns, row, strict=True)) for row in drawing.rows]
