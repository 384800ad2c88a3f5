"""An example of every figure, for tests of properties that all figures must have."""

from __future__ import annotations

import functools
import tempfile
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from reportgen.analysis.results import Analysis, EnsembleScore, VariantSummary
from reportgen.figures import FIGURES, draw_all
from reportgen.figures.drawing.export import svg_text
from reportgen.figures.drawing.figure import Drawing
from reportgen.figures.training import overview
from reportgen.figures.training.table import TRAINING_FIGURES
from reportgen.registry import Component
from tests.analysis.test_search import LR
from tests.figures.claims.test_answer_values import drawn as answered
from tests.figures.examples import analysis, lecture_grid, record, summary
from tests.figures.pictures.test_pictures import STUDIES
from tests.figures.pictures.trained import drawn as picture
from tests.figures.test_networks import CASES
from tests.figures.test_sanity_checks import checked, result
from tests.figures.test_scores_by_setting import grid, sweep
from tests.figures.test_search_scatter import L2, drawn, made
from tests.figures.test_sparsity_accuracy import pruned
from tests.training_examples import diverged, group


def range_test(label: str = "range test", seeds: int = 3, **settings: object) -> VariantSummary:
    """Return a variant whose learning rate rises in 8 epochs; its runs diverge in the last two."""
    records = []
    for seed in range(seeds):
        one = record(seed, 3, 8, status="diverged")
        losses = np.array([2.3, 2.3, 2.2, 1.0, 0.1, 0.3, 2.0, np.nan, np.nan]) + 0.001 * seed
        arrays = {**one.arrays, "epoch_lr": 10.0 ** np.arange(-7, 2)}
        arrays |= {"epoch_train_loss": losses, "epoch_val_loss": losses + 0.05}
        training = replace(one.spec.training, schedule=Component.of("range_test", low=1e-6, high=10.0))
        records.append(replace(one, arrays=arrays, spec=replace(one.spec, training=training)))
    row = summary(label, records)
    row.variant.settings.update({"training.schedule": "range_test", "training.lr": 0.01} | settings)
    return row


def ensembles() -> Analysis:
    """Return a study of two variants with ensembles of two and four networks."""
    rows = [summary(f"train {n}", [record(s, 3, 2) for s in range(4)], {"data.train": str(n)}) for n in (100, 300)]
    for row, number in zip(rows, (100, 300), strict=True):
        row.variant.settings["data.train"] = number
    scores = [
        EnsembleScore(row.variant.id, size, 3, 0.9 + 0.01 * size, (0.88, 0.9, 0.89, 0.91), 0.02, (0.01, 0.03))
        for row in rows
        for size in (2, 4)
    ]
    return replace(analysis(rows), ensembles=tuple(scores))


def scales() -> Analysis:
    """Return a study of three initial scales with and without batch normalization."""
    rows = []
    for batchnorm in (None, {"name": "batchnorm"}):
        for std in (0.01, 0.1, 1.0):
            records = [record(s, 3, 4, statistics={"weight_std": std}) for s in range(3)]
            words = {"network.init": f"std {std}", "network.batchnorm": "batch-norm" if batchnorm else "plain"}
            row = summary(f"{words['network.batchnorm']}, std {std}", records, words)
            row.variant.settings.update(
                {"network.init": {"name": "gaussian", "std": std}, "network.batchnorm": batchnorm}
            )
            rows.append(row)
    return analysis(rows)


def training() -> list[Drawing]:
    """Return the figures of training by other programs."""
    groups = [group(), diverged()]
    found = [row.draw(one) for one in groups for row in TRAINING_FIGURES]
    return [drawing for drawing in (*found, overview.draw(groups)) if drawing is not None]


def sanity() -> Analysis:
    """Return a study with a check that failed and others that passed."""
    return checked(
        result("gradient_check", "plain", 0.5, 1e-6, passed=False),
        result("gradient_check", "deep", 1e-9, 1e-6),
        result("initial_loss", "deep", 2.3, 2.3),
    )


def some(made_: Analysis, *ids: str) -> list[Drawing]:
    """Return these figures of a study."""
    return [drawing for id_ in ids if (drawing := FIGURES[id_].draw(made_)) is not None]


GALLERY: Mapping[str, Callable[[Path], list[Drawing]]] = {
    "layers and curves": lambda _: draw_all(lecture_grid(epochs=3, seeds=3)),
    "diverged": lambda _: some(
        analysis([summary("bad", [record(s, 3, 4, status="diverged") for s in range(3)]), range_test()]),
        "loss_curves", "accuracy_curves", "final_scores",
    ),
    "answer": lambda folder: [drawing for drawing in [answered(folder, '"{he-wins}"')] if drawing is not None],
    "networks": lambda _: some(CASES["one network"](), "architecture", "filters", "feature_maps"),
    "search": lambda folder: [drawn(made(folder, f"{LR}, {L2}, samples: 12, stages: 3"))],
    "pruning": lambda _: some(
        analysis([pruned("winning", [0.9, 0.91, 0.9, 0.8]), pruned("random", [0.9] * 4)]), "sparsity_accuracy"
    ),
    "sanity": lambda _: some(sanity(), "sanity_checks"),
    "sweep": lambda _: some(grid(), "scores_by_setting"),
    "many lines": lambda _: some(
        analysis([row for k in range(7) for row in sweep([0.1, 1, 10], **{"network.activation": f"a{k}"})]),
        "scores_by_setting", "loss_curves",
    ),
    "ensembles": lambda _: some(ensembles(), "ensemble_size", "final_scores"),
    "range test": lambda _: some(analysis([range_test(), *sweep([1e-4, 1e-2])]), "loss_by_rate"),
    "scales": lambda _: some(scales(), "scores_by_scale"),
    "training": lambda _: training(),
    "pictures": lambda _: [picture(id_, study) for id_, study in STUDIES.items()],
}  # fmt: skip
"""Drawings by name; the argument is an empty folder."""


@functools.cache
def example(name: str) -> list[Drawing]:
    """Return the drawings of this name, drawn once per process and without a warning; so are their narrow figures."""
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("error")
        drawings = GALLERY[name](Path(folder))
    return [replace(one, narrow=one.narrow and functools.cache(one.narrow)) for one in drawings]


@functools.cache
def pictures(name: str) -> list[str]:
    """Return the SVG text of each of these drawings."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return [svg_text(one) for one in example(name)]


def shown_ids(drawings: Mapping[str, list[Drawing]]) -> set[str]:
    """Return the ids of the table's figures among these drawings."""
    return {drawing.id for own in drawings.values() for drawing in own} & set(FIGURES)
