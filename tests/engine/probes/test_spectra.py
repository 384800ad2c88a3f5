"""Looks on request: singular values against NumPy, curvature against full Hessians in float64 and in PyTorch."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from reportgen.engine.network import NO_STEP, TRAIN
from reportgen.engine.network_spec import BatchNormSpec
from reportgen.engine.probes import spectra
from reportgen.engine.probes.probe_spec import ProbeSpec
from reportgen.engine.probes.spectra import _power_iteration, effective_rank, optimizer_states
from reportgen.engine.run import Run
from reportgen.engine.setup import Setup, set_up
from reportgen.engine.spec import SPECTRAL, RunSpec
from reportgen.engine.step import gather, gradient
from reportgen.engine.train import Cancelled, train
from reportgen.registry import Component
from tests import naive
from tests.engine.networks import activation, data, init, optimizer, spec
from tests.engine.twins import Twin


def probed(run: RunSpec, **probes: Any) -> dict[str, np.ndarray]:
    """The arrays of a run with these settings of probes."""
    return train(dataclasses.replace(run, probes=ProbeSpec(3, 1000, **probes)), data(n=40)).arrays


def full_hessian(run: RunSpec) -> np.ndarray:
    """The Hessian of the initial loss of the reference, by central differences of its gradient."""
    dataset = data(n=40)
    reference = naive.Network(run, dataset)
    names = [(layer, name) for layer in reference.layers for name in layer.p]

    def gradient() -> np.ndarray:
        reference.backward(reference.forward(dataset.x_train, "probe"), dataset.y_train)
        return np.concatenate([layer.grad[name].ravel() for layer, name in names])

    columns = []
    for layer, name in names:
        for k in range(layer.p[name].size):
            flat, kept = layer.p[name].reshape(-1), layer.p[name].reshape(-1)[k]
            sides = []
            for h in (1e-5, -1e-5):
                flat[k] = kept + h
                sides.append(gradient())
            flat[k] = kept
            columns.append((sides[0] - sides[1]) / 2e-5)
    return np.array(columns)


@pytest.mark.parametrize("name", ["tanh", "maxout"])
def test_singular_values_equal_those_of_the_reference(name: str) -> None:
    run = spec(act=activation(name), epochs=0)
    arrays = probed(run, singular_values=True)
    reference = naive.Network(run, data(n=40))
    reference.forward(data(n=40).x_train, "probe")
    for i, layer in enumerate(reference.layers):
        for what, matrix in (("weight", layer.p["W"]), ("activation", layer.phi(layer.z))):
            singular = np.linalg.svd(matrix, compute_uv=False)
            p = singular / singular.sum()
            assert arrays[f"probe_{what}_singular_max"][0, i] == pytest.approx(singular[0], rel=1e-5)
            rank = np.prod((1 / p) ** p)
            assert arrays[f"probe_{what}_effective_rank"][0, i] == pytest.approx(rank, rel=1e-4)


def test_effective_rank_counts_equal_singular_values_and_is_nan_for_zero() -> None:
    assert effective_rank(np.array([3.0, 3.0, 3.0, 0.0])) == pytest.approx(3)
    assert effective_rank(np.array([5.0])) == pytest.approx(1)
    assert np.isnan(effective_rank(np.zeros(4)))
    zero = probed(spec(weights=init("zero"), epochs=0), singular_values=True)
    assert np.isnan(zero["probe_weight_effective_rank"][0]).all()
    assert (zero["probe_weight_singular_max"][0] == 0).all()


@pytest.mark.parametrize(
    "run",
    [
        spec(widths=(5, 4), epochs=0),
        spec(widths=(5,), act=activation("softplus"), epochs=0, batchnorm=BatchNormSpec()),
        spec(widths=(), epochs=0, loss=Component("mse")),
        spec(widths=(1,), epochs=0, l2=0.5),  # the probed loss excludes penalties
    ],
    ids=["tanh", "batchnorm", "linear", "narrow"],
)
def test_curvature_is_the_largest_eigenvalue_of_the_full_hessian(run: RunSpec) -> None:
    expected = np.linalg.eigvalsh(full_hessian(run)).max()
    assert probed(run, curvature=True)["probe_curvature"][0] == pytest.approx(expected, rel=0.01)


def test_linear_least_squares_has_the_curvature_of_the_closed_form() -> None:
    """The mean squared error of a linear map has Hessian 2 X'X / (n C) in each output, with a column of ones."""
    run = spec(widths=(), epochs=1, loss=Component("mse"), lr=0.01)
    x = np.c_[data(n=40).x_train, np.ones(40)].astype(float)
    expected = np.linalg.eigvalsh(2 * x.T @ x / (40 * 4)).max()
    np.testing.assert_allclose(probed(run, curvature=True)["probe_curvature"], expected, rtol=1e-3)


