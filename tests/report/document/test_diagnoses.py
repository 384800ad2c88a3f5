"""Findings in a report: equal messages are merged and list their variants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from reportgen.analysis.finding import Finding, Remedy
from reportgen.analysis.results import Analysis
from reportgen.report.document.diagnoses import MOST_ALONE, Diagnosis, diagnoses
from reportgen.report.results.results import results_dict
from tests.figures.examples import analysis, record, summary
from tests.report.small_analysis import small_analysis

LABELS = [f"{a}, {b}" for b in ("small", "large") for a in ("relu", "tanh", "elu")]


def finding(label: str, message: str = "All units are alike.", rule: str = "symmetric_init", **more: Any) -> Finding:
    advice = more.pop("advice", "Draw the weights at random.")
    return Finding(rule, "error", label, (0,), (1,), 0, {}, message, advice, ("nn1-notes",), **more)


def of(findings: Sequence[Finding]) -> Diagnosis:
    (found,) = diagnoses(study(findings))
    return found


def study(findings: Sequence[Finding]) -> Analysis:
    rows = [
        summary(label, [record()], dict(zip(("network.activation", "network.init"), label.split(", "), strict=True)))
        for label in LABELS
    ]
    named = {row.variant.label: row.variant.id for row in rows}
    return replace(analysis(rows, [], []), findings=tuple(replace(f, variant=named[f.variant]) for f in findings))


def test_an_equal_message_appears_once_for_all_variants() -> None:
    found = of([finding(label) for label in LABELS])
    (group,) = found.groups
    assert (found.count, group.count) == (6, 6)
    assert group.variants == "all 6 variants"
    assert group.advice == (("", "Draw the weights at random."),)


def test_variants_that_share_a_setting_are_named_by_it() -> None:
    (group,) = of([finding(label) for label in LABELS if label.endswith("small")]).groups
    assert group.variants == "all 3 variants with init “small”"


def test_a_grid_of_variants_is_named_by_its_settings() -> None:
    (group,) = of([finding(label) for label in LABELS if not label.startswith("elu")]).groups
    assert group.variants == "relu and tanh; small and large"


def test_other_variants_are_listed_by_name() -> None:
    (group,) = of([finding(LABELS[0]), finding(LABELS[5])]).groups
    assert group.variants == "relu, small; elu, large"


def test_a_few_messages_with_other_numbers_stay_separate_and_many_become_a_range() -> None:
    few = of([finding(label, f"It is {at}.") for at, label in enumerate(LABELS[:MOST_ALONE])])
    assert [group.count for group in few.groups] == [1] * MOST_ALONE
    many = of([finding(label, f"It is {at}.") for at, label in enumerate(LABELS)])
    assert [(group.count, group.message) for group in many.groups] == [(6, "It is 0 to 5.")]


def test_each_advice_and_each_change_names_its_variants() -> None:
    def one(label: str, init: str, after: float) -> Finding:
        remedy = Remedy({"network.init": init}, "val_loss", 2.0, after, after - 2.0, (-2.0, -0.5), "helped")
        return finding(label, advice=f"Use {init}.", remedies=(remedy,))

    (group,) = of([one(LABELS[0], "he", 1.0), one(LABELS[2], "he", 0.5), one(LABELS[1], "xavier", 0.7)]).groups
    assert [variants for variants, _ in group.advice] == ["relu, small; elu, small", "tanh, small"]
    first, second = group.tested
    assert (first.before, first.after, first.difference, first.interval) == ((2, 2), (0.5, 1), (-1.5, -1), None)
    assert (second.after, second.interval) == ((0.7, 0.7), (-2.0, -0.5))


def test_consequences_are_merged_and_name_their_variants_if_some_lack_them() -> None:
    roots = [finding(label) for label in LABELS[:4]]
    below = [
        finding(label, f"It fell by {at}.", "vanishing_gradients", consequence_of="symmetric_init")
        for at, label in enumerate(LABELS[:2])
    ]
    dead = [finding(label, "It is dead.", "dead_relu", consequence_of="symmetric_init") for label in LABELS[:4]]
    (group,) = of([*roots, *below, *dead]).groups
    assert [(one.rule, one.variants, one.message) for one in group.consequences] == [
        ("vanishing_gradients", "relu, small; tanh, small", "It fell by 0 to 1."),
        ("dead_relu", "", "It is dead."),
    ]


def test_results_have_one_entry_per_variant() -> None:
    results = results_dict(small_analysis(findings=tuple(finding(name) for name in ("small", "large"))))
    assert [one["variant"] for one in results["findings"]] == ["small", "large"]


def test_every_tested_change_is_shown_and_the_best_one_is_named() -> None:
    hurt = Remedy({"training.lr": 2.0}, "val_loss", 2.0, 2.5, 0.5, (0.3, 0.7), "hurt")
    helped = Remedy({"training.lr": 0.2}, "val_loss", 2.0, 1.0, -1.0, (-1.2, -0.8), "helped")
    (group,) = of([finding(LABELS[0], remedies=(hurt, helped))]).groups
    assert [(one.change["training.lr"], one.verdict, one.best) for one in group.tested] == [
        (2.0, "hurt", False),
        (0.2, "helped", True),
    ]
    (alone,) = of([finding(LABELS[0], remedies=(helped,))]).groups
    assert [one.best for one in alone.tested] == [False]
