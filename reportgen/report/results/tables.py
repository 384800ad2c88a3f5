"""Write the folder tables/: the numbers of a study as CSV, floats with all digits, missing values as empty cells."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np

from reportgen.analysis.classes import label_of
from reportgen.analysis.results import Analysis, VariantSummary
from reportgen.analysis.words.foreign import table_text
from reportgen.disk import replace_file
from reportgen.engine.spec import EPOCH_COLUMNS, SCORES, STATISTICS
from reportgen.report.document.networks import architecture_of
from reportgen.report.results.results import one_or_many, planned_records
from reportgen.runs.record import RunRecord
from reportgen.runs.store import STATUSES, plain

Row = Sequence[Any]
Table = tuple[Sequence[str], Iterable[Row]]

ROWS_AT_ONCE = 500
"""Rows of a table in memory at a time."""


class Cells(tuple[Any, ...]):
    """A row whose values are those of its cells."""


VAL_CONFUSION = "val_confusion"
"""Name of the array with the numbers of validation examples by true and predicted class."""

_COUNTED = ("epoch", "step", "best_epoch")  # columns of integers, which records contain as floats


def write_tables(analysis: Analysis, folder: Path) -> list[Path]:
    """Write the tables into the folder, create it if necessary, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    return [write_csv(folder / f"{name}.csv", *build(analysis)) for name, build in tables_of(analysis).items()]


def variants(analysis: Analysis) -> Table:
    """Return one row per variant: runs by status, scores with interval and n, and every setting."""
    settings = sorted({path for summary in analysis.variants for path in summary.variant.settings})
    names = _scores(analysis)
    scores = [f"{score}{part}" for score in names for part in ("", "_lo", "_hi", "_n")]
    columns = ["variant", "label", "parameters", *STATUSES, "train_seconds", *scores, *settings]
    return columns, (_variant(summary, names, settings) for summary in analysis.variants)


def runs(analysis: Analysis) -> Table:
    """Return one row per run, in the order of the plan."""
    scores = _scores(analysis)
    columns = ("key", "variant", "seed", "status", "stopped_at_step", "steps", "train_seconds", *scores)
    rows = (
        (
            record.key,
            variant,
            record.spec.seed,
            record.status,
            record.stopped_at_step,
            record.steps,
            record.train_seconds,
            *(record.final.get(name) for name in scores),
        )
        for variant, record in planned_records(analysis)
    )
    return columns, rows


def epochs(analysis: Analysis) -> Table:
    """Return one row per run and epoch; epoch 0 is the network at initialization."""
    rows = (row for variant, record in planned_records(analysis) for row in _epochs(variant, record))
    return ("variant", "seed", *EPOCH_COLUMNS), rows


def layers(analysis: Analysis) -> Table:
    """Return one row per run, probe and layer; layer 1 is the first hidden layer, the output layer is the last."""
    rows = (row for variant, record in planned_records(analysis) for row in _layers(variant, record))
    return ("variant", "seed", "step", "layer", *STATISTICS), rows


def architectures(analysis: Analysis) -> Table:
    """Return one row per variant and layer, or per run of equal layers: shapes, parameters and multiplications."""
    columns = ("variant", "first", "last", "kind", "output", "window", "parameters", "products")
    found = (
        (summary.variant.id, architecture_of(summary.records[0])) for summary in analysis.variants if summary.records
    )
    rows = ((name, *dataclasses.astuple(row)) for name, own in found if own is not None for row in own.rows)
    return columns, rows


def rounds(analysis: Analysis) -> Table:
    """Return one row per run and round of pruning; round 0 is the dense network, `weights` remain in each layer."""
    rows = (row for variant, record in planned_records(analysis) for row in _rounds(variant, record))
    return ("variant", "seed", "round", "sparsity", "weights", *SCORES, "best_epoch"), rows


def confusion(analysis: Analysis) -> Table:
    """Return one row per variant, true class and predicted class: number of validation examples, over all seeds."""
    columns = ("variant", "true_class", "predicted_class", "examples")
    return columns, (row for summary in analysis.variants for row in _confusion(summary))


def claims(analysis: Analysis) -> Table:
    """Return one row per claim, with its verdict and how it was reached."""
    columns = ("id", "says", "source", "lecture", "verdict", "measured", "lo", "hi", "n", "expected")
    more = ("required", "metric", "variants", "method", "p_value", "p_adjusted", "effect_size", "seeds_needed")
    rows = (
        (
            *(claim.id, claim.says, one_or_many(claim.sources), claim.lecture, claim.verdict, claim.measured),
            *(*claim.interval, claim.n, claim.expected),
            *(getattr(claim, name) for name in (*more, "reason")),
        )
        for claim in analysis.claims
    )
    return (*columns, *more, "reason"), rows


def comparisons(analysis: Analysis) -> Table:
    """Return one row per compared pair of variants: the difference of b to a in a score, paired by seed."""
    columns = ("a", "b", "score", "difference", "lo", "hi", "n", "p_value", "p_adjusted", "pairs", "effect_size")
    rows = (
        (
            *(pair.a, pair.b, pair.score),
            *(getattr(pair.difference, name) for name in ("value", "lo", "hi", "n")),
            *(pair.p_value, pair.p_adjusted, pair.pairs, pair.effect_size),
        )
        for pair in analysis.comparisons
    )
    return columns, rows