def test_a_negative_eigenvalue_of_larger_size_does_not_hide_the_largest() -> None:
    values = np.array([-5.0, 2.0, 1.0])
    start = np.ones(3)
    assert _power_iteration(lambda v: values * v, start) == pytest.approx(-5, rel=1e-3)
    assert _power_iteration(lambda v: (values + 5) * v, start) - 5 == pytest.approx(2, rel=1e-2)


def test_optional_probes_are_off_by_default_and_change_nothing_else() -> None:
    run = spec(epochs=2)
    plain, full = probed(run), probed(run, singular_values=True, curvature=True)
    assert "probe_curvature" not in plain
    assert all(np.isnan(plain[f"probe_{name}"]).all() for name in SPECTRAL)
    for name, values in plain.items():
        if name.removeprefix("probe_") not in SPECTRAL:
            np.testing.assert_array_equal(full[name], values)


def test_a_diverged_network_has_no_curvature_and_a_cancelled_probe_ends() -> None:
    run = spec(act=activation("relu"), epochs=2, lr=1e30)
    arrays = probed(run, singular_values=True, curvature=True)
    assert np.isnan(arrays["probe_curvature"][-1])
    run = dataclasses.replace(spec(epochs=0), probes=ProbeSpec(2, 1000, curvature=True))
    with pytest.raises(Cancelled):
        train(run, data(n=40), cancel=lambda: True)


def test_parameters_are_restored_after_a_probe() -> None:
    from reportgen.engine.probes.spectra import curvature

    setup = set_up(spec(), data(n=40))
    before = setup.state.params.copy()
    curvature(setup, 40, 0)
    np.testing.assert_array_equal(setup.state.params, before)


def test_preconditioned_curvature_is_the_eigenvalue_of_the_generalized_problem() -> None:
    """The Hessian of a linear least-squares problem is known; P comes from Adam's second moment of one known step."""
    run = spec(widths=(), epochs=1, batch_size=0, loss=Component("mse"), lr=0.01, optimizer=optimizer("adam"))
    dataset = data(n=40)
    found = train(dataclasses.replace(run, probes=ProbeSpec(2, 1000, preconditioned_curvature=True)), dataset).arrays[
        "probe_preconditioned_curvature"
    ]
    reference = naive.Network(run, dataset)
    reference.backward(reference.forward(dataset.x_train, "train"), dataset.y_train)
    (layer,) = reference.layers
    gradient = np.vstack([layer.grad["W"], layer.grad["b"]])
    # After one step, the corrected moment is the squared gradient, and the correction of beta1 is 1 - 0.9.
    p = (1 - 0.9) * (np.abs(gradient) + 1e-8)
    x = np.c_[dataset.x_train, np.ones(40)].astype(float)
    hessian = 2 * x.T @ x / (40 * 4)
    expected = max(np.linalg.eigvalsh(hessian / np.sqrt(np.outer(p[:, k], p[:, k]))).max() for k in range(4))
    assert np.isnan(found[0])
    assert found[1] == pytest.approx(expected, rel=1e-2)


