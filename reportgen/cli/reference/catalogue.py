"""What a study may name, with one line on each: `reportgen list` shows it, and `describe` finds names in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reportgen.plugins.loading import load_installed
from reportgen.registry import table_of

Entries = Mapping[str, Any]
"""Names to whatever describes them: a table row, a rule, a figure, or a sentence."""

METRIC_WORDS = {
    "activation_mean": "mean of a layer's activations over units and probe examples",
    "activation_std": "standard deviation of a layer's activations",
    "activation_min": "smallest activation of a layer",
    "activation_max": "largest activation of a layer",
    "zero_fraction": "share of a layer's activations that are exactly zero",
    "saturated_fraction": "share of a layer's activations at the flat end of a bounded activation function",
    "dead_fraction": "share of a layer's units that are silent on every probe example",
    "preactivation_mean": "mean of what goes into the activation function",
    "preactivation_std": "standard deviation of what goes into the activation function",
    "gradient_mean": "mean of the loss's gradient by a layer's pre-activations",
    "gradient_std": "standard deviation of the loss's gradient by a layer's pre-activations",
    "gradient_norm": "norm of the loss's gradient by a layer's pre-activations",
    "weight_std": "standard deviation of a layer's weights",
    "weight_norm": "norm of a layer's weights",
    "weight_gradient_norm": "norm of the loss's gradient by a layer's weights",
    "update_ratio": "norm of a step's change of the weights over the norm of the weights",
    "bias_mean": "mean of a layer's biases",
    "bias_gradient_norm": "norm of the loss's gradient by a layer's biases",
    "weight_unit_spread": "how far the units of a layer differ in their weights; 0 where all are equal",
    "gradient_unit_spread": "how far the units of a layer differ in their weights' gradients; 0 where all are equal",
    "bn_gamma_mean": "mean of batch normalization's learned scale",
    "bn_gamma_std": "standard deviation of batch normalization's learned scale",
    "bn_beta_mean": "mean of batch normalization's learned shift",
    "bn_beta_std": "standard deviation of batch normalization's learned shift",
    "bn_running_mean_mean": "mean over units of batch normalization's running mean",
    "bn_running_var_mean": "mean over units of batch normalization's running variance",
    "sign_agreement_example": "share of a layer's units whose weight gradients on one example all have one sign",
    "sign_agreement_batch": "share of a layer's units whose weight gradients on the batch all have one sign",
    "weight_effective_rank": "effective rank of a layer's weights, the exponential of their singular values' entropy",
    "weight_singular_max": "largest singular value of a layer's weights",
    "activation_effective_rank": "effective rank of a layer's activations over the probe examples",
    "activation_singular_max": "largest singular value of a layer's activations",
    "normality_gap": "largest distance of a layer's distribution of activations from a normal one (Kolmogorov's)",
    "curvature": "largest eigenvalue of the Hessian of the loss on the probe examples",
    "lr": "learning rate",
    "batch_loss": "mean minibatch loss of an epoch, in train mode, without penalties",
    "penalty": "what L1 and L2 add to the loss",
    "train_cost": "training loss with the penalty",
    "accuracy_gap": "training accuracy minus validation accuracy",
    "weight_max": "largest absolute weight of a layer",
    "weight_evenness": "squared mean of a layer's absolute weights over their mean square; 1 where all are of one size",
    "train_loss": "loss on training examples in test mode, without penalties; after an epoch, on a part",
    "train_accuracy": "share of training examples classified rightly, in test mode; after an epoch, of a part",
    "val_loss": "loss on validation examples, without penalties",
    "val_accuracy": "share of validation examples classified rightly",
    "test_loss": "loss on test examples, without penalties",
    "test_accuracy": "share of test examples classified rightly",
    "best_train_loss": "loss on training examples of a search's best trial",
    "best_train_accuracy": "training accuracy of a search's best trial",
    "best_val_loss": "loss on validation examples of a search's best trial",
    "best_val_accuracy": "validation accuracy of a search's best trial, which was chosen for being high",
    "best_test_loss": "loss on test examples of a search's best trial",
    "best_test_accuracy": "test accuracy of a search's best trial, which had no part in the choice",
    "best_setting": "value of a searched setting in each seed's best trial",
    "best_place": "place of that value in its range, from 0 at the low end to 1 at the high end, in the range's scale",
    "diverged": "1 for a run that left the finite numbers, else 0",
    "stopped": "1 for a run that was stopped early, else 0",
    "parameters": "how many numbers the network learns",
    "train_seconds": "time of training, looks and scores included, in seconds; without setting up and compiling",
    "steps": "training steps done",
    "epochs_to": "epochs until a score comes to a level; a run that never does is known to take longer",
    "steps_to": "training steps until a score comes to a level; a run that never does is known to take longer",
    "activation_forward_ns": "time of the hidden layers' activation forward on this machine, in ns an element",
    "activation_backward_ns": "time of the hidden layers' activation backward on this machine, in ns an element",
    "activation_ns": "time of the hidden layers' activation forward and backward on this machine, in ns an element",
    "activation_over_product": "that time over the matrix products of a layer of 500 units on 500 inputs",
    "gradient_error": "relative error of the analytic gradient against differences of the loss, largest over layers",
    "features": "features of an example after preprocessing",
    "input_mean": "mean of the training examples' features after preprocessing",
    "input_std": "standard deviation of the training examples' features after preprocessing",
    "input_energy": "mean squared length of a training example after preprocessing",
    "variance_kept": "share of the variance that the principal components keep",
    "batch_dependent_fraction": "share of validation examples whose class changes when they are batched otherwise",
    "bn_identity_gap": "how far batch normalization's output is from its input, in the input's standard deviations",
    "mc_val_accuracy": "share of validation examples classified rightly by the mean of passes with dropout",
    "mc_val_loss": "cross-entropy of the mean of passes with dropout, on validation examples",
    "mc_val_accuracy_difference": "validation accuracy of passes with dropout minus that of the network without it",
    "mc_val_loss_difference": "validation loss of passes with dropout minus that of the network without it",
    "polyak_val_accuracy": "share of validation examples classified rightly with averaged weights",
    "polyak_val_loss": "loss on validation examples with averaged weights",
    "polyak_val_accuracy_difference": "validation accuracy with averaged weights minus that with the last ones",
    "polyak_val_loss_difference": "validation loss with averaged weights minus that with the last ones",
    "snapshot_val_accuracy": "share of validation examples classified rightly by the mean of the cycles' networks",
    "snapshot_val_loss": "cross-entropy of the mean of the cycles' networks, on validation examples",
    "snapshot_val_accuracy_difference": "validation accuracy of the cycles' mean minus that of one cycle's network",
    "snapshot_val_loss_difference": "validation loss of the cycles' mean minus that of one cycle's network",
    "snapshots": "how many cycles' networks are averaged",
    "ensemble_val_accuracy": "share of validation examples classified rightly by the mean of all seeds' networks",
    "ensemble_val_gain": "validation accuracy of the mean of all seeds' networks minus the mean of theirs",
    "ensemble_val_spread": "standard deviation of the validation accuracies of all seeds' networks",
}


def rows_of(kind: str) -> Callable[[], Entries]:
    """Return a function that returns the rows of a kind, those of installed plug-ins among them."""

    def entries() -> Entries:
        load_installed()
        return table_of(kind)

    return entries


def metrics() -> Entries:
    """Return what claims can measure: layer statistics, scores, and what became of the run."""
    from reportgen.study.model.metrics import METRICS

    return {name: METRIC_WORDS[name] for name in METRICS}


def studies() -> Entries:
    """Return the shipped studies; only their titles are read, since checking all of them takes seconds."""
    from reportgen.shipped import shipped_studies
    from reportgen.study.syntax.yaml12 import read

    found = shipped_studies().items()
    return {name: str(read(path.read_text(encoding="utf-8"), str(path)).value["title"]) for name, path in found}


def claims() -> Entries:
    """Return the claims of the lectures, by the number that a study's claim gives as `lecture`."""
    from reportgen.report.site.lecture_claims import lecture_claims

    return {str(one.number): f"{one.says} ({', '.join(one.sources)})" for one in lecture_claims()}


