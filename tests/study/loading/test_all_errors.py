"""All errors of a study are reported at once, in the order of the file, and none that follows from another one."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.errors import StudyError
from reportgen.study.loading.loader import load_study

CLAIMS = """
claims:
  - {id: first, says: A., measure: {metric: no_metric}, expect: {above: 0.5}}
  - {id: Not an id, says: B., measure: {metric: val_accuracy}, expect: {abov: 0.5}}
  - {id: third, says: C., measure: {metric: val_accuracy}, where: {training.lr: 7}, expect: {above: 0.5}}
  - {id: fourth, says: D., measure: {metric: val_accuracy}, expect: {above: 0.5}}
"""


def places(tmp_path: Path, text: str, **overrides) -> list[tuple[str, str]]:
    """Return the code and the path in the study of each error."""
    path = tmp_path / "s.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        load_study(path, overrides)
    found = [caught.value, *caught.value.others]
    return [(error.code, (error.where or "").rpartition(": ")[2].partition(" ")[0]) for error in found]


def study(settings: str, claims: str = "") -> str:
    data = "data: {name: blobs, samples: 60, validation: 0.2}"
    network = "" if settings.startswith("network") else "network: {hidden: [4]}\n"
    return f"title: T\nquestion: Q?\n{data}\n{network}{settings}{claims}"


def test_errors_in_all_sections_are_reported_and_unknown_keys_hide_none(tmp_path: Path) -> None:
    settings = "network: {hiden: [4], activation: rellu, bias: x}\ntraining: {optimizr: sgd, lr: -1, epochs: 0.5}\n"
    assert places(tmp_path, study(settings)) == [
        ("unknown-key", "network.hiden"),
        ("unknown-name", "network.activation"),
        ("wrong-type", "network.bias"),
        ("unknown-key", "training.optimizr"),
        ("out-of-range", "training.lr"),
        ("wrong-type", "training.epochs"),
    ]


def test_missing_keys_do_not_hide_other_errors(tmp_path: Path) -> None:
    text = "data: {name: blobs}\nnetwork: {hidden: [0]}\n"
    assert places(tmp_path, text) == [
        ("missing-key", f"{tmp_path / 's.yaml'}:1:1"),
        ("missing-key", f"{tmp_path / 's.yaml'}:1:1"),
        ("out-of-range", "network.hidden[0]"),
    ]


def test_claims_are_checked_one_by_one_with_their_places_in_the_file(tmp_path: Path) -> None:
    assert places(tmp_path, study("", CLAIMS)) == [
        ("unknown-name", "claims[0].measure.metric"),
        ("invalid-id", "claims[1].id"),
        ("unknown-key", "claims[1].expect.abov"),
        ("unknown-variant", "claims[2].where.training.lr"),
    ]


def test_the_same_error_of_two_claims_is_reported_twice(tmp_path: Path) -> None:
    claims = "claims:\n" + "".join(f"  - {{id: {name}, says: A., expect: {{abov: 0.5}}}}\n" for name in "ab")
    assert [where for code, where in places(tmp_path, study("", claims)) if code == "unknown-key"] == [
        "claims[0].expect.abov",
        "claims[1].expect.abov",
    ]


def test_an_error_of_a_claim_hides_no_error_of_its_measure(tmp_path: Path) -> None:
    claims = "claims:\n  - {id: a b, says: A., measure: {metric: no_metric}, expect: {abov: 0.5}}\n"
    claims += "  - {id: c d, says: B., measure: {metric: val_accuracy, layer: 1}, expect: {above: 0.5}}\n"
    assert sorted(where for _, where in places(tmp_path, study("", claims))) == [
        "claims[0].expect.abov",
        "claims[0].id",
        "claims[0].measure.metric",
        "claims[1].id",
        "claims[1].measure.layer",
    ]


def test_an_answer_that_names_a_faulty_claim_is_no_further_error(tmp_path: Path) -> None:
    claims = "answer: {says: It is., claims: [second]}\n"
    claims += "claims:\n  - {id: first, says: A., measure: {metric: val_accuracy}, expect: {above: 0.5}}\n"
    claims += "  - {id: second, says: B., measure: {metric: val_accuracy}}\n"
    assert [code for code, _ in places(tmp_path, study("", claims))] == ["missing-key"]


def test_claims_about_a_faulty_network_are_not_checked_against_another_one(tmp_path: Path) -> None:
    """The second claim is about batch normalization, which the misspelled key would have turned on."""
    claims = "claims:\n  - {id: a, says: A., measure: {metric: no_metric}, expect: {above: 1}}\n"
    claims += "  - {id: b, says: B., measure: {metric: bn_gamma_mean, layer: 1}, expect: {above: 1}}\n"
    text = study("network: {hidden: [4], batchnrom: true}\n", claims)
    assert places(tmp_path, text) == [
        ("unknown-key", "network.batchnrom"),
        ("unknown-name", "claims[0].measure.metric"),
    ]


def test_every_variant_is_checked_and_an_error_of_all_is_reported_once(tmp_path: Path) -> None:
    vary = "vary:\n  training.lr: [0.1, -1, fast]\n  network.activation: [relu, rellu]\n"
    assert places(tmp_path, study(vary)) == [
        ("out-of-range", "vary.training.lr[1]"),
        ("wrong-type", "vary.training.lr[2]"),
        ("unknown-name", "vary.network.activation[1]"),
    ]


def test_a_study_with_one_error_has_no_others(tmp_path: Path) -> None:
    assert len(places(tmp_path, study("training: {lr: -1}\n"))) == 1
    assert len(places(tmp_path, study("preprocess: [{name: pca, component: 2}]\n"))) == 1


@pytest.mark.parametrize(
    ("settings", "first"),
    [
        ("training: {lr: -1}\n", ("out-of-range", "training.lr")),
        ("network: {hidden: [0]}\n", ("out-of-range", "network.hidden[0]")),
        ("training: {lr: FILL-IN}\n", ("not-filled-in", "training.lr")),
        ("student: [1]\n", ("wrong-type", "student")),
        ("figures: [no_figure]\n", ("unknown-name", "figures[0]")),
        ("training: {epochs: 1, lrr: 1}\n", ("unknown-key", "training.lrr")),
    ],
)
def test_errors_of_settings_hide_no_errors_of_variants(tmp_path: Path, settings: str, first: tuple[str, str]) -> None:
    vary = "vary:\n  training.batch_size: [8, 0]\n  trainin.optimizer: [sgd]\n  training.epochs: [2, 2]\n"
    assert places(tmp_path, study(settings, vary)) == [
        first,
        ("unknown-setting", "vary.trainin.optimizer"),
        ("duplicate-value", "vary.training.epochs[1]"),
    ]
    assert places(tmp_path, study(settings, "vary: {training.batch_size: [8, 0]}\n")) == [
        first,
        ("out-of-range", "vary.training.batch_size[1]"),
    ]


def test_what_varies_below_a_faulty_setting_is_not_checked(tmp_path: Path) -> None:
    settings = "training: {optimizer: {name: adamm}, batch_size: 0}\n"
    assert places(tmp_path, study(settings, "vary: {training.optimizer.beta1: [0.5, 0.9], training.lr: [-1]}\n")) == [
        ("unknown-name", "training.optimizer"),
        ("out-of-range", "training.batch_size"),
        ("out-of-range", "vary.training.lr[0]"),
    ]


def test_a_missing_title_hides_no_other_error(tmp_path: Path) -> None:
    text = study("training: {lr: -1}\n", "vary: {training.epochs: [-1]}\n").removeprefix("title: T\n")
    assert [code for code, _ in places(tmp_path, text)] == ["missing-key", "out-of-range", "out-of-range"]


SECTIONS = {
    "data": ("data: {name: blobs}\n", "data: {name: nosuch}\n"),
    "network": ("network: {hidden: [4]}\n", "network: {hidden: [0]}\n"),
    "preprocess": ("preprocess: [center]\n", "preprocess: [nosuch]\n"),
    "training": ("training: {epochs: 2}\n", "training: {epochs: -1}\n"),
    "probes": ("probes: {looks: 2}\n", "probes: {looks: -1}\n"),
    "seeds": ("seeds: 3\n", "seeds: 0\n"),
    "figures": ("figures: [loss_curves]\n", "figures: [nosuch]\n"),
    "sanity": ("sanity: false\n", "sanity: 7\n"),
}
"""A right and a faulty text of each section."""

OTHERS = {
    "vary": ("vary: {training.lr: [0.1, x]}\n", ("wrong-type", "vary.training.lr[1]")),
    "variants": ("variants: {a: {training.lr: -1}}\n", ("out-of-range", "variants.a.training.lr")),
    "claims": (
        "claims: [{id: one, says: A., measure: {metric: nosuch}, expect: {above: 0.5}}]\n",
        ("unknown-name", "claims[0].measure.metric"),
    ),
}
"""A faulty text of each section that depends on others, with the code and the place of its error."""


@pytest.mark.parametrize("faulty", [*SECTIONS, "no data", "no network"])
@pytest.mark.parametrize("other", OTHERS)
def test_a_faulty_section_hides_no_error_of_another(tmp_path: Path, faulty: str, other: str) -> None:
    missing = faulty.removeprefix("no ")
    sections = [
        "" if missing == name != faulty else bad if name == faulty else right for name, (right, bad) in SECTIONS.items()
    ]
    text, expected = OTHERS[other]
    found = places(tmp_path, f"title: T\nquestion: Q\n{''.join(sections)}{text}")
    assert expected in found
    assert len(found) == 2


def test_data_that_are_missing_cause_no_further_error(tmp_path: Path) -> None:
    for network in ("{layers: [{conv: {filters: 3, kernel: 3}}, {pool: 2}, {dense: 4}]}", "{hidden: [4]}"):
        text = f"title: T\nquestion: Q\npreprocess: [center]\nnetwork: {network}\nvary: {{training.lr: [0.1, 0.2]}}\n"
        assert [code for code, _ in places(tmp_path, text)] == ["missing-key"]


def test_all_errors_of_a_search_are_reported_in_the_order_of_the_file(tmp_path: Path) -> None:
    search = """
