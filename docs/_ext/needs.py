"""The table of what each rule needs of a record, in docs/diagnose.md; `python docs/_ext/needs.py` updates it.

Rules do not declare what they need of a complete record. A small network is trained and recorded here, and every rule
is applied to records with more and more of its arrays and settings. The table names the part with which each rule first
comes to a judgement. The forms on scores alone declare their needs.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from reportgen import Recorder
from reportgen.analysis.diagnosis.rules import RULES
from reportgen.workflow.diagnose import diagnose_path

PAGE = Path(__file__).resolve().parents[1] / "diagnose.md"
TABLE = re.compile(r"(<!-- generated: needs -->\n).*?(<!-- end -->)", re.DOTALL)

EPOCHS, RATE = 20, 0.5
PARTS: Mapping[str, tuple[str, ...]] = {
    "`step_loss` and the required settings": ("step_loss", "network.hidden", "network.activation"),
    "`network.batchnorm` and `network.dropout`": ("network.batchnorm", "network.dropout"),
    "`epoch_` losses and accuracies": ("epoch_",),
    "`facts.train_n`, `facts.val_n` and `facts.class_counts`": ("facts.train_n", "facts.val_n", "facts.class_counts"),
    "`val_confusion` and `train_confusion`": ("val_confusion", "train_confusion"),
    "`facts.baseline_`": ("facts.baseline_",),
    "`probe_` arrays, `facts.probe_n`, `facts.features` and `facts.input_`": (
        *("probe_", "unit_layer", "facts.probe_n", "facts.features", "facts.input_", "facts.image_shape"),
    ),
    "what `watch` observes of the training loop": ("layer_", "facts."),
}
"""The parts of a record, and the prefixes of the names that each adds."""

ALWAYS = ("training.", "facts.classes")


def needs_lines() -> Iterator[str]:
    """Yield the numbered parts of a record, and a Markdown table with a row for each rule."""
    found = rules_by_part()
    for number, part in enumerate(found, 1):
        yield f"{number}. {part}"
    yield ""
    yield "| rule | complete record, up to part | log of scores |"
    yield "|---|---|---|"
    part_of = {rule: number for number, rules in enumerate(found.values(), 1) for rule in rules}
    for id_, rule in RULES.items():
        yield f"| `{id_}` | {part_of.get(id_, '-')} | {rule.on_scores.needs if rule.on_scores else '-'} |"


def page(text: str) -> str:
    """Return the text of the page with an updated table."""
    table = "\n".join(needs_lines())
    return TABLE.sub(lambda found: f"{found[1]}\n{table}\n\n{found[2]}", text)


def rules_by_part() -> dict[str, list[str]]:
    """Return the rules that can judge from each part of a record on, in alphabetical order."""
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole.npz"
        _record(whole)
        found: dict[str, list[str]] = {}
        known: tuple[str, ...] = ALWAYS
        for part, names in PARTS.items():
            known = (*known, *names)
            _write(whole, Path(folder) / "part.npz", known)
            judged = _judged(Path(folder) / "part.npz")
            found[part] = sorted(judged - {rule for rules in found.values() for rule in rules})
    return found


def _judged(path: Path) -> set[str]:
    [diagnosis] = diagnose_path(path).diagnoses
    return {*diagnosis.passed, *(finding.rule for finding in diagnosis.findings)} - diagnosis.by_scores.keys()


def _write(whole: Path, path: Path, known: tuple[str, ...]) -> None:
    """Write a record with the given arrays and settings of another record."""
    with np.load(whole) as members:
        arrays = {name: members[name] for name in members.files if name != "run" and name.startswith(known)}
        run = json.loads(str(members["run"]))
    for section in ("network", "training", "facts"):
        run[section] = {k: value for k, value in run[section].items() if f"{section}.{k}".startswith(known)}
    np.savez(path, run=json.dumps(run), **arrays)


def _record(path: Path) -> None:
    """Train a network of two tanh layers on well separated clouds, and record it."""
    draws = np.random.default_rng(0)
    y = draws.integers(0, 3, 300)
    x = draws.normal(size=(300, 4)) + 2.0 * np.eye(3, 4)[y]
    weights = [draws.normal(size=size) / np.sqrt(size[0]) for size in ((4, 8), (8, 8), (8, 3))]
    biases = [np.zeros(w.shape[1]) for w in weights]
    settings: dict[str, Any] = {"lr": RATE, "batch_size": 20, "batchnorm": False, "dropout": 0, "epochs": EPOCHS}
    recorder = Recorder(x[:200], y[:200], x[200:], y[200:], activation="tanh", units_axis=1, **settings)
    for step in range(EPOCHS * 10 + 1):
        if step % 10 == 0:
            recorder.score(*(_forward(part, weights, biases)[-1] for part in (x[:200], x[200:])))
        if recorder.due or step == EPOCHS * 10:
            recorder.look(*_backward(x[:200], y[:200], weights, biases)[1:])
        if step < EPOCHS * 10:
            batch = draws.permutation(200)[:20]
            loss, _, by_weights, by_biases = _backward(x[batch], y[batch], weights, biases)
            recorder.step(loss, weights)
            weights = [w - RATE * g for w, g in by_weights]
            biases = [b - RATE * g for b, g in by_biases]
    recorder.save(path)
    _add_loop(path)


def _add_loop(path: Path) -> None:
    """Add to a record what a watched network in PyTorch shows of a correct training loop."""
    with np.load(path) as members:
        arrays = {name: members[name] for name in members.files if name != "run"}
        run = json.loads(str(members["run"]))
    run["facts"] |= {"framework": "pytorch"}
    run["facts"] |= {"loss_response": "none", "loss_form": "cross_entropy", "loss_reduction": "mean", "loss_scale": 1.0}
    run["facts"] |= {"loss_error": 0.0, "loss_broadcast": [], "updates_checked": 8, "gradients_kept": 0.0}
    run["facts"] |= {"steps_in_test_mode": 0.0, "scores_in_training_mode": 0.0, "batches_observed": 8}
    run["facts"] |= {"batches_distinct": 8, "batch_examples": 20, "targets_matched": 160, "targets_agreeing": 1.0}
    layers = dict.fromkeys(("layer_has_gradient", "layer_in_optimizer", "layer_registrations"), np.ones(3))
    np.savez(path, run=json.dumps(run), **arrays, **layers)


def _forward(x: Any, weights: list[Any], biases: list[Any]) -> list[Any]:
    z = [x @ weights[0] + biases[0]]
    for w, b in zip(weights[1:], biases[1:], strict=True):
        z.append(np.tanh(z[-1]) @ w + b)
    return z


def _backward(x: Any, y: Any, weights: list[Any], biases: list[Any]) -> tuple[float, list[Any], list[Any], list[Any]]:
    """Return the loss, and pairs of value and gradient: pre-activations, weights and biases."""
    z = _forward(x, weights, biases)
    share = np.exp(z[-1]) / np.exp(z[-1]).sum(1, keepdims=True)
    deltas = [(share - np.eye(share.shape[1])[y]) / len(y)]
    for w, below in zip(weights[:0:-1], z[-2::-1], strict=True):
        deltas.insert(0, deltas[0] @ w.T * (1 - np.tanh(below) ** 2))
    inputs = [x, *(np.tanh(part) for part in z[:-1])]
    by_weights = [(w, a.T @ d) for w, a, d in zip(weights, inputs, deltas, strict=True)]
    by_biases = [(b, d.sum(0)) for b, d in zip(biases, deltas, strict=True)]
    return float(-np.log(share[np.arange(len(y)), y]).mean()), list(zip(z, deltas, strict=True)), by_weights, by_biases


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
