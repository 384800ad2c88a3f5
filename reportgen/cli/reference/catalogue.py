"""The names that a study can use, with a summary of each, for `reportgen list` and `describe`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reportgen.plugins.loading import load_installed
from reportgen.registry import table_of

Entries = Mapping[str, Any]
"""Maps names to their descriptions: a table row, a rule, a figure, or a sentence."""

METRIC_WORDS = {
    "activation_mean": "mean of a layer's activations over units and probe examples",
    "activation_std": "standard deviation of a layer's activations",
    "activation_min": "smallest activation of a layer",
    "activation_max": "largest activation of a layer",
    "zero_fraction": "share of a layer's activations that are exactly zero",
    "saturated_fraction": "share of a layer's activations in the saturated range of a bounded activation function",
    "dead_fraction": "share of a layer's units that are inactive on every probe example",
    "preactivation_mean": "mean of a layer's pre-activations",
    "preactivation_std": "standard deviation of a layer's pre-activations",
    "gradient_mean": "mean of the loss's gradient with respect to a layer's pre-activations",
    "gradient_std": "standard deviation of the loss's gradient with respect to a layer's pre-activations",
    "gradient_norm": "norm of the loss's gradient with respect to a layer's pre-activations",
    "weight_std": "standard deviation of a layer's weights",
    "weight_norm": "norm of a layer's weights",
    "weight_gradient_norm": "norm of the loss's gradient with respect to a layer's weights",
    "update_ratio": "norm of the weight update of a step divided by the norm of the weights",
    "bias_mean": "mean of a layer's biases",
    "bias_gradient_norm": "norm of the loss's gradient with respect to a layer's biases",
    "weight_unit_spread": "relative difference between the weights of a layer's units; 0 if all are equal",
    "gradient_unit_spread": "relative difference between the weight gradients of a layer's units; 0 if all are equal",
    "bn_gamma_mean": "mean of batch normalization's learned scale",
    "bn_gamma_std": "standard deviation of batch normalization's learned scale",
    "bn_beta_mean": "mean of batch normalization's learned shift",
    "bn_beta_std": "standard deviation of batch normalization's learned shift",
    "bn_running_mean_mean": "mean over units of batch normalization's running mean",
    "bn_running_var_mean": "mean over units of batch normalization's running variance",
    "sign_agreement_example": "share of a layer's units whose weight gradients on one example all have the same sign",
    "sign_agreement_batch": "share of a layer's units whose weight gradients on the batch all have the same sign",
    "weight_effective_rank": "effective rank of a layer's weights, the exponential of their singular values' entropy",
    "weight_singular_max": "largest singular value of a layer's weights",
    "activation_effective_rank": "effective rank of a layer's activations over the probe examples",
    "activation_singular_max": "largest singular value of a layer's activations",
    "normality_gap": "Kolmogorov distance between a layer's distribution of activations and a normal distribution",
    "curvature": "largest eigenvalue of the Hessian of the loss on the probe examples",
    "lr": "learning rate",
    "batch_loss": "mean minibatch loss of an epoch, in training mode, without penalties",
    "penalty": "L1 and L2 terms of the loss",
    "train_cost": "training loss plus the penalty",
    "accuracy_gap": "training accuracy minus validation accuracy",
    "weight_max": "largest absolute weight of a layer",
    "weight_evenness": "squared mean of a layer's absolute weights divided by their mean square; 1 if all are equal",
    "train_loss": "loss on training examples in test mode, without penalties; after an epoch, on a subset",
    "train_accuracy": "share of training examples classified correctly, in test mode; after an epoch, on a subset",
    "val_loss": "loss on validation examples, without penalties",
    "val_accuracy": "share of validation examples classified correctly",
    "test_loss": "loss on test examples, without penalties",
    "test_accuracy": "share of test examples classified correctly",
    "best_train_loss": "loss on training examples of a search's best trial",
    "best_train_accuracy": "training accuracy of a search's best trial",
    "best_val_loss": "loss on validation examples of a search's best trial",
    "best_val_accuracy": "validation accuracy of a search's best trial; biased, since the trial was chosen by it",
    "best_test_loss": "loss on test examples of a search's best trial",
    "best_test_accuracy": "test accuracy of a search's best trial, which was not used to choose the trial",
    "best_setting": "value of a searched setting in each seed's best trial",
    "best_place": "position of that value in its range, from 0 (low end) to 1 (high end), on the scale of the range",
    "diverged": "1 for a run that diverged (non-finite values), else 0",
    "stopped": "1 for a run that was stopped early, else 0",
    "parameters": "number of learned parameters",
    "train_seconds": "training time in seconds, including probes and scores, without setup and compilation",
    "steps": "number of training steps",
    "epochs_to": "epochs until a score reaches a level; censored for runs that do not reach it",
    "steps_to": "training steps until a score reaches a level; censored for runs that do not reach it",
    "activation_forward_ns": "time of the hidden layers' activation function on this machine, in ns per element",
    "activation_backward_ns": "time of the hidden layers' activation derivative on this machine, in ns per element",
    "activation_ns": "time of the hidden layers' activation function and derivative on this machine, in ns per element",
    "activation_over_product": "activation_ns divided by the time of the matrix products of a layer with 500 units",
    "gradient_error": "relative error of the analytic gradient compared with finite differences, largest over layers",
    "features": "number of features after preprocessing",
    "input_mean": "mean of the training examples' features after preprocessing",
    "input_std": "standard deviation of the training examples' features after preprocessing",
    "input_energy": "mean squared length of a training example after preprocessing",
    "variance_kept": "share of the variance in the principal components",
    "batch_dependent_fraction": "share of validation examples whose predicted class depends on the rest of the batch",
    "bn_identity_gap": "difference of output and input of batch normalization, in standard deviations of the input",
    "mc_val_accuracy": "share of validation examples classified correctly by the mean of passes with dropout",
    "mc_val_loss": "cross-entropy of the mean of passes with dropout, on validation examples",
    "mc_val_accuracy_difference": "validation accuracy of passes with dropout minus the accuracy without dropout",
    "mc_val_loss_difference": "validation loss of passes with dropout minus the loss without dropout",
    "polyak_val_accuracy": "share of validation examples classified correctly with averaged weights",
    "polyak_val_loss": "loss on validation examples with averaged weights",
    "polyak_val_accuracy_difference": "validation accuracy with averaged weights minus the accuracy with final weights",
    "polyak_val_loss_difference": "validation loss with averaged weights minus the loss with final weights",
    "snapshot_val_accuracy": "share of validation examples classified correctly by the mean of all cycles' networks",
    "snapshot_val_loss": "cross-entropy of the mean of all cycles' networks, on validation examples",
    "snapshot_val_accuracy_difference": "validation accuracy of the mean of all cycles minus that of a single cycle",
    "snapshot_val_loss_difference": "validation loss of the mean of all cycles minus that of a single cycle",
    "snapshots": "number of averaged cycles",
    "ensemble_val_accuracy": "share of validation examples classified correctly by the mean of all seeds' networks",
    "ensemble_val_gain": "validation accuracy of the mean of the networks of all seeds minus their mean accuracy",
    "ensemble_val_spread": "standard deviation of the validation accuracies over all seeds",
}


def rows_of(kind: str) -> Callable[[], Entries]:
    """Return a function that returns the rows of a kind, including those of installed plug-ins."""

    def entries() -> Entries:
        load_installed()
        return table_of(kind)

    return entries


def metrics() -> Entries:
    """Return the metrics of claims."""
    from reportgen.study.model.metrics import METRICS

    return {name: METRIC_WORDS[name] for name in METRICS}


def studies() -> Entries:
    """Return the titles of the shipped studies; they are not validated, which would take seconds."""
    from reportgen.shipped import shipped_studies
    from reportgen.study.syntax.yaml12 import read

    found = shipped_studies().items()
    return {name: str(read(path.read_text(encoding="utf-8"), str(path)).value["title"]) for name, path in found}


def claims() -> Entries:
    """Return the claims of the lectures by their numbers, which claims of studies give as `lecture`."""
    from reportgen.report.site.lecture_claims import lecture_claims

    return {str(one.number): f"{one.says} ({', '.join(one.sources)})" for one in lecture_claims()}


def lectures() -> Entries:
    """Return the lectures by the keys that claims of studies give as `source`."""
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
    """Return kind, full name and entry of all matches of a name, an alias, or the last part of a setting."""
    return [
        (kind, known, entry)
        for kind, entries in KINDS.items()
        for known, entry in entries().items()
        if name == known or name in getattr(entry, "aliases", ()) or (kind == "settings" and known.endswith(f".{name}"))
    ]
