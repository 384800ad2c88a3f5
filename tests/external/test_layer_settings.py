"""The layers of a record: kinds, windows, activations and shortcuts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reportgen.analysis import theory
from reportgen.engine.network_spec import WindowSpec
from reportgen.errors import StudyError
from reportgen.external.reader import read_records
from tests.external.test_reader import RUN, save

LAYERS = [
    {"kind": "conv", "kernel": [3, 3], "stride": [1, 1], "padding": "same", "activation": "relu"},
    {"kind": "conv", "kernel": [5], "adds": 1, "module": "Conv1d"},
    {},
]


def test_layers_describe_kinds_windows_and_shortcuts(tmp_path: Path) -> None:
    plain = read_records(save(tmp_path / "plain.npz"))[0].record.spec.network
    found = read_records(save(tmp_path / "a.npz", RUN | {"layers": LAYERS}))[0].record
    layers = found.spec.network.layers
    assert plain.is_complete
    assert not found.spec.network.is_complete
    assert [layer.kind for layer in layers] == ["conv", "conv", "dense"]
    assert [layer.activation.name for layer in layers] == ["relu", "tanh", "identity"]
    assert [layer.adds for layer in layers] == [None, 0, None]
    assert layers[0].window == WindowSpec((3, 3), (1, 1), "same")
    assert layers[1].window is None
    assert "parameters" not in found.facts
    assert theory.predict(found.spec, 1.0, 3) is None


@pytest.mark.parametrize(
    ("index", "entry", "code", "where"),
    [
        (0, 3, "wrong-type", "layers.0"),
        (0, {"kind": "pool"}, "unknown-value", "layers.0.kind"),
        (1, {"kernal": [3, 3]}, "unknown-key", "layers.1.kernal"),
        (0, {"kind": "conv", "kernel": [0, 3]}, "out-of-range", "layers.0.kernel"),
        (1, {"kind": "conv", "stride": "same"}, "out-of-range", "layers.1.stride"),
        (1, {"adds": 2}, "out-of-range", "layers.1.adds"),
        (1, {"module": 3}, "wrong-type", "layers.1.module"),
        (0, {"activation": "rleu"}, "unknown-name", "layers.0.activation"),
    ],
)
def test_invalid_layers_are_errors(tmp_path: Path, index: int, entry: Any, code: str, where: str) -> None:
    layers = [*LAYERS[:index], entry, *LAYERS[index + 1 :]]
    path = save(tmp_path / "a.npz", RUN | {"layers": layers})
    with pytest.raises(StudyError) as caught:
        read_records(path)
    assert (caught.value.code, caught.value.where) == (code, f"{path}: {where}")


def test_layers_of_another_number_are_an_error(tmp_path: Path) -> None:
    for layers in (LAYERS[:2], "conv"):
        with pytest.raises(StudyError) as caught:
            read_records(save(tmp_path / "a.npz", RUN | {"layers": layers}))
        assert caught.value.code == "wrong-length"
