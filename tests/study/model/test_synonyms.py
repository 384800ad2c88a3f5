"""Names of PyTorch, Keras and scikit-learn are accepted, or lead to the row or setting of the same meaning."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.engine.tables.nearest import NEAREST
from reportgen.errors import StudyError
from reportgen.registry import table_of
from reportgen.study.loading.elsewhere import known_paths
from reportgen.study.loading.loader import load_study
from reportgen.study.loading.synonyms import SAME

ACCEPTED = {
    "activation": {"ReLU": "relu", "nn.LeakyReLU": "leaky_relu", "swish": "silu", "SiLU": "silu", "GELU": "gelu",
                   "linear": "identity", "Tanh": "tanh", "ELU": "elu", "torch.nn.PReLU()": "prelu"},
    "init": {"kaiming_normal": "he_normal", "kaiming_normal_": "he_normal", "kaiming_uniform": "he_uniform",
             "xavier_uniform": "glorot_uniform", "xavier_normal": "glorot_normal", "GlorotUniform": "glorot_uniform",
             "HeNormal": "he_normal", "zeros": "zero", "LecunNormal": "lecun_normal"},
    "optimizer": {"SGD": "sgd", "Adam": "adam", "AdamW": "adamw", "RMSprop": "rmsprop", "torch.optim.Adam": "adam",
                  "Adagrad": "adagrad"},
    "loss": {"CrossEntropyLoss": "softmax_cross_entropy", "cross_entropy": "softmax_cross_entropy",
             "categorical_crossentropy": "softmax_cross_entropy", "SparseCategoricalCrossentropy":
             "softmax_cross_entropy", "MSELoss": "mse", "mean_squared_error": "mse"},
    "schedule": {"StepLR": "step", "CosineAnnealingLR": "cosine", "ExponentialLR": "exponential",
                 "CosineAnnealingWarmRestarts": "warm_restarts", "CosineDecay": "cosine"},
    "preprocessing step": {"StandardScaler": "standardize", "PCA": "pca"},
}  # fmt: skip


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in ACCEPTED.items() for name in names])
def test_names_of_the_same_meaning_are_accepted(kind: str, name: str) -> None:
    row = table_of(kind).find(name)
    assert row is not None
    assert row.name == ACCEPTED[kind][name]


@pytest.mark.parametrize("kind", NEAREST)
def test_no_name_with_a_hint_is_accepted(kind: str) -> None:
    assert [name for name in NEAREST[kind] if table_of(kind).find(name) is not None] == []


def study(folder: Path, network: str = "{hidden: [4]}", training: str = "{epochs: 1}", more: str = "") -> Path:
    text = f"title: T\nquestion: Q\ndata: moons\nnetwork: {network}\ntraining: {training}\nseeds: 1\n{more}"
    (folder / "s.yaml").write_text(text, encoding="utf-8")
    return folder / "s.yaml"


@pytest.mark.parametrize(
    ("network", "training", "right"),
    [
        ("{hidden: [4], activation: softmax}", "{epochs: 1}", "the loss contains the softmax"),
        ("{hidden: [4], init: normal}", "{epochs: 1}", "gaussian"),
        ("{hidden: [4]}", "{epochs: 1, optimizer: Nadam}", "adam"),
        ("{hidden: [4]}", "{epochs: 1, loss: BCEWithLogitsLoss}", "softmax_cross_entropy"),
        ("{hidden: [4]}", "{epochs: 1, schedule: ReduceLROnPlateau}", "step"),
        ("{hidden: [4]}", "{epochs: 1, weight_decay: 0.1}", "training.l2"),
        ("{hidden: [4]}", "{epochs: 1, learning_rate: 0.1}", "training.lr"),
        ("{hidden: [4]}", "{n_epochs: 1}", "epochs"),
        ("{hidden: [4]}", "{epochs: 1, batchsize: 8}", "batch_size"),
        ("{hidden_layer_sizes: [4]}", "{epochs: 1}", "network.hidden"),
        ("{hidden: [4], BatchNorm: true}", "{epochs: 1}", "batchnorm"),
        ("{hidden: [4], dropout_rate: 0.5}", "{epochs: 1}", "dropout"),
        ("{hidden: [4]}", "{epochs: 1, optimizer: {name: adam, eps: 1.0e-8}}", "epsilon"),
    ],
)
def test_other_names_lead_to_the_right_setting(network: str, training: str, right: str, tmp_path: Path) -> None:
    with pytest.raises(StudyError) as caught:
        load_study(study(tmp_path, network, training))
    assert right in (caught.value.hint or "")


def test_every_synonym_leads_to_a_setting() -> None:
    assert set(SAME) <= {*known_paths(), "data", "network", "training", "preprocess", "seeds"}


def test_a_study_is_written_with_the_names_of_the_rows(tmp_path: Path) -> None:
    """So that the keys of its runs do not depend on the spelling."""
    other = load_study(study(tmp_path, "{hidden: [4], activation: ReLU, init: kaiming_normal}"))
    here = load_study(study(tmp_path, "{hidden: [4], activation: relu, init: he_normal}"))
    assert [run.spec for run in other.runs] == [run.spec for run in here.runs]


def test_names_are_matched_without_regard_to_case(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    text = """
title: T
question: Q?
data: {name: Digits, validation: 0.2, train: 100}
preprocess: [Standardize]
network: {layers: [{conv: {filters: 2, kernel: 3, padding: Same}}, {pool: {kind: Max, size: 2}}], activation: TANH}
training: {epochs: 1, optimizer: Adam, batch_size: Full}
sanity: [Activation_Cost]
figures: [Loss_Curves]
claims:
  - id: a
    says: A.
    measure: {metric: Activation_Std, layer: First, reduce: Mean}
    expect: {above: 0}
"""
    path.write_text(text, encoding="utf-8")
    study = load_study(path).study
    settings = study.points[0].settings
    assert (settings.data.source.name, settings.preprocess[0].name) == ("digits", "standardize")
    assert (settings.training.optimizer.name, settings.training.batch_size) == ("adam", "full")
    assert (study.sanity, study.figures) == (("activation_cost",), ("loss_curves",))
    measure = study.claims[0].measure
    assert (measure.metric, measure.layer, measure.reduce) == ("activation_std", "first", "mean")
