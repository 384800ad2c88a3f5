"""The verbs that explain: list, describe, schema and doctor."""

from __future__ import annotations

import json

from reportgen.cli import invoke


def run(capsys, *arguments):
    """Carry out a command line; return its code, stdout and stderr."""
    code = invoke(list(arguments))
    said = capsys.readouterr()
    return code, said.out, said.err


def test_list_prints_every_kind_with_a_line_on_each(capsys):
    code, out, _ = run(capsys, "list")
    assert code == 0
    for name in ("activations", "leaky_relu", "optimizers", "adam", "activation_std", "rules", "figures", "studies"):
        assert name in out
    lines = [line for line in out.splitlines() if line.startswith("  ")]
    assert all(len(line.split(None, 1)) == 2 for line in lines)


def test_list_of_one_kind_as_json(capsys):
    _, out, _ = run(capsys, "list", "activations", "--json")
    found = json.loads(out)
    assert list(found) == ["activations"]
    assert "tanh" in found["activations"]


def test_describe_prints_the_rows_facts_under_name_and_alias(capsys):
    code, out, _ = run(capsys, "describe", "leaky_relu")
    assert code == 0
    assert "slope" in out
    assert "formula:" in out
    assert run(capsys, "describe", "he")[1] == run(capsys, "describe", "he_normal")[1]


def test_describe_suggests_a_name(capsys):
    code, _, err = run(capsys, "describe", "leaky_relo")
    assert code == 2
    assert "did you mean 'leaky_relu'?" in err


def test_every_metric_has_a_line():
    from reportgen.catalogue import METRIC_WORDS
    from reportgen.study.metrics import METRICS

    assert set(METRIC_WORDS) == set(METRICS)


def test_schema_is_json(capsys):
    code, out, _ = run(capsys, "schema")
    assert code == 0
    assert "$schema" in json.loads(out)


def test_doctor_says_what_it_looked_at(capsys):
    code, out, _ = run(capsys, "doctor")
    assert code in (0, 4)
    assert "numba" in out
    assert "Pango" in out
