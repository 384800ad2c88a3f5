"""Scalars of YAML 1.2's core schema, and the place of every value."""

from __future__ import annotations

import math
from typing import Any

import pytest

from reportgen.study.syntax.yaml12 import Place, dotted, read, read_value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 1e-3),
        ("1e3", 1000.0),
        ("1.0e3", 1000.0),
        ("-1E+2", -100.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("1_000", "1_000"),
        ("off", "off"),
        ("no", "no"),
        ("yes", "yes"),
        ("y", "y"),
        ("012", 12),
        ("0o17", 15),
        ("0x10", 16),
        ("0b11", "0b11"),
        ("12:30", "12:30"),
        ("2026-01-01", "2026-01-01"),
        ("null", None),
        ("~", None),
        ("Null", None),
        ("nUll", "nUll"),
        ("true", True),
        ("FALSE", False),
        ("+7", 7),
        ("-0", 0),
        ("'1'", "1"),
        ('"true"', "true"),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("inf", "inf"),
        ("nan", "nan"),
        ("=", "="),
        ("1/sqrt(fan_in)", "1/sqrt(fan_in)"),
        (".", "."),
        ("e3", "e3"),
        ("9223372036854775807", 2**63 - 1),
    ],
)
def test_scalars_follow_yaml_1_2(text: str, value: Any) -> None:
    found = read(f"k: {text}", "s.yaml").value["k"]
    assert found == value
    assert type(found) is type(value)
    assert read_value(text, "--set k").value == value


def test_only_dot_nan_is_not_a_number() -> None:
    assert math.isnan(read("k: .nan", "s.yaml").value["k"])


def test_quoted_and_block_texts_remain_texts() -> None:
    assert read("k: |\n  1e-3\n  off\n", "s.yaml").value == {"k": "1e-3\noff\n"}
    assert read("'off': 1", "s.yaml").value == {"off": 1}


def test_every_value_and_key_has_a_place() -> None:
    document = read("a:\n  b: [1, {c: 2}]\n", "s.yaml")
    assert document.values["a", "b", 1, "c"] == Place(2, 14)
    assert document.keys["a", "b", 1, "c"] == Place(2, 11)
    assert document.where(("a", "b", 1, "c")) == "s.yaml:2:14: a.b[1].c"
    assert document.where(("a", "b", 1, "c"), key=True) == "s.yaml:2:11: a.b[1].c"


def test_a_missing_path_has_the_place_of_its_nearest_parent() -> None:
    document = read("a:\n  b: 1\n", "s.yaml")
    assert document.where(("a", "c", "d")) == "s.yaml:2:3: a.c.d"
    assert document.where(("x",)) == "s.yaml:1:1: x"
    assert document.where(()) == "s.yaml:1:1"


def test_a_path_is_written_with_dots_and_brackets() -> None:
    assert dotted(("network", "hidden", 0)) == "network.hidden[0]"
    assert dotted(()) == ""


def test_a_byte_order_mark_and_windows_line_ends_are_ignored(tmp_path: Any) -> None:
    from reportgen.study.loading.loader import load_study
    from tests.study.texts import SOUND

    path = tmp_path / "s.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + SOUND.replace("\n", "\r\n").encode())
    assert load_study(path).study.title == "T"