def lectures() -> Entries:
    """Return the lectures by the keys that claims give as `source`."""
    from reportgen.report.document.sources import LECTURES

    return LECTURES


def checks() -> Entries:
    """Return the sanity checks."""
    from reportgen.study.model.sanity import SANITY_CHECKS

    return SANITY_CHECKS


def settings() -> Entries:
    """Return the settings of a study file by their paths."""
    from reportgen.study.reference.explained import explained, without_links

    return {one.path: without_links(one.what) for one in explained()}


KINDS: dict[str, Callable[[], Entries]] = {
    "activations": rows_of("activation"),
    "inits": rows_of("init"),
    "optimizers": rows_of("optimizer"),
    "schedules": rows_of("schedule"),
    "losses": rows_of("loss"),
    "layers": rows_of("layer"),
    "datasets": rows_of("data set"),
    "preprocess": rows_of("preprocessing step"),
    "settings": settings,
    "checks": checks,
    "rules": rows_of("rule"),
    "figures": rows_of("figure"),
    "metrics": metrics,
    "studies": studies,
    "claims": claims,
    "lectures": lectures,
}


def find_entries(name: str) -> list[tuple[str, str, Any]]:
    """Return the kind, full name and entry of everything of that name or alias; a setting's last part will do."""
    return [
        (kind, known, entry)
        for kind, entries in KINDS.items()
        for known, entry in entries().items()
        if name == known or name in getattr(entry, "aliases", ()) or (kind == "settings" and known.endswith(f".{name}"))
    ]
