"""Settings of external records: their files, and the errors of each key."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reportgen.errors import StudyError
from reportgen.external.reader import read_records
from tests.external.test_reader import RUN, arrays, save


def facts(**changes: Any) -> dict[str, Any]:
    """Return the settings with changed facts."""
    return RUN | {"facts": RUN["facts"] | changes}


BROKEN: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "negative count": (facts(train_n=-5), "out-of-range", "facts.train_n", "-5"),
    "text": (facts(train_n="many"), "wrong-type", "facts.train_n", '"many"'),
    "true": (facts(val_n=True), "wrong-type", "facts.val_n", "true"),
    "half": (facts(probe_n=0.5), "out-of-range", "facts.probe_n", "0.5"),
    "no classes": (facts(classes=None), "missing-key", "facts.classes", ""),
    "unknown classes": (facts(classes=float("nan"), class_counts=[200, 200]), "missing-key", "facts.classes", ""),
    "counts of others": (facts(class_counts=[200, 200]), "inconsistent-record", "facts.class_counts", "facts.classes"),
    "counts that add to more": (facts(class_counts=[7] * 4), "inconsistent-record", "facts.class_counts", "28"),
    "counts below 0": (facts(class_counts=[-1, 1, 200, 200]), "out-of-range", "facts.class_counts", "[-1, 1, 200"),
    "percent": (facts(baseline_linear=95), "out-of-range", "facts.baseline_linear", "95"),
    "size below 0": (facts(input_std=-1.0), "out-of-range", "facts.input_std", "-1.0"),
    "one number for a list": (facts(class_counts=4), "wrong-type", "facts.class_counts", "4"),
    "a list for one number": (facts(input_std=[1]), "wrong-type", "facts.input_std", "[1]"),
    "not all quartiles": (facts(input_feature_std=[1, 2]), "out-of-range", "facts.input_feature_std", "[1, 2]"),
    "final percent": (RUN | {"final": {"val_accuracy": 97}}, "out-of-range", "final.val_accuracy", "97"),
    "final text": (RUN | {"final": {"val_loss": "low"}}, "wrong-type", "final.val_loss", '"low"'),
    "final of another name": (RUN | {"final": {"f1": 0.9}}, "unknown-key", "final.f1", "f1"),
    "no name": (RUN | {"variant": " "}, "invalid-name", "variant", '" "'),
    "a number as name": (RUN | {"variant": 7}, "invalid-name", "variant", "7"),
    "two lines": (RUN | {"variant": "a\nerror: forged"}, "invalid-name", "variant", r"a\nerror"),
    "seed": (RUN | {"seed": 0.5}, "wrong-type", "seed", "0.5"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_an_invalid_value_is_an_error_with_its_file_and_key(tmp_path: Path, name: str) -> None:
    run, code, key, value = BROKEN[name]
    with pytest.raises(StudyError) as caught:
        read_records(save(tmp_path / "a.npz", run))
    assert (caught.value.code, caught.value.where) == (code, f"{tmp_path / 'a.npz'}: {key}")
    assert value in caught.value.message
    assert caught.value.hint
    assert caught.value.exit_code == 3


def test_unknown_values_may_be_null(tmp_path: Path) -> None:
    run = facts(val_loss_sd=None, train_mode_scale=math.nan, train_n=400.0) | {"final": {"val_accuracy": None}}
    found = read_records(save(tmp_path / "a.npz", run))[0].record
    assert not {"val_loss_sd", "train_mode_scale"} & found.facts.keys()
    assert (found.facts["train_n"], type(found.facts["train_n"])) == (400, int)
    assert found.final["val_accuracy"] == pytest.approx(0.85)


def test_settings_may_be_bytes_and_have_a_byte_order_mark(tmp_path: Path) -> None:
    text = json.dumps(RUN)
    np.savez(tmp_path / "bytes.npz", run=np.frombuffer(text.encode(), np.uint8), **arrays())
    np.savez(tmp_path / "beside.npz", **arrays())
    (tmp_path / "beside.json").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert {read_records(tmp_path / f"{name}.npz")[0].record.spec.seed for name in ("bytes", "beside")} == {0}


TEXTS: dict[str, tuple[bytes, str, str]] = {
    "Latin-1": (
        json.dumps(RUN | {"variant": "gr\xfcn"}, ensure_ascii=False).encode("latin1"),
        "not-text",
        "0xfc",
    ),
    "a key twice": (json.dumps(RUN).replace('"lr"', '"lr": 0.2, "lr"').encode(), "duplicate-key", "'lr'"),
    "no JSON": (b"\n {'seed': 0}", "invalid-json", ":2:3: "),
    "beyond floats": (b'{"seed": 1' + b"0" * 400 + b"}", "invalid-json", ""),
    "nested": (b"[" * 100_000, "nesting-too-deep", ""),
}


@pytest.mark.parametrize("name", TEXTS)
def test_texts_that_are_not_settings_are_errors(tmp_path: Path, name: str) -> None:
    content, code, value = TEXTS[name]
    np.savez(tmp_path / "a.npz", **arrays())
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(StudyError) as caught:
        read_records(tmp_path / "a.npz")
    assert caught.value.code == code
    assert str(caught.value.where).startswith(str(tmp_path / "a.json"))
    assert value in str(caught.value)


def test_a_text_of_letters_that_do_not_exist_is_an_error(tmp_path: Path) -> None:
    text = np.frombuffer(np.array([0x7B, 0x110000, 0x7D], np.uint32).tobytes(), "U3")
    np.savez(tmp_path / "a.npz", run=text[0:1].reshape(()), **arrays())
    with pytest.raises(StudyError) as caught:
        read_records(tmp_path / "a.npz")
    assert caught.value.code == "wrong-type"


def test_a_settings_member_of_another_type_is_an_error(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", run=3.5, **arrays())
    with pytest.raises(StudyError) as caught:
        read_records(tmp_path / "a.npz")
    assert (caught.value.code, caught.value.where) == ("wrong-type", f"{tmp_path / 'a.npz'}: run")
    assert "float64" in caught.value.message


def test_settings_in_two_files_must_be_equal(tmp_path: Path) -> None:
    """A file of this name with other contents is ignored."""
    path = save(tmp_path / "a.npz")
    for beside in (json.dumps(RUN), json.dumps({"colour": "red"}), "no JSON"):
        (tmp_path / "a.json").write_text(beside, encoding="utf-8")
        assert read_records(path)[0].record.spec.seed == 0
    (tmp_path / "a.json").write_text(json.dumps(RUN | {"seed": 9}), encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        read_records(path)
    assert (caught.value.code, caught.value.where) == ("conflicting-settings", str(path))
    assert "a.json" in caught.value.message


def test_omitted_settings_are_unspecified(tmp_path: Path) -> None:
    network = RUN["network"] | {"batchnorm": False}
    assert read_records(save(tmp_path / "a.npz"))[0].unspecified == ("network.batchnorm", "network.dropout")
    assert read_records(save(tmp_path / "a.npz", RUN | {"network": network}))[0].unspecified == ("network.dropout",)


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"network": {"hidden": [6, 4], "activation": "tanh"}}, "network.hidden"),
        ({"training": {"lr": 0.2, "batch_size": 20}}, "training.lr"),
    ],
)
def test_records_of_one_variant_must_have_the_same_settings(tmp_path: Path, change: dict[str, Any], key: str) -> None:
    save(tmp_path / "a.npz")
    without_probes = {name: None for name in arrays() if name.startswith("probe_")}
    save(tmp_path / "b.npz", RUN | {"seed": 1} | change, **without_probes)
    with pytest.raises(StudyError) as caught:
        read_records(tmp_path)
    assert (caught.value.code, caught.value.where) == ("mixed-settings", f"{tmp_path / 'b.npz'}: {key}")
    assert "a.npz" in caught.value.message
    save(tmp_path / "b.npz", RUN | {"seed": 1, "variant": "other"} | change, **without_probes)
    assert len(read_records(tmp_path)) == 2
