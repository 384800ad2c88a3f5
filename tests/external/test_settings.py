"""Settings of records that users bring: where they stand, and each key that cannot be."""

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
    """The settings with other facts."""
    return RUN | {"facts": RUN["facts"] | changes}


BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "negative count": (facts(train_n=-5), r"facts.train_n is -5 \(a whole number from 1 on"),
    "text": (facts(train_n="many"), 'facts.train_n is "many"'),
    "true": (facts(val_n=True), "facts.val_n is true"),
    "half": (facts(probe_n=0.5), "facts.probe_n is 0.5"),
    "no classes": (facts(classes=None), "facts.classes is missing"),
    "counts of others": (facts(class_counts=[200, 200]), "facts.class_counts has 2 entries .*facts.classes, 4"),
    "counts that add to more": (facts(class_counts=[7] * 4), "add to 28, and facts.train_n is 400"),
    "counts below 0": (facts(class_counts=[-1, 1, 200, 200]), r"facts.class_counts is \[-1, 1, 200, 200\]"),
    "percent": (facts(baseline_linear=95), r"facts.baseline_linear is 95 \(a share"),
    "size below 0": (facts(input_std=-1.0), "facts.input_std is -1.0"),
    "not all quartiles": (facts(input_feature_std=[1, 2]), "facts.input_feature_std .*five numbers"),
    "final percent": (RUN | {"final": {"val_accuracy": 97}}, r"final.val_accuracy is 97 \(a share"),
    "final text": (RUN | {"final": {"val_loss": "low"}}, 'final.val_loss is "low"'),
    "final of another name": (RUN | {"final": {"f1": 0.9}}, "unknown key 'final.f1'"),
    "no name": (RUN | {"variant": " "}, "variant is ' '"),
    "a number as name": (RUN | {"variant": 7}, "variant is 7"),
    "two lines": (RUN | {"variant": "a\nerror: forged"}, r"variant is 'a\\nerror: forged'"),
    "seed": (RUN | {"seed": 0.5}, "seed is 0.5, no whole number"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_key_that_cannot_be_is_named_with_its_file_alone(tmp_path: Path, name: str) -> None:
    run, words = BROKEN[name]
    with pytest.raises(StudyError, match=words) as error:
        read_records(save(tmp_path / "a.npz", run))
    assert str(error.value).startswith(f"{tmp_path / 'a.npz'}: ")
    assert error.value.hint
    assert error.value.exit_code == 3


def test_what_is_not_known_may_be_null(tmp_path: Path) -> None:
    run = facts(val_loss_sd=None, train_mode_scale=math.nan, train_n=400.0) | {"final": {"val_accuracy": None}}
    found = read_records(save(tmp_path / "a.npz", run))[0].record
    assert not {"val_loss_sd", "train_mode_scale"} & found.facts.keys()
    assert (found.facts["train_n"], type(found.facts["train_n"])) == (400, int)
    assert found.final["val_accuracy"] == pytest.approx(0.85)


def test_settings_may_be_bytes_and_begin_with_an_editors_mark(tmp_path: Path) -> None:
    text = json.dumps(RUN)
    np.savez(tmp_path / "bytes.npz", run=np.frombuffer(text.encode(), np.uint8), **arrays())
    np.savez(tmp_path / "beside.npz", **arrays())
    (tmp_path / "beside.json").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert {read_records(tmp_path / f"{name}.npz")[0].record.spec.seed for name in ("bytes", "beside")} == {0}


TEXTS: dict[str, tuple[bytes, str]] = {
    "Latin-1": (
        json.dumps(RUN | {"variant": "gr\xfcn"}, ensure_ascii=False).encode("latin1"),
        "no UTF-8 text: byte .*fc",
    ),
    "a key twice": (json.dumps(RUN).replace('"lr"', '"lr": 0.2, "lr"').encode(), "the key 'lr' twice"),
    "no JSON": (b"{'seed': 0}", "no JSON at line 1, column 2"),
    "nested": (b"[" * 100_000, "nested too deeply"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_texts_that_are_no_settings_are_refused(tmp_path: Path, name: str) -> None:
    content, words = TEXTS[name]
    np.savez(tmp_path / "a.npz", **arrays())
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(StudyError, match=words) as error:
        read_records(tmp_path / "a.npz")
    assert "a.json" in str(error.value)


def test_a_member_of_another_type_is_not_missing(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", run=3.5, **arrays())
    with pytest.raises(StudyError, match=r"the member 'run' holds float64 of shape \(\)"):
        read_records(tmp_path / "a.npz")


def test_settings_in_two_places_have_to_be_the_same(tmp_path: Path) -> None:
    """A file of that name that holds something else is not of ours."""
    path = save(tmp_path / "a.npz")
    for beside in (json.dumps(RUN), json.dumps({"colour": "red"}), "no JSON"):
        (tmp_path / "a.json").write_text(beside, encoding="utf-8")
        assert read_records(path)[0].record.spec.seed == 0
    (tmp_path / "a.json").write_text(json.dumps(RUN | {"seed": 9}), encoding="utf-8")
    with pytest.raises(StudyError, match=r"in the archive and in a.json differ"):
        read_records(path)


def test_what_nobody_told_of_is_left_open(tmp_path: Path) -> None:
    network = RUN["network"] | {"batchnorm": False}
    assert read_records(save(tmp_path / "a.npz"))[0].untold == ("network.batchnorm", "network.dropout")
    assert read_records(save(tmp_path / "a.npz", RUN | {"network": network}))[0].untold == ("network.dropout",)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"network": {"hidden": [6, 4], "activation": "tanh"}}, "another network.hidden in a.npz"),
        ({"training": {"lr": 0.2, "batch_size": 20}}, "another training.lr in a.npz"),
    ],
)
def test_records_of_one_variant_have_one_setting(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    save(tmp_path / "a.npz")
    looks = {name: None for name in arrays() if name.startswith("probe_")}
    save(tmp_path / "b.npz", RUN | {"seed": 1} | change, **looks)
    with pytest.raises(StudyError, match=words):
        read_records(tmp_path)
    save(tmp_path / "b.npz", RUN | {"seed": 1, "variant": "other"} | change, **looks)
    assert len(read_records(tmp_path)) == 2
