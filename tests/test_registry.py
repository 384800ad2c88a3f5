"""Tables and their rows; and no code outside of a row tests a component's name."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from reportgen import registry
from reportgen.errors import ReportgenError
from reportgen.registry import HOMES, Table, table_of
from tests.plugin_example import HALF, MIRROR
from tests.sources import nodes

COMPONENTS = (
    "activation",
    "init",
    "loss",
    "optimizer",
    "schedule",
    "layer",
    "data set",
    "preprocessing step",
)
PACKAGE = Path(registry.__file__).parent
AMBIGUOUS = {"center", "constant", "noise", "scale", "shift", "step", "uniform"}
"""Names of components that also are words for something else."""

YARDSTICKS = {"cost['name'] == 'relu'"}
"""The cost of an activation is a multiple of the cost of ReLU."""


@pytest.mark.parametrize("kind", HOMES)
def test_a_table_holds_rows_of_its_kind_by_name(kind: str) -> None:
    table = table_of(kind)
    assert table.kind == kind
    assert len(table) > 0
    assert all(row.kind == kind and name == row.name and table.find(name) is row for name, row in table.items())


def test_aliases_find_a_row_until_it_is_removed() -> None:
    table = Table(type(HALF), [HALF])
    assert table.find("halved") is HALF
    assert list(table) == ["half_fan_in"]
    table.remove("half_fan_in")
    assert table.find("halved") is None


@pytest.mark.parametrize(("row", "code"), [(HALF, "name-taken"), (MIRROR, "wrong-row")])
def test_a_row_that_does_not_belong_is_refused(row: registry.Row, code: str) -> None:
    table = Table(type(HALF), [HALF])
    with pytest.raises(ReportgenError) as error:
        table.add(row)
    assert error.value.code == code
    assert list(table.values()) == [HALF]


def named_tests(nodes: Iterable[ast.AST], names: set[str]) -> Iterator[str]:
    """Comparisons with the name of a component, and constants that list such names."""

    def is_name(node: ast.AST) -> bool:
        if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
            return bool(node.elts) and all(map(is_name, node.elts))
        return isinstance(node, ast.Constant) and node.value in names

    for node in nodes:
        if (isinstance(node, ast.Compare) and any(map(is_name, (node.left, *node.comparators)))) or (
            isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple) and is_name(node.value)
        ):
            yield ast.unparse(node)


def test_no_code_tests_the_name_of_a_component() -> None:
    names = {name for kind in COMPONENTS for name in table_of(kind)} - AMBIGUOUS
    found = {test for path in PACKAGE.rglob("*.py") for test in named_tests(nodes(path), names)}
    assert found == YARDSTICKS


@pytest.mark.parametrize("code", ["x.name == 'prelu'", "x.name in ('tanh', 'sigmoid')", "KINKED = ('relu', 'elu')"])
def test_tests_of_names_are_found(code: str) -> None:
    assert list(named_tests(ast.walk(ast.parse(code)), {"prelu", "tanh", "sigmoid", "relu", "elu"})) == [code]
