"""The rows of metrics are consistent with each other and with the names in the engine."""

from __future__ import annotations

import ast
import math
import re
from pathlib import Path

import pytest

import reportgen
from reportgen.analysis.words.names import english_words
from reportgen.engine.probes.probe_spec import REQUESTS
from reportgen.engine.spec import EPOCH_COLUMNS, EVALUATION_SCORES, SCORES, SPECTRAL, STATISTICS
from reportgen.registry import table_of
from reportgen.study.metrics.metric import Metric
from reportgen.study.metrics.needs import SINGULAR_VALUES
from reportgen.study.metrics.table import METRICS, PLAIN, metric_of

ROWS = list(METRICS.values())
PACKAGE = Path(reportgen.__file__).parent
READERS = ("read", "by_layer", "bounds", "from_cost", "combine", "from_trial")


def test_every_number_of_the_engine_is_a_metric() -> None:
    requested = [name for names in EVALUATION_SCORES.values() for name in names] + [row.name for row in REQUESTS]
    columns = [name for name in EPOCH_COLUMNS if name not in ("epoch", "step")]
    assert {*STATISTICS, *columns, *SCORES, *requested} <= set(METRICS)
    assert tuple(row.name for row in ROWS if row.by_layer is not None)[: len(STATISTICS)] == STATISTICS
    assert {row.name for row in ROWS if SINGULAR_VALUES in row.needs} == set(SPECTRAL)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_has_one_way_to_its_value(row: Metric) -> None:
    ways = [name for name in READERS if getattr(row, name) is not None]
    assert len(ways) + bool(row.best_of) + (row.place.keys == ("layer",)) == 1


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_range_of_a_row_fits_its_scale(row: Metric) -> None:
    ranges = {"share": (0.0, 1.0), "difference": (-1.0, 1.0), "loss": (0.0, math.inf)}
    assert ranges.get(row.scale, (row.lowest, row.highest)) == (row.lowest, row.highest)
    assert row.is_size == (row.lowest == 0 and math.isinf(row.highest))
    assert not row.counted or row.split in ("val", "test")


FORM = re.compile(r"\b(fraction|min|max|gap|over|mean mean|polyak|ns)\b|^round |\bdifference$")
"""Words of ids that a reader does not understand without the documentation of the metric."""


def test_the_names_of_metrics_are_distinct_and_stand_alone() -> None:
    names = [english_words(row.name) for row in ROWS]
    assert len(set(names)) == len(names)
    assert [name for name in names if FORM.search(name)] == []


def test_other_names_are_plain_numbers() -> None:
    assert metric_of("") is metric_of("no_such_metric") is PLAIN
    assert metric_of("val_balanced_accuracy").is_accuracy
    assert "val_balanced_accuracy" not in METRICS


WORDS = {"diverged", "stopped", "features", "lr", "parameters", "penalty", "steps", "snapshots"}
"""Names of metrics that also name a status, a setting, a fact or a column."""

ENDINGS = {
    "accuracy",
    "_accuracy",
    "loss",
    "_loss",
    "gain",
    "_cost",
    "_ns",
    "_difference",
    "best_",
    "bn_",
    "val_",
    "test_",
}
ALLOWED = {"external/arrays.py"}
"""Modules that check arrays of other programs by name; the names are not only those of metrics."""

OF_LOGS = ("external/logs/", "analysis/diagnosis/scores/", "figures/training/")
"""Folders about curves of logs, whose roles are named like scores but are no metrics of a study."""


def named_tests(code: str) -> list[str]:
    """The expressions that compare with the name of a metric or of a kind of expectation, or with a part of a name."""
    names = (set(METRICS) | set(table_of("expectation"))) - WORDS

    def parts(node: ast.AST) -> set[str]:
        found = node.elts if isinstance(node, (ast.Tuple, ast.List, ast.Set)) else [node]
        return {one.value for one in found if isinstance(one, ast.Constant) and isinstance(one.value, str)}

    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Compare) and any(parts(one) & names for one in (node.left, *node.comparators)):
            found.append(ast.unparse(node))
        called = node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else ""
        if called in ("endswith", "startswith", "removesuffix", "removeprefix") and isinstance(node, ast.Call):
            found += [ast.unparse(node)] if any(parts(one) & ENDINGS for one in node.args) else []
    return found


def test_no_code_tests_the_name_of_a_metric_or_of_an_expectation() -> None:
    paths = {str(path.relative_to(PACKAGE)): path for path in PACKAGE.rglob("*.py")}
    found = {name: named_tests(path.read_text(encoding="utf-8")) for name, path in paths.items()}
    assert {name for name, tests in found.items() if tests and not name.startswith(OF_LOGS)} <= ALLOWED


@pytest.mark.parametrize(
    "code", ["metric == 'val_loss'", "name in ('steps_to', 'lr')", "kind != 'near'", "name.endswith(('loss', 'gain'))"]
)
def test_tests_of_names_are_found(code: str) -> None:
    assert named_tests(code) == [code]
