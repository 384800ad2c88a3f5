"""Confusion matrices and losses by class agree with the stored predictions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from reportgen.engine.spec import EvaluationSpec
from reportgen.engine.train import train
from tests.engine.networks import activation, data, spec


def test_confusion_and_spread_of_the_loss_agree_with_the_predictions() -> None:
    dataset = data(n=60, val=40)
    out = train(replace(spec(), evaluation=EvaluationSpec(predictions=True)), dataset)
    p, y = out.arrays["val_probabilities"].astype(np.float64), dataset.y_val
    counts = out.arrays["val_confusion"]
    assert counts.sum(axis=1).tolist() == np.bincount(y, minlength=4).tolist()
    assert counts.sum(axis=0).tolist() == np.bincount(p.argmax(axis=1), minlength=4).tolist()
    assert np.isclose(np.trace(counts) / len(y), out.final["val_accuracy"], rtol=1e-12)
    assert np.isclose(out.facts["val_loss_sd"], np.log(p[np.arange(len(y)), y]).std(), rtol=1e-5)


def test_a_small_training_split_is_counted_completely() -> None:
    out = train(spec(), data(n=60))
    counts = out.arrays["train_confusion"]
    assert counts.sum(axis=1).tolist() == out.facts["class_counts"]
    assert np.isclose(np.trace(counts) / 60, out.final["train_accuracy"], rtol=1e-12)


def test_a_large_training_split_is_sampled_evenly_by_class() -> None:
    dataset = data(n=3000)
    counts = train(spec(epochs=1, batch_size=500), dataset).arrays["train_confusion"]
    assert counts.sum(axis=1).tolist() == np.minimum(np.bincount(dataset.y_train), 250).tolist()


def test_without_training_there_are_no_counts() -> None:
    out = train(spec(epochs=0), data())
    assert not {"val_confusion", "train_confusion"} & set(out.arrays)
    assert not any(name.startswith("baseline") for name in out.facts)


def test_a_diverged_run_has_no_counts() -> None:
    out = train(spec(act=activation("relu"), lr=1e20), data())
    assert out.status == "diverged"
    assert "val_confusion" not in out.arrays


def test_without_validation_training_examples_are_counted() -> None:
    out = train(spec(), data(val=0))
    assert "val_confusion" not in out.arrays
    assert out.arrays["train_confusion"].sum() == 30
