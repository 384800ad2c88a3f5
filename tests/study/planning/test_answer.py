"""Quotations in an answer: the claims and variants that they name."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.study.model.study import Answer
from reportgen.study.planning.answer import Quotation, labelled, parts_of
from reportgen.study.planning.plan import Variant
from tests.analysis.studies import HEAD, plan_of

CLAIM = "claims: [{id: learns, says: S, measure: {metric: val_loss}, expect: {below: 1}}]"
TWO = HEAD.replace("label: small}, xavier]}", "label: 'small (0.01), dull'}, xavier], network.bias: [0, 0.5]}")


def quotation(folder: Path, text: str) -> Quotation:
    (part,) = parts_of(Answer(says=text), plan_of(folder, CLAIM, head=TWO))
    assert isinstance(part, Quotation)
    return part


def test_text_between_quotations_stays_and_double_braces_become_single_ones(tmp_path: Path) -> None:
    parts = parts_of(Answer(says="{{a}} {learns} b"), plan_of(tmp_path, CLAIM))
    assert [part if isinstance(part, str) else part.text for part in parts] == ["{", "a", "}", " ", "{learns}", " b"]


@pytest.mark.parametrize(
    ("subject", "where"),
    [
        ("", {}),
        ("xavier, bias 0.5", {"variant": "xavier, bias 0.5"}),
        ("xavier-bias-0", {"variant": "xavier-bias-0"}),
        ("xavier", {"network.init": "xavier"}),
        ("bias 0.5", {"network.bias": "bias 0.5"}),
        ("bias 0.5, xavier", {"network.bias": "bias 0.5", "network.init": "xavier"}),
        ("bias 0.5, small (0.01), dull", {"network.bias": "bias 0.5", "network.init": "small (0.01), dull"}),
        ("network.bias: 0.5", {"network.bias": 0.5}),
    ],
)
def test_variants_are_named_by_label_id_labels_of_values_or_settings(
    tmp_path: Path, subject: str, where: dict[str, object]
) -> None:
    assert quotation(tmp_path, f"{{val_loss({subject})}}").claim.where == where


def test_a_metric_has_the_keys_of_a_measure(tmp_path: Path) -> None:
    quoted = quotation(tmp_path, "{activation_std(xavier; layer: last, step: 0)}")
    measure = quoted.claim.measure
    assert (measure.metric, measure.layer, measure.step, quoted.of_study) == ("activation_std", "last", 0, False)


@pytest.mark.parametrize(
    ("text", "form"), [("{learns}", ""), ("{learns; size}", "size"), ("{ learns;inverse }", "inverse")]
)
def test_a_claim_is_quoted_in_a_form(tmp_path: Path, text: str, form: str) -> None:
    quoted = quotation(tmp_path, text)
    assert (quoted.claim.id, quoted.of_study, quoted.form) == ("learns", True, form)


def test_a_label_that_two_settings_share_selects_nothing() -> None:
    variants = [Variant("a", "on, on", {}, {"network.batchnorm": "on", "network.dropout": "on"})]
    assert labelled("on", variants) is None
