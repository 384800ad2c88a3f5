"""The stages of a network have the shapes, parameters and shortcuts of its operations."""

from __future__ import annotations

from reportgen.engine.cost import count_parameters
from reportgen.engine.layout import lay_out
from reportgen.engine.network_spec import NetworkSpec
from reportgen.figures.networks.stages import kinds_of, shape_words, stages_of, unit_words
from tests.engine.convolutional import layer, lenet, residual
from tests.figures.examples import record
from tests.figures.image_records import pictured


def test_the_stages_of_a_convolutional_network() -> None:
    stages = stages_of(lay_out(NetworkSpec(lenet()), 144, (1, 12, 12)))
    assert [stage.name for stage in stages] == ["conv 3×3", "max pool 2×2", "conv 3×3", "dense", "dense"]
    assert [shape_words(stage.output) for stage in stages] == ["3×12×12", "3×6×6", "20×6×6", "7", "4"]
    assert [stage.parameters for stage in stages] == [30, 0, 560, 5047, 32]
    assert [stage.layer for stage in stages] == [1, None, 2, 3, 4]


def test_scalar_biases_belong_to_the_stage_of_their_layer() -> None:
    for init in ("he_normal", "fixup"):
        operations = lay_out(NetworkSpec(residual(2, init)), 64, (1, 8, 8))
        stages = stages_of(operations)
        assert len(stages) == len(residual(2, init))
        assert sum(stage.parameters for stage in stages) == count_parameters(operations)
        assert [(stage.source, stage.adds) for stage in stages[1:3]] == [(0, None), (1, 0)]
        projection = next(at for at, stage in enumerate(stages) if stage.shortcut)
        assert stages[projection].name == "conv 1×1, stride 2"
        assert stages[projection + 1].source == stages[projection].source == projection - 1
        assert stages[projection + 2].adds == projection


def test_kinds_are_named_if_networks_with_convolutions_agree() -> None:
    conv, dense = pictured(lenet()), record(layers=4)
    assert kinds_of([conv, conv]) == ("conv", "conv", "dense", "dense")
    assert kinds_of([dense]) == kinds_of([conv, dense]) == kinds_of([]) == ()
    assert kinds_of([pictured((layer(3, 3), layer(4)))]) == ("conv", "dense")
    assert unit_words([dense]) == ""
    assert unit_words([dense, conv])
