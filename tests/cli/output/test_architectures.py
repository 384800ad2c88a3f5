"""The tables of layers that `reportgen check` prints."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from reportgen.cli.output.architectures import MOST_TABLES, architecture_lines
from reportgen.engine.architecture import COLUMNS, architecture
from reportgen.engine.layout import lay_out
from reportgen.engine.network_spec import LayerSpec, NetworkSpec
from reportgen.registry import Component
from tests.engine.convolutional import lenet


def values(*variants: str) -> dict[str, Any]:
    found = architecture(lay_out(NetworkSpec(lenet()), 144, (1, 12, 12)))
    made: dict[str, Any] = json.loads(json.dumps({"variants": variants, **asdict(found)}))
    return made


def test_one_network_is_a_table_without_a_name() -> None:
    lines = [text for _, text in architecture_lines([values("relu")])]
    assert lines[0].split() == list(COLUMNS)
    assert [line.split()[0] for line in lines[1:]] == ["1", "max", "2", "3", "4", "total"]
    assert lines[-1].split()[1] == "5,669"


def test_rows_of_several_layers_are_explained_once() -> None:
    layer = LayerSpec(5, Component("relu"), Component.of("he_normal", gain=1.0))
    found = asdict(architecture(lay_out(NetworkSpec((layer,) * 4), 5, None)))
    lines = [text for _, text in architecture_lines([{"variants": [name], **found} for name in ("a", "b")])]
    assert sum("several layers" in line for line in lines) == 1
    assert "several layers" in lines[-1]
    assert not any("several layers" in text for _, text in architecture_lines([values("relu")]))


def test_several_networks_are_named_and_limited() -> None:
    lines = [text for _, text in architecture_lines([values("relu", "tanh"), *[values("deep")] * MOST_TABLES])]
    assert "relu" in lines[0]
    assert sum("total" in line for line in lines) == MOST_TABLES
    assert "1 more" in lines[-1]
