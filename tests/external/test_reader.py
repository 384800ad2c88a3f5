"""Reader of external records and `reportgen diagnose`: complete, incomplete and damaged records."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reportgen.analysis.diagnosis.partial import diagnose_partial
from reportgen.analysis.diagnosis.rules import RULES
from reportgen.cli.main import invoke
from reportgen.errors import StudyError, UsageError
from reportgen.external.reader import read_records
from reportgen.runs.store import Store
from reportgen.workflow.diagnose import diagnose_path
from tests.analysis.diagnosis.rate_runs import runs
from tests.pytorch_example import check_example
from tests.runs.records import planned, record, spec

RUN: dict[str, Any] = {
    "seed": 0,
    "network": {"hidden": [6, 5], "activation": "tanh"},
    "training": {"lr": 0.1, "batch_size": 20},
    "facts": {"classes": 4, "train_n": 400, "val_n": 200, "class_counts": [100] * 4, "probe_n": 400},
}


def arrays(**changes: Any) -> dict[str, Any]:
    """Return the arrays of a small record, with changes; None removes an array."""
    given: dict[str, Any] = {
        "step_loss": np.linspace(1.4, 0.3, 100),
        "epoch_train_loss": np.linspace(1.4, 0.3, 6),
        "epoch_train_accuracy": np.linspace(0.25, 0.9, 6),
        "epoch_val_loss": np.linspace(1.4, 0.4, 6),
        "epoch_val_accuracy": np.linspace(0.25, 0.85, 6),
        "probe_step": np.array([0, 10, 100]),
        "probe_weight_norm": np.full((3, 3), 2.0),
        "probe_weight_std": np.full((3, 3), 0.4),
    } | changes
    return {name: array for name, array in given.items() if array is not None}


def save(path: Path, run: dict[str, Any] | str = RUN, **changes: Any) -> Path:
    """Save a record with its settings in the archive."""
    text = run if isinstance(run, str) else json.dumps(run)
    np.savez(path, run=text, **arrays(**changes))
    return path


def test_settings_may_be_in_the_archive_or_in_a_separate_file(tmp_path: Path) -> None:
    inside = read_records(save(tmp_path / "inside.npz"))
    np.savez(tmp_path / "beside.npz", **arrays())
    (tmp_path / "beside.json").write_text(json.dumps(RUN), encoding="utf-8")
    beside = read_records(tmp_path / "beside.npz")
    assert inside[0].record.spec == beside[0].record.spec
    assert inside[0].record.spec.training.epochs == 5
    assert inside[0].record.final["val_accuracy"] == pytest.approx(0.85)


def test_derived_values_are_optional(tmp_path: Path) -> None:
    found = read_records(save(tmp_path / "a.npz"))[0].record
    assert found.epochs("step").tolist() == [0, 20, 40, 60, 80, 100]
    assert found.epochs("batch_loss")[1] == pytest.approx(found.arrays["step_loss"][:20].mean())
    assert [layer.init["std"] for layer in found.spec.network.layers] == [0.4] * 3


def test_rates_by_epoch_follow_the_schedule(tmp_path: Path) -> None:
    training = RUN["training"] | {"schedule": {"name": "step", "every": 2, "factor": 0.5}}
    found = read_records(save(tmp_path / "a.npz", json.dumps(RUN | {"training": training})))[0].record
    assert found.epochs("lr").tolist() == pytest.approx([0.1, 0.1, 0.1, 0.05, 0.05, 0.025])
    training = RUN["training"] | {"schedule": "cosine", "epochs": 10}
    found = read_records(save(tmp_path / "b.npz", json.dumps(RUN | {"training": training})))[0].record
    assert found.epochs("lr")[5] == pytest.approx(0.05, rel=0.05)  # half of the planned epochs


def test_a_loss_that_is_not_finite_means_diverged(tmp_path: Path) -> None:
    losses = np.linspace(1.4, 0.3, 100)
    losses[41:] = np.nan
    found = read_records(save(tmp_path / "a.npz", step_loss=losses))[0].record
    assert (found.status, found.stopped_at_step) == ("diverged", 42)


def test_a_folder_may_contain_seeds_and_variants(tmp_path: Path) -> None:
    for name in ("plain", "wide"):
        for seed in range(2):
            save(tmp_path / f"{name}{seed}.npz", RUN | {"seed": seed, "variant": name})
    found = read_records(tmp_path)
    assert [(b.variant, b.record.spec.seed) for b in found] == [("plain", 0), ("plain", 1), ("wide", 0), ("wide", 1)]


def test_stored_runs_of_a_study_can_be_read(tmp_path: Path) -> None:
    stored = [record(planned(seed, lr=lr)) for lr in (0.1, 0.2) for seed in range(2)]
    for run in stored:
        Store(tmp_path / "runs").save(run)
    found = read_records(tmp_path)
    assert sorted(b.variant for b in found) == ["variant 1", "variant 1", "variant 2", "variant 2"]
    assert {b.record.spec for b in found} == {run.spec for run in stored}
    assert spec(1, 0.2) in {b.record.spec for b in found}


def test_stored_runs_have_the_labels_of_the_variants(tmp_path: Path) -> None:
    """Runs that are not in results.json get numbers, and a damaged results.json is ignored."""
    stored = {lr: record(planned(0, lr=lr)) for lr in (0.1, 0.2, 0.3)}
    for run in stored.values():
        Store(tmp_path / "runs").save(run)
    variants = [{"id": "slow", "label": "slow one"}, {"id": "fast", "label": "fast one"}, {"id": "b", "label": "same"}]
    runs_of = [("slow", 0.1), ("fast", 0.2), ("b", 0.2)]
    results = {"variants": variants, "runs": [{"key": stored[lr].key, "variant": name} for name, lr in runs_of]}
    (tmp_path / "results.json").write_text(json.dumps(results), encoding="utf-8")
    for path in (tmp_path, tmp_path / "runs"):
        named = {b.record.spec.training.lr: b.variant for b in read_records(path)}
        assert (named[0.1], named[0.2]) == ("slow one", "fast one, same")
        assert named[0.3].startswith("variant ")
    alone = tmp_path / "runs" / stored[0.1].key / "arrays.npz"
    assert read_records(alone)[0].variant == "slow one"
    for broken in ("{", "[" * 100_000):
        (tmp_path / "results.json").write_text(broken, encoding="utf-8")
        assert all(b.variant.startswith("variant ") for b in read_records(tmp_path))


BROKEN: dict[str, tuple[dict[str, Any], str, list[str]]] = {
    "wrong rows": ({"epoch_val_loss": np.ones(5)}, "wrong-shape", ["(5,)", "(6,)"]),
    "wrong layers": ({"probe_weight_norm": np.ones((3, 2))}, "wrong-shape", ["(3, 2)", "(3, 3)"]),
    "wrong axes": ({"step_loss": np.ones((2, 2))}, "wrong-shape", ["(2, 2)"]),
    "text": ({"step_loss": np.array(["a"])}, "wrong-type", ["<U1"]),
    "percent": ({"epoch_val_accuracy": np.linspace(25.0, 90.0, 6)}, "out-of-range", ["25"]),
    "negative size": ({"probe_weight_norm": np.full((3, 3), -1.0)}, "out-of-range", ["-1"]),
    "negative score": ({"epoch_val_loss": np.linspace(1.4, -0.1, 6)}, "out-of-range", ["-0.1"]),
    "step that is no number": ({"probe_step": np.array([0, np.nan, 3])}, "out-of-range", ["nan"]),
    "steps out of order": ({"probe_step": np.array([0, 5, 5])}, "unordered-steps", []),
    "nothing": ({"step_loss": np.zeros(0)}, "empty-value", []),
    "confusion": ({"val_confusion": np.ones((3, 3))}, "wrong-shape", ["(3, 3)", "(4, 4)"]),
    "unknown array": ({"epoch_val_acuracy": np.zeros(6)}, "unknown-array", ["epoch_val_accuracy"]),
}


@pytest.mark.parametrize("name", BROKEN)
def test_an_invalid_array_is_an_error(tmp_path: Path, name: str) -> None:
    changes, code, words = BROKEN[name]
    with pytest.raises(StudyError) as caught:
        read_records(save(tmp_path / "a.npz", **changes))
    assert (caught.value.code, caught.value.where) == (code, f"{tmp_path / 'a.npz'}: {next(iter(changes))}")
    assert all(word in f"{caught.value.message} {caught.value.hint}" for word in words)


def test_a_record_requires_step_loss(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as caught:
        read_records(save(tmp_path / "a.npz", step_loss=None))
    assert (caught.value.code, caught.value.where) == ("missing-array", str(tmp_path / "a.npz"))
    assert "step_loss" in caught.value.message


SETTINGS: dict[str, tuple[Any, str, str, str]] = {
    "no JSON": ("{", "invalid-json", ":1:2", ""),
    "no mapping": ("[]", "wrong-type", "", "[]"),
    "unknown key": (RUN | {"netwrok": {}}, "unknown-key", ": netwrok", "'network'"),
    "unknown fact": (RUN | {"facts": {"classes": 4, "trian_n": 3}}, "unknown-key", ": facts.trian_n", "'train_n'"),
    "facts as list": (RUN | {"facts": [4]}, "wrong-type", ": facts", "[4]"),
    "no classes": (RUN | {"facts": {}}, "missing-key", ": facts.classes", ""),
    "no rate": (RUN | {"training": {}}, "missing-key", ": training.lr", ""),
    "no network": ({**RUN, "network": {}}, "missing-key", ": network", "hidden"),
    "unknown activation": (
        RUN | {"network": {"hidden": [6, 5], "activation": "rleu"}},
        "unknown-name",
        ": network.activation",
        "'relu'",
    ),
    "status": (RUN | {"status": "fine"}, "unknown-value", ": status", '"fine"'),
    "seed": (RUN | {"seed": "one"}, "wrong-type", ": seed", '"one"'),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_invalid_settings_are_errors(tmp_path: Path, name: str) -> None:
    run, code, key, word = SETTINGS[name]
    with pytest.raises(StudyError) as caught:
        read_records(save(tmp_path / "a.npz", run))
    assert (caught.value.code, caught.value.where) == (code, f"{tmp_path / 'a.npz'}{key}")
    assert word in f"{caught.value.message} {caught.value.hint}"


def test_files_that_are_not_records_are_errors(tmp_path: Path) -> None:
    (tmp_path / "text.npz").write_text("no archive", encoding="utf-8")
    np.savez(tmp_path / "bare.npz", **arrays())
    objects = np.array([{"a": 1}], dtype=object)
    np.savez(tmp_path / "objects.npz", run=json.dumps(RUN), **arrays(step_loss=objects))  # type: ignore[arg-type]
    content = save(tmp_path / "whole.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(content[: len(content) // 2])
    for name, code in {
        "text": "invalid-file",
        "bare": "missing-settings",
        "objects": "object-array",
        "cut": "invalid-file",
    }.items():
        with pytest.raises(StudyError) as caught:
            read_records(tmp_path / f"{name}.npz")
        assert caught.value.code == code
        assert str(caught.value.where).startswith(str(tmp_path / f"{name}.npz"))


@pytest.mark.parametrize(("name", "code"), [("none.npz", "file-not-found"), ("", "no-records")])
def test_a_missing_file_and_a_folder_without_records_are_errors(tmp_path: Path, name: str, code: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_records(tmp_path / name)
    assert (caught.value.code, caught.value.where) == (code, str(tmp_path / name))


def test_two_records_of_one_seed_and_variant_are_an_error(tmp_path: Path) -> None:
    save(tmp_path / "a.npz")
    save(tmp_path / "b.npz")
    with pytest.raises(StudyError) as caught:
        read_records(tmp_path)
    assert (caught.value.code, caught.value.where) == ("duplicate-record", str(tmp_path / "b.npz"))
    assert "a.npz" in caught.value.message


def test_exit_codes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settled = np.array([1.4, 0.5, 0.32, 0.3, 0.3, 0.3])
    good = save(tmp_path / "good.npz", epoch_train_loss=settled, epoch_val_loss=settled + 0.05)
    bad = save(tmp_path / "bad.npz", step_loss=np.zeros((2, 2)))
    lost = save(tmp_path / "lost.npz", step_loss=np.array([1.4, 9.0, np.inf]), probe_step=np.arange(3))
    assert invoke(["diagnose", str(good)]) == 0
    assert invoke(["diagnose", str(good), "--strict"]) == 0
    assert invoke(["diagnose", str(lost)]) == 0
    assert invoke(["diagnose", str(lost), "--strict"]) == 6
    assert invoke(["diagnose", str(bad)]) == StudyError.exit_code == 3
    assert invoke(["diagnose", str(tmp_path / "none")]) == UsageError.exit_code == 2
    assert "nan_divergence" in capsys.readouterr().out


def test_a_rule_without_its_data_is_not_judged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settled = 0.3 + np.exp(-np.arange(400) / 20)
    np.savez(tmp_path / "a.npz", run=json.dumps(RUN), step_loss=settled)
    assert invoke(["diagnose", str(tmp_path / "a.npz"), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["findings"] == []
    assert "nan_divergence" in answer["not_found"]["a"]
    assert answer["not_judged"]["a"]["vanishing_gradients"]
    assert "overfitting" not in answer["not_found"]["a"]
    assert "final.val_accuracy" in answer["not_judged"]["a"]["overfitting"]
    assert not set(answer["not_found"]["a"]) & set(answer["not_judged"]["a"])


def test_complete_records_are_judged_by_every_rule_but_those_about_code(tmp_path: Path) -> None:

    for run in runs(2):
        Store(tmp_path).save(run)
    [judgement] = diagnose_path(tmp_path).diagnoses
    of_code = {name for name, rule in RULES.items() if rule.stage == "code"}
    assert not judgement.not_judged
    assert not of_code & {*judgement.passed}


def test_rules_about_code_are_listed_for_recorded_loops_alone(tmp_path: Path) -> None:

    def unjudged(**facts: Any) -> set[str]:
        head = RUN | {"facts": RUN["facts"] | facts}
        np.savez(tmp_path / "a.npz", run=json.dumps(head), step_loss=0.3 + np.exp(-np.arange(400) / 20))
        [found] = diagnose_partial({"v": [read_records(tmp_path / "a.npz")[0].record]})
        return {*found.not_judged} | {*found.passed}

    of_code = {name for name, rule in RULES.items() if rule.stage == "code"}
    assert not of_code & unjudged()
    assert of_code <= unjudged(framework="other")


def test_exceptions_of_a_rule_are_not_hidden(tmp_path: Path) -> None:
    def broken(_: Any) -> None:
        raise ValueError("a bug")

    rules = {"dead_relu": replace(RULES["dead_relu"], check=broken)}
    with pytest.raises(ValueError, match="a bug"):
        diagnose_partial({"v": [read_records(save(tmp_path / "a.npz"))[0].record]}, rules)


def test_rules_that_need_finite_numbers_do_not_judge_a_diverged_run(tmp_path: Path) -> None:
    head = {"network": {"hidden": [4]}, "training": {"lr": 0.1}, "facts": {"classes": 3}}
    losses = np.array([1.0, 2.0, 5.0, np.nan], np.float32)
    np.savez(tmp_path / "a.npz", run=json.dumps(head), step_loss=losses)
    [found] = diagnose_partial({"v": [read_records(tmp_path / "a.npz")[0].record]})
    assert [finding.rule for finding in found.findings] == ["nan_divergence"]
    assert {"no_signal", "overfitting", "underfitting", "undertrained"} <= found.not_judged.keys()
    assert found.not_judged["no_signal"] == ("a run that ends in finite numbers",)


def test_pytorch_example(tmp_path: Path) -> None:
    """The code of the docs page saves a record that gets the diagnosis stated there."""
    pytest.importorskip("torch")
    check_example(tmp_path)


def test_a_single_record_without_a_variant_has_the_name_of_its_file(tmp_path: Path) -> None:
    save(tmp_path / "wide.npz")
    assert [record.variant for record in read_records(tmp_path / "wide.npz")] == ["wide"]
    save(tmp_path / "deep.npz", RUN | {"seed": 1})
    assert {record.variant for record in read_records(tmp_path)} == {"variant"}
