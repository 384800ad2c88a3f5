"""The operations of a run's network come from its record."""

from __future__ import annotations

from dataclasses import replace

from reportgen.runs.operations import operations_of
from tests.engine.convolutional import lenet
from tests.figures.image_records import pictured


def test_a_record_without_the_shape_of_its_inputs_has_no_operations() -> None:
    made = pictured(lenet())
    assert len(operations_of(made)) == 5
    for name in ("image_shape", "features"):
        facts = {key: value for key, value in made.facts.items() if key != name}
        assert operations_of(replace(made, facts=facts)) == ()


def test_a_network_with_unknown_connections_has_no_operations() -> None:
    """Its layers alone would give wrong shapes, since pooling between them is unknown."""
    made = pictured(lenet())
    network = replace(made.spec.network, is_complete=False)
    assert operations_of(replace(made, spec=replace(made.spec, network=network))) == ()