search:
  training.lr: {loguniform: [1, 2], points: -1}
  training.l2: {log_uniform: [0, fast]}
  trainig.epochs: {uniform: [1, 2]}
  training.batch_size: {choices: [4, 4, 4]}
  method: rnd
  metric: no_metric
  goal: up
  samples: 0
  repeat: maybe
  seeds: x
  stages: [{samples: x, shrink: 3}, {sampls: 3, shrink: 3}, 4]
"""
    assert places(tmp_path, study("", search)) == [
        ("unknown-key", "search.training.lr.loguniform"),
        ("out-of-range", "search.training.lr.points"),
        ("out-of-range", "search.training.l2.log_uniform[0]"),
        ("wrong-type", "search.training.l2.log_uniform[1]"),
        ("unknown-setting", "search.trainig.epochs"),
        ("duplicate-value", "search.training.batch_size.choices[1]"),
        ("duplicate-value", "search.training.batch_size.choices[2]"),
        ("unknown-value", "search.method"),
        ("unknown-name", "search.metric"),
        ("unknown-value", "search.goal"),
        ("out-of-range", "search.samples"),
        ("wrong-type", "search.repeat"),
        ("wrong-type", "search.seeds"),
        ("wrong-type", "search.stages[0].samples"),
        ("inapplicable-key", "search.stages[0].shrink"),
        ("unknown-key", "search.stages[1].sampls"),
        ("out-of-range", "search.stages[1].shrink"),
        ("wrong-type", "search.stages[2]"),
    ]


def test_all_errors_of_the_searches_of_variants_are_reported(tmp_path: Path) -> None:
    search = "search: {training.lr: {uniform: [0, 1]}}\n"
    varied = "vary: {search.method: [random, gird], search.training.lr: [{uniform: [1, 0]}, {uniform: [-2, -1]}]}\n"
    assert places(tmp_path, study(search + varied)) == [
        ("unknown-value", "vary.search.method[1]"),
        ("invalid-range", "vary.search.training.lr[0].uniform"),
    ]
    ends = "search: {training.lr: {uniform: [-2, -1]}, network.activation: {choices: [rellu, tnah]}}\n"
    assert places(tmp_path, study(ends)) == [
        ("out-of-range", "search.training.lr.uniform[0]"),
        ("out-of-range", "search.training.lr.uniform[1]"),
        ("unknown-name", "search.network.activation.choices[0]"),
        ("unknown-name", "search.network.activation.choices[1]"),
    ]


def test_all_errors_of_an_answer_are_reported(tmp_path: Path) -> None:
    says = "It is {val_accuracy(foo)}, {nope; size}, {val_acuracy()} and {good; sze}."
    answer = f'answer: {{says: "{says}", claims: [zzz, good], contradicted: [good]}}\n'
    claims = "claims: [{id: good, says: S., measure: {metric: val_accuracy}, expect: {above: 0.1}}]\n"
    assert places(tmp_path, study(answer + claims)) == [
        ("unknown-variant", "answer.says"),
        ("unknown-name", "answer.says"),
        ("unknown-name", "answer.says"),
        ("unknown-value", "answer.says"),
        ("unknown-name", "answer.claims[0]"),
        ("duplicate-value", "answer.contradicted[0]"),
    ]


def test_all_errors_of_the_measurement_of_a_claim_are_reported(tmp_path: Path) -> None:
    measure = "{metric: val_accuracy, epoch: 9}"
    claims = f"claims: [{{id: good, says: S., measure: {measure}, expect: {{above: 90}}}}]\n"
    assert places(tmp_path, study("training: {epochs: 3}\n" + claims)) == [
        ("out-of-range", "claims[0].measure.epoch"),
        ("out-of-range", "claims[0].expect.above"),
    ]
