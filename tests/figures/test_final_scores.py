"""Tests of the figure of final scores."""

from dataclasses import replace

from reportgen.analysis.results import EnsembleScore
from reportgen.figures import FIGURES
from tests.figures.examples import analysis, record, summary


def test_the_axis_and_the_caption_include_ensembles() -> None:
    row = summary("few examples", [record(seed, 3, 2) for seed in range(4)], id_="few")
    scores = [EnsembleScore("few", size, 1, 0.99, (0.9, 0.9), 0.09, (0.08, 0.1)) for size in (2, 4)]
    drawing = FIGURES["final_scores"].draw(replace(analysis([row]), ensembles=tuple(scores)))
    assert drawing is not None
    assert "an ensemble of 4 seeds" in drawing.caption
    assert "+9.0 with “few examples”" in drawing.caption
    assert drawing.figure.axes[0].get_xlim()[1] > 0.99


def test_the_axis_includes_an_ensemble_that_is_worse_than_its_members() -> None:
    row = summary("few examples", [record(seed, 3, 2) for seed in range(4)], id_="few")
    worse = EnsembleScore("few", 4, 1, 0.05, (0.05, 0.05), -0.5, (-0.6, -0.4))
    drawing = FIGURES["final_scores"].draw(replace(analysis([row]), ensembles=(worse,)))
    assert drawing is not None
    assert drawing.figure.axes[0].get_xlim()[0] < 0.05
