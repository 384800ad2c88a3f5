"""No English is left in diagnoses of logs: with a pseudo-language, all Latin words come from the logs."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reportgen.analysis.diagnosis.rules import RULES
from reportgen.analysis.finding import Abstention, Finding
from reportgen.figures.drawing.export import svg_text
from reportgen.languages.translate import in_language
from reportgen.report.media import html
from reportgen.report.training.inputs import TrainingReport
from reportgen.report.training.write import document_of, draw_training, runs_table
from reportgen.runs.training_log import LostState, Task, TrainingLog
from reportgen.workflow.diagnose import diagnose_paths
from reportgen.workflow.training_report.write import training_report
from tests.analysis.diagnosis.scores.curves import evidence, falling, log, noisy
from tests.languages.pseudo import CODE, Texts, english_words, pseudo, pseudo_language

ROOT = Path(__file__).resolve().parents[2] / "reportgen"
GUESS = math.log(10)
TWO = Task("classification", 2, "given with --classes")
UNTOLD = Task("classification", None, "the log has an accuracy")
FORMS = {id_: rule.on_scores for id_, rule in RULES.items() if rule.on_scores}
ENTROPY = -0.9 * math.log(0.9) - 0.1 * math.log(0.1)

Logs = Sequence[TrainingLog]


def steady(loss: float) -> TrainingLog:
    return log(train_loss=noisy([loss] * 8, 0.002), val_loss=noisy([loss] * 8, 0.002, 1))


def spiked() -> TrainingLog:
    norms, losses = noisy([1.0] * 60, 0.1), noisy(falling(2.0, 0.5, 60), 0.02)
    for at in (20, 30, 40, 50):
        norms[at] = 30.0
        losses[at + 1 : at + 6] += 1.5
    return log(gradient_norm=norms, train_loss=losses)


def rising(task: Task = TWO, train: bool = True) -> TrainingLog:
    val = noisy(np.concatenate([falling(1.8, 0.9, 8), np.linspace(0.92, 2.1, 22)]), 0.02)
    return log(task, val_loss=val, **({"train_loss": noisy(falling(2.0, 0.01, 30, 8.0), 0.03)} if train else {}))


SLOW = np.linspace(2.4, 2.35, 10)
FLAT = np.concatenate([[GUESS] * 8, falling(GUESS, 0.2, 12, 8.0)])
FALLING = {"train_loss": np.linspace(2.2, 1.2, 10), "val_loss": np.linspace(2.2, 1.3, 10)}
START = {"train_loss": [60.0, 2.0, 1.5, 1.3, 1.2, 1.1], "val_loss": [3.0, 2.0, 1.6, 1.4, 1.3, 1.3]}
MEMORIZED = {"train_loss": falling(2.2, 0.05, 12), "val_loss": np.linspace(GUESS, 5, 12)}
RIGHT = np.linspace(0.5, 0.98, 12)

FAULTY: Mapping[str, Sequence[Logs]] = {
    "class_imbalance": [
        [log(TWO, train_loss=falling(0.6, ENTROPY, 12, 20), val_accuracy=[0.8, *[0.9] * 11],
             val_loss=falling(0.5, 1.03 * ENTROPY, 12, 20))],
        [log(TWO, train_loss=[0.6, 0.5, *[ENTROPY] * 10], train_accuracy=[0.7, *[0.9] * 11],
             val_loss=[0.7, *[1.2] * 11], val_accuracy=[0.55, *[0.5] * 11])],
    ],
    "gradient_spikes": [[spiked()]],
    "init_plateau": [[log(train_loss=FLAT, val_loss=FLAT)]],
    "loss_oscillation": [[log(train_loss=np.tile([1.2, 2.0], 10))], [log(UNTOLD, val_loss=np.tile([1.2, 2.0], 10))]],
    "lr_too_high": [
        [log(train_loss=noisy([9.0] * 12, 0.3), val_loss=noisy([8.0] * 12, 0.3, 1))] * 2,
        [log(UNTOLD, train_loss=[1.0, *[5e4, 2e4] * 6], val_loss=[1.0, *[5e4, 2e4] * 6])],
        [log(UNTOLD, train_loss=np.concatenate([np.linspace(2.0, 0.5, 15), np.exp(np.arange(1.0, 15.0))]))],
        [log(train_loss=[1260.0, *[2.37] * 7], val_loss=[2.35] * 8, lr=[3.0] * 8)],
    ],
    "lr_too_low": [
        [log(train_loss=noisy(SLOW, 1e-4), val_loss=noisy(SLOW, 1e-4), lr=[1e-4] * 10)],
        [log(train_loss=noisy(SLOW, 1e-4), val_loss=noisy(SLOW, 1e-4))],
    ],
    "metric_loss_mismatch": [
        [log(val_loss=falling(1.0, 0.05, 12), val_accuracy=[0.1] * 12)],
        [log(train_loss=falling(1.0, 0.05, 12), train_accuracy=[0.1] * 12)],
        [log(val_loss=math.log1p(9 / math.e) + 1 - RIGHT, val_accuracy=RIGHT)],
    ],
    "nan_divergence": [[log(train_loss=[2.0, 1.5, math.nan, math.nan])], [log(val_loss=[2.0, math.inf, 1.4, 1.2])]],
    "no_learning": [
        [steady(GUESS)] * 3,
        [steady(1.2 * GUESS)],
        [steady(0.93 * GUESS)],
        [log(train_loss=[1e4, *[GUESS] * 7], val_loss=[GUESS] * 8)],
        [log(UNTOLD, train_loss=noisy([14.5] * 8, 0.01), val_loss=[14.4] * 8, val_accuracy=[0.1] * 8)],
    ],
    "no_signal": [[log(**MEMORIZED)], [log(**MEMORIZED)] * 2],
    "over_regularization": [
        [log(train_loss=[1.2 * GUESS, *(falling(0.6, 0.3, 12)[:-1] + 0.5) * GUESS],
             val_loss=falling(0.6, 0.3, 12) * GUESS)]
    ],
    "overfitting": [
        [rising()],
        [rising(train=False)],
        [rising(UNTOLD)] * 3,
        [log(train_loss=falling(2.0, 0.05, 30),
             val_accuracy=noisy([*np.linspace(0.5, 0.85, 8), *np.linspace(0.85, 0.68, 22)], 0.005))],
    ],
    "resumed_run": [
        [log(train_loss=noisy([*falling(2.0, 0.5, 20), *falling(1.4, 0.5, 20)], 0.02), resumed_at=(20.0,),
             lr=[*np.linspace(0.1, 0.01, 20), *[0.1] * 20])],
        [log(train_loss=noisy(falling(2.0, 0.5, 40), 0.02), resumed_at=(20.0,))],
        [log(train_loss=[2.0, 1.5, 1.0, 0.8], resumed_at=(0.5,))],
        [replace(log(train_loss=[2.0, 1.5, 1.0, 0.8]), lost_states=(LostState(12.0, 0.5, 2.0),))],
    ],
    "split_mismatch": [
        [log(train_loss=falling(2.0, 0.1, 15), val_loss=np.full(15, 2.1), val_accuracy=noisy([0.85] * 15, 0.01))]
    ],
    "train_eval_mismatch": [
        [log(train_loss=falling(2.0, 0.1, 15), val_loss=np.linspace(2.3, 4.0, 15), val_accuracy=[0.1] * 15)]
    ],
    "undertrained": [
        [log(**FALLING)],
        [log(train_loss=[1.10, 1.08, 1.03], val_loss=[1.09, 1.07, 1.0], lr=[4e-6, 8e-6, 12e-6])],
    ],
    "wrong_init_loss": [
        [replace(log(resolution={"train_loss": "step"}, **START), unit="step")],
        [log(**START)],
        [log(lr=[0.1] * 6, **START)],
        [log(UNTOLD, train_loss=[1e3, *START["train_loss"][1:]])],
    ],
}  # fmt: skip
"""Logs for which the form of a rule on scores has a finding; several for forms with several messages."""


def sweep(best: float) -> tuple[Logs, dict[str, Logs]]:
    """The runs with the best learning rate, and those with the others."""
    groups = {
        rate: [log(settings={"lr": rate}, val_loss=noisy([abs(math.log10(best / rate)) + 1] * 10, 0.01, seed))
               for seed in range(3)]
        for rate in (0.001, 0.01, 0.1)
    }  # fmt: skip
    return groups.pop(best), {str(rate): logs for rate, logs in groups.items()}


@pytest.fixture(scope="module", autouse=True)
def pseudo_catalogue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pseudo_language(tmp_path_factory.mktemp("pseudo") / "catalogue"):
        yield


def words_of(outcome: Finding | Abstention | None) -> list[str]:
    assert outcome is not None
    if isinstance(outcome, Finding):
        return [outcome.message, outcome.advice]
    return [outcome.reason, outcome.remedy]


def test_findings_on_logs_have_no_english() -> None:
    assert set(FAULTY) == set(FORMS) - {"lr_best_at_edge"}
    with in_language(CODE):
        for id_, examples in FAULTY.items():
            outcomes = [FORMS[id_].check(evidence(*logs)) for logs in examples]
            assert all(isinstance(outcome, Finding) for outcome in outcomes), id_
            texts = [text for outcome in outcomes for text in words_of(outcome)]
            assert english_words(texts, "train_loss val_loss NaN classification") == {}, id_
        for best in (0.001, 0.1):
            own, others = sweep(best)
            outcome = FORMS["lr_best_at_edge"].check(evidence(*own, siblings=others))
            assert isinstance(outcome, Finding)
            assert english_words(words_of(outcome), "") == {}


@pytest.mark.parametrize("task", [TWO, UNTOLD, Task()])
def test_abstentions_on_logs_have_no_english(task: Task) -> None:
    short, none = {"val_loss": [2.0, 1.9], "val_accuracy": [0.2], "train_loss": [2.0, 1.5]}, {"lr": [0.1]}
    late = {"positions": {"train_loss": np.arange(50.0, 300.0, 50.0)}, "resolution": {"train_loss": "step"}}
    logs = [log(task, **short), log(task, **none), log(task, train_loss=[2.0, 1.0, 0.5, 0.4, 0.4], **late)]
    with in_language(CODE):
        outcomes = [form.check(evidence(one)) for form in FORMS.values() for one in logs]
        texts = [text for one in outcomes if isinstance(one, Abstention) for text in words_of(one)]
    assert len(texts) > 20
    assert english_words(texts, "task classification classes") == {}


MESSAGES = ("_", "N_", "NN_", "ngettext", "pgettext")
MARKED = [
    *sorted((ROOT / "analysis" / "diagnosis" / "scores").rglob("*.py")),
    *(ROOT / "analysis" / "diagnosis" / "rules" / f"{name}.py" for name in (
        "optimization/no_learning", "optimization/gradient_spikes", "optimization/resumed_run",
        "generalization/metric_loss_mismatch",
    )),
    *(ROOT / "teaching" / f"{name}.py" for name in (
        "grade", "grades", "points", "same_study", "copied", "instructions",
    )),
]  # fmt: skip
"""Modules whose sentences are shown in the language of a page."""


def unmarked(node: ast.AST) -> Iterator[str]:
    """Yield the sentences below a node that are no messages; sources, errors and docstrings are none."""
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith((*MESSAGES, "Error", "ScoreForm")):
        return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "SOURCES") or (
        isinstance(node, ast.keyword) and node.arg == "sources"
    ):
        return
    if (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.search("[a-z]{2,},? [a-z]{2,}", node.value)
    ):
        yield node.value
    for child in ast.iter_child_nodes(node):
        yield from unmarked(child)


def test_every_sentence_of_log_rules_and_of_feedback_is_a_message() -> None:
    found = {path.stem: [*unmarked(ast.parse(path.read_text(encoding="utf-8")))] for path in MARKED}
    names = {
        "one class",
        "off from the start",
        "softmax twice",
        "they are the seeds of ",
    }  # codes, and for the lecturer
    assert {name: left for name, texts in found.items() if (left := [t for t in texts if t not in names])} == {}


@pytest.fixture
def diagnosed(tmp_path: Path) -> TrainingReport:
    """The report of a log that diverges, of a good one in percent, and of one that is too short."""
    columns = "epoch,loss,val_loss,val_acc,zzz,note\n"
    losses = falling(2.3, 0.1, 20)
    rows = [f"{n},{losses[n]:.4f},{losses[n]:.4f},{100 - 20 * losses[n]:.2f},1,qq\n" for n in range(20)]
    (tmp_path / "ba.csv").write_text(columns + "".join(rows), encoding="utf-8")
    bad = [f"{n},{2.3 if n < 6 else 'nan'},{2.3 + n},10,1,qq\n" for n in range(12)]
    (tmp_path / "bb.csv").write_text(columns + "".join(bad), encoding="utf-8")
    (tmp_path / "bc.csv").write_text("epoch,loss\n0,1.0\n1,0.9\n", encoding="utf-8")
    found = diagnose_paths([tmp_path / f"b{letter}.csv" for letter in "abc"], language=CODE)
    return training_report(found, {}, tmp_path / "out", "reportgen diagnose")


def test_the_page_of_a_diagnosis_has_no_english(diagnosed: TrainingReport) -> None:
    with in_language(CODE):
        drawn = draw_training(diagnosed)
        document = document_of(diagnosed, drawn)
        text = html.page(document, {one.id: svg_text(one) for one in drawn.all})
        table = runs_table(document)
    assert pseudo("What to log") in text
    assert {finding.rule for group in diagnosed.groups for finding in group.findings} >= {"nan_divergence"}
    sources = [source for group in diagnosed.groups for finding in group.findings for source in finding.sources]
    known = f"ba bb bc loss val_loss val_acc zzz qq epoch csv keras {diagnosed.name} NaN SHA Python NumPy reportgen"
    facts = " ".join([*diagnosed.provenance.values(), *sources])
    assert english_words([*Texts(text).parts, *table], f"{known} {facts} task classes classification") == {}
