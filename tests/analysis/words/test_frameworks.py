"""Advice for records speaks of PyTorch or Keras."""

from __future__ import annotations

import pytest

from reportgen.analysis.words.frameworks import in_words_of


@pytest.mark.parametrize(
    ("advice", "pytorch", "keras"),
    [
        ("Initialize smaller weights (init: he).", "nn.init.kaiming_normal_", "initializers.HeNormal"),
        ("Use it (output_init: xavier).", "nn.init.xavier_normal_ for the output", "initializers.GlorotNormal"),
        ("Use the initialization he_normal.", "initialization nn.init.kaiming_normal_", "initializers.HeNormal"),
        ("Normalize each layer (batchnorm: true).", "nn.BatchNorm1d", "layers.BatchNormalization"),
        ("Let it decay (schedule: cosine).", "CosineAnnealingLR", "CosineDecay"),
        ("Use a weaker L2 penalty.", "a weaker weight_decay", "a weaker kernel_regularizer"),
        ("Use (activation: relu, init: he_normal).", "(nn.ReLU, nn.init.kaiming_normal_)", "(relu, initializers."),
    ],
)
def test_names_of_a_study_become_those_of_the_framework(advice: str, pytorch: str, keras: str) -> None:
    assert pytorch in in_words_of("pytorch", advice)
    assert keras in in_words_of("keras", advice)
    assert in_words_of(None, advice) == advice
