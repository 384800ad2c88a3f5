"""The masks of a picture are those of the training kernel."""

from __future__ import annotations

import numpy as np

from reportgen.engine.inspect.masks import masks_of
from reportgen.engine.layout import lay_out
from reportgen.engine.network_spec import DropoutSpec
from reportgen.engine.predict import outputs
from reportgen.engine.setup import set_up
from tests.engine.networks import activation, data, spec


def test_the_masks_give_the_outputs_in_training_mode() -> None:
    rate, step, dataset = 0.4, 3, data(n=6)
    planned = spec(widths=(20,), act=activation("relu"), dropout=DropoutSpec(rate), bias=0.1)
    setup = set_up(planned, dataset)
    logits = np.empty(6 * 4, np.float32)
    outputs(setup.net, setup.state, setup.work, setup.examples.x, setup.examples.y, 6, True, step, logits)
    params = setup.state.params.astype(np.float64)
    first, last = params[:100].reshape(5, 20), params[120:200].reshape(20, 4)
    hidden = np.maximum(dataset.x_train[0].astype(np.float64) @ first + 0.1, 0)
    kept = masks_of(lay_out(planned.network, 5, None), planned.seed, step + 1)[1][step]
    np.testing.assert_allclose(logits[:4], (hidden * kept / (1 - rate)) @ last, rtol=1e-4, atol=1e-5)
    assert 0 < kept.sum() < 20


def test_only_layers_with_dropout_have_masks() -> None:
    operations = lay_out(spec().network, 5, None)
    assert masks_of(operations, 0, 2) == {}