def test_optimizer_states_are_in_the_order_of_the_parameters() -> None:
    """Adam's first moment after one step is 0.1 times the gradient of each parameter."""
    run = spec(epochs=1, batch_size=0, optimizer=optimizer("adam"))
    setup = set_up(run, data(n=40))
    rows = len(data(n=40).y_train)
    setup.work.x[: rows * 5], setup.work.y[:rows] = data(n=40).x_train.ravel(), data(n=40).y_train
    gradient(setup.net, setup.state, setup.work, setup.recipe, rows, TRAIN, NO_STEP)
    expected = setup.state.grads.copy()
    loop = Run(run, data(n=40), setup, lambda: False, lambda done, total: None)
    loop.start()
    loop.train(1)
    np.testing.assert_allclose(optimizer_states(setup, 2)[0], 0.1 * expected, rtol=1e-4, atol=1e-9)


def prepared(run: RunSpec, dtype: type) -> Setup:
    """The run before its first step, with 40 examples in the work buffers."""
    setup = set_up(run, data(n=40), dtype)
    gather(setup.examples.x, setup.examples.y, setup.dataset.features, np.arange(40), setup.work)
    return setup


@pytest.mark.parametrize(("exact", "tolerance"), [(True, 1e-7), (False, 1e-3)])
def test_the_curvature_is_that_of_the_hessian_in_pytorch(
    exact: bool, tolerance: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the settings of runs in float32, and with exact ones in float64."""
    torch = pytest.importorskip("torch")
    if exact:
        converge(monkeypatch)
    setup = prepared(spec(widths=(5, 4), l2=0.5), np.float64 if exact else np.float32)
    expected = torch.linalg.eigvalsh(Twin(setup).hessian()).max()
    assert spectra.curvature(setup, 40, 0) == pytest.approx(float(expected), rel=tolerance)


def converge(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make differences and power iteration exact to about 1e-8 in float64."""
    for name, value in (("STEP", 1e-4), ("TOLERANCE", 1e-13), ("MOST_PRODUCTS", 5000)):
        monkeypatch.setattr(spectra, name, value)


ADAM = spec(widths=(5, 4), optimizer=optimizer("adam", epsilon=0.01), lr=0.02, epochs=3, batch_size=0)


def after_adam(twin: Twin) -> tuple[np.ndarray, float]:
    """Both moments after three steps of PyTorch's Adam, and the preconditioned curvature of Cohen et al. 2022."""
    import torch

    adam = torch.optim.Adam(twin.parameters, lr=0.02, eps=0.01)
    for _ in twin.train(adam.step, 3):
        pass
    moments = [torch.cat([adam.state[p][name].ravel() for p in twin.parameters]) for name in ("exp_avg", "exp_avg_sq")]
    divisor = (1 - 0.9**3) * ((moments[1] / (1 - 0.999**3)).sqrt() + 0.01)
    largest = torch.linalg.eigvalsh(twin.hessian() / torch.outer(divisor, divisor).sqrt()).max()
    return torch.stack(moments).numpy(), float(largest)


def test_the_preconditioned_curvature_is_that_of_the_states_in_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    converge(monkeypatch)
    setup = prepared(ADAM, np.float64)
    twin = Twin(setup)
    moments, expected = after_adam(twin)
    setup.state.params[:] = twin.flat.numpy()
    monkeypatch.setattr(spectra, "optimizer_states", lambda setup, count: moments)
    assert spectra.preconditioned_curvature(setup, 40, ADAM, 3) == pytest.approx(expected, rel=1e-7)


def test_a_run_with_adam_has_the_preconditioned_curvature_of_pytorch() -> None:
    pytest.importorskip("torch")
    found = probed(ADAM, preconditioned_curvature=True)["probe_preconditioned_curvature"]
    _, expected = after_adam(Twin(prepared(ADAM, np.float32)))
    assert found[-1] == pytest.approx(expected, rel=1e-3)
