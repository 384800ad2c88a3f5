"""results.json: its keys, their order, and its numbers."""

from __future__ import annotations

import json
from dataclasses import replace

from reportgen.report.results.results import results_dict, write_results
from tests.report.small_analysis import small_analysis


def test_version_1_has_these_keys_in_this_order():
    results = results_dict(small_analysis())
    known = ["format", "version", "study", "provenance", "variants", "runs", "claims", "findings", "answer"]
    assert list(results) == known
    assert list(results["answer"]) == ["says", "written", "claims", "contradicted", "withheld"]
    assert (results["format"], results["version"]) == ("reportgen-results", 1)
    assert list(results["study"]) == ["id", "title", "question", "sha256"]
    assert " ".join(results["provenance"]) == (
        "reportgen python numpy numba platform command started finished workers train_seconds"
    )
    assert list(results["variants"][0]) == ["id", "label", "settings"]
    assert " ".join(results["runs"][0]) == "key variant seed status stopped_at_step steps train_seconds final"
    assert " ".join(results["runs"][0]["final"]) == (
        "train_loss train_accuracy val_loss val_accuracy test_loss test_accuracy"
    )
    assert " ".join(results["claims"][0]) == (
        "id says source lecture verdict measured interval n expected metric quantity at_layer by_layer sides"
    )
    assert " ".join(results["findings"][0]) == (
        "rule severity variant seeds layers step evidence message advice sources remedy remedies consequence_of"
    )
    remedy = results["findings"][1]["remedy"]
    assert " ".join(remedy) == "change metric before after difference interval verdict guessing"
    assert remedy["guessing"] == {"score": 2.0, "before": 3, "after": 0}


def test_floats_have_all_digits_and_nan_is_null(tmp_path):
    path = write_results(small_analysis(), tmp_path / "results.json")
    text = path.read_text("utf-8")
    assert "NaN" not in text
    assert "Infinity" not in text
    results = json.loads(text)
    assert results["claims"][0]["measured"] == 0.1 + 0.2
    assert results["claims"][0]["interval"] == [None, None]
    assert results["findings"][0]["evidence"] == {"dead": 0.5, "by_layer": [1.0, None]}
    assert results["findings"][1]["remedy"]["interval"] == [-1.5, None]
    assert results["study"]["title"] == "Größe"


def test_runs_are_in_the_order_of_the_plan_with_diverged_ones():
    runs = results_dict(small_analysis())["runs"]
    assert [(run["variant"], run["seed"], run["status"]) for run in runs] == [
        ("small", 0, "ok"),
        ("small", 1, "ok"),
        ("large", 0, "ok"),
        ("large", 1, "diverged"),
    ]
    assert runs[3]["stopped_at_step"] == 5
    assert runs[3]["final"]["val_loss"] is None


def test_settings_keep_their_types():
    settings = results_dict(small_analysis())["variants"][0]["settings"]
    assert settings == {
        "training.lr": 0.01,
        "network.hidden": [4],
        "network.batchnorm": False,
        "data.keep": {"1": 0.5},
        "training.clip_norm": None,
    }


def test_a_claim_names_one_source_several_or_none():
    analysis = small_analysis()
    for sources, expected in (((), None), (("a",), "a"), (("a", "b"), ["a", "b"])):
        claims = (replace(analysis.claims[0], sources=sources),)
        assert results_dict(small_analysis(claims=claims))["claims"][0]["source"] == expected


def test_equal_analyses_give_equal_bytes(tmp_path):
    first, second = (write_results(small_analysis(), tmp_path / name).read_bytes() for name in ("a", "b"))
    assert first == second
