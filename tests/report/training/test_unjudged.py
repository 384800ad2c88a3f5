"""What to log: rules that the same remedy would let judge are listed together."""

from __future__ import annotations

from reportgen.analysis.finding import Abstention
from reportgen.report.training.unjudged import unjudged_of
from tests.training_examples import SHORT, group

OTHER = Abstention("there is no validation loss", "log the validation loss")


def test_rules_are_grouped_by_what_to_log_over_all_groups() -> None:
    first = group("a", abstained={"overfitting": SHORT, "loss_oscillation": SHORT, "no_signal": OTHER})
    second = group("b", abstained={"overfitting": SHORT})
    most, least = unjudged_of([first, second])
    assert most.remedy == SHORT.remedy
    assert [rule for rule, _ in most.rules] == ["loss_oscillation", "overfitting"]
    assert (most.groups, least.groups) == (2, 1)
    assert most.reasons == (SHORT.reason,)


def test_many_reasons_are_counted() -> None:
    groups = [group(f"g{k}", abstained={"overfitting": Abstention(f"{k} epochs", "log more")}) for k in range(5)]
    (one,) = unjudged_of(groups)
    assert (len(one.reasons), one.more, one.groups) == (3, 2, 5)


def test_missing_arrays_of_records_are_kinds_of_quantities() -> None:
    missing = {"dead_relu": ("probe_dead_fraction", "facts.probe_n"), "overfitting": ("epoch_val_loss",)}
    found = {one.remedy: one for one in unjudged_of([group(not_judged=missing)])}
    assert set(found) == {"record statistics of the layers and facts of the data", "record scores after each epoch"}
    both = found["record statistics of the layers and facts of the data"]
    assert both.missing == ("probe_dead_fraction", "facts.probe_n")


def test_nothing_to_log_if_every_rule_could_judge() -> None:
    assert unjudged_of([group()]) == ()