def findings(analysis: Analysis) -> Table:
    """Return one row per finding; evidence and remedies are JSON."""
    columns = ("rule", "severity", "variant", "seeds", "layers", "step", "message", "advice", "sources", "evidence")
    rows = (
        (
            *(getattr(finding, name) for name in columns),
            finding.consequence_of,
            finding.remedy and dataclasses.asdict(finding.remedy),
            [dataclasses.asdict(remedy) for remedy in finding.remedies],
        )
        for finding in analysis.findings
    )
    return (*columns, "consequence_of", "remedy", "remedies"), rows


TABLES: dict[str, Callable[[Analysis], Table]] = {
    "variants": variants,
    "runs": runs,
    "epochs": epochs,
    "layers": layers,
    "architecture": architectures,
    "rounds": rounds,
    "confusion": confusion,
    "claims": claims,
    "comparisons": comparisons,
    "findings": findings,
}


def tables_of(analysis: Analysis) -> dict[str, Callable[[Analysis], Table]]:
    """Return the tables that the report of a study has: rounds with pruning, confusion with scored predictions."""
    absent = set()
    if not any(run.spec.training.pruning is not None for run in analysis.plan.runs):
        absent.add("rounds")
    if not any(VAL_CONFUSION in record.arrays for summary in analysis.variants for record in summary.records):
        absent.add("confusion")
    return {name: build for name, build in TABLES.items() if name not in absent}


def _scores(analysis: Analysis) -> Sequence[str]:
    """Return the names of the final scores: the six of every run, then the additional scores of the study."""
    return tuple(dict.fromkeys((*SCORES, *(name for run in analysis.plan.runs for name in run.spec.evaluation.scores))))


def _variant(summary: VariantSummary, names: Sequence[str], settings: Sequence[str]) -> Row:
    scores = [summary.scores.get(name) for name in names]
    values = [(None,) * 4 if score is None else (score.value, score.lo, score.hi, score.n) for score in scores]
    return (
        summary.variant.id,
        summary.variant.label,
        summary.parameters,
        *(summary.statuses.get(status, 0) for status in STATUSES),
        summary.train_seconds,
        *(value for part in values for value in part),
        *(summary.variant.settings.get(path) for path in settings),
    )


def _epochs(variant: str, record: RunRecord) -> Iterator[Row]:
    columns = [_column(name, record.epochs(name)) for name in EPOCH_COLUMNS]
    head = (table_text(variant), record.spec.seed)
    return (Cells((*head, *row)) for row in zip(*columns, strict=True))


def _layers(variant: str, record: RunRecord) -> Iterator[Row]:
    if len(record.probe_steps) == 0:
        return
    block = np.stack([record.statistic(name) for name in STATISTICS], axis=-1).astype(float)
    cells = np.where(np.isfinite(block), block, None).tolist()  # type: ignore[call-overload]
    head = (table_text(variant), record.spec.seed)
    for step, layers_ in zip(record.probe_steps.tolist(), cells, strict=True):
        for layer, values in enumerate(layers_, start=1):
            yield Cells((*head, step, layer, *values))


def _rounds(variant: str, record: RunRecord) -> Iterator[Row]:
    columns = ("sparsity", "weights", *SCORES, "best_epoch")
    arrays = {name: record.arrays.get(f"round_{name}", np.zeros(0)) for name in columns}
    values = [array.tolist() if array.ndim > 1 else _column(name, array) for name, array in arrays.items()]
    return ((variant, record.spec.seed, number, *row) for number, row in enumerate(zip(*values, strict=True)))


def _confusion(summary: VariantSummary) -> Iterator[Row]:
    found = [record for record in summary.records if VAL_CONFUSION in record.arrays]
    if not found:
        return
    counts = np.sum([record.arrays[VAL_CONFUSION] for record in found], axis=0)
    for true, predicted in np.argwhere(counts).tolist():
        labels = (label_of(found[0].facts, number) for number in (true, predicted))
        yield (summary.variant.id, *labels, int(counts[true, predicted]))


def _column(name: str, values: Any) -> list[Any]:
    """Return the cells of a column of numbers."""
    block = np.asarray(values, float)
    cells: list[Any] = np.where(np.isfinite(block), block, None).tolist()  # type: ignore[call-overload]
    return [int(value) if value is not None else None for value in cells] if name in _COUNTED else cells


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> Path:
    """Write a table in one step and return its path."""
    replace_file(path, (text.encode() for text in _pieces(columns, rows)))
    return path


def csv_text(columns: Sequence[str], rows: Iterable[Row]) -> str:
    return "".join(_pieces(columns, rows))


def _pieces(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    """Yield the text of a table in pieces, since a table of all layers of thousands of runs has millions of cells."""
    cells = chain([[table_text(name) for name in columns]], (_cells(row) for row in rows))
    while some := list(islice(cells, ROWS_AT_ONCE)):
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(some)
        yield text.getvalue()


def _cells(row: Row) -> Row:
    return row if isinstance(row, Cells) else [_cell(value) for value in row]


def _cell(value: Any) -> Any:
    """Return a value for a CSV cell: NaN as empty, booleans as in YAML, lists and mappings as JSON, text as text.

    Text that a spreadsheet program would take for a formula begins with an apostrophe.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, str):
        return table_text(value)
    if value is None or isinstance(value, int):
        return value
    converted = plain(value)
    return json.dumps(converted, ensure_ascii=False) if isinstance(converted, dict | list) else converted
