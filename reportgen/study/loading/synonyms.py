"""Names of settings in other libraries, with the settings of a study that have the same meaning."""

from __future__ import annotations

from collections.abc import Mapping

from reportgen.registry import loose

SAME: Mapping[str, tuple[str, ...]] = {
    "training.lr": ("learning_rate", "rate", "eta", "learning_rate_init", "base_lr", "initial_lr", "step_size"),
    "training.batch_size": ("batch", "bs", "batchsize", "minibatch", "minibatch_size", "mini_batch_size",
                            "train_batch_size", "per_device_train_batch_size"),
    "training.epochs": ("n_epochs", "num_epochs", "nb_epoch", "max_epochs", "epoch", "max_iter", "num_train_epochs",
                        "n_iter", "iterations"),
    "training.l2": ("weight_decay", "wd", "l2_reg", "l2_penalty", "l2_regularization", "kernel_regularizer", "ridge"),
    "training.l1": ("l1_reg", "l1_penalty", "l1_regularization", "lasso"),
    "training.optimizer": ("optim", "optimiser", "solver"),
    "training.optimizer.momentum": ("mu",),
    "training.loss": ("criterion", "loss_fn", "loss_function", "objective"),
    "training.schedule": ("scheduler", "lr_scheduler", "lr_schedule", "learning_rate_schedule", "lr_scheduler_type"),
    "training.clip_norm": ("clip_grad_norm", "max_grad_norm", "gradient_clip_val", "gradient_clipping", "grad_clip",
                           "clipnorm", "clip", "clip_gradient"),
    "training.early_stopping": ("patience", "early_stop", "earlystopping"),
    "training.augment": ("augmentation", "data_augmentation"),
    "network.hidden": ("hidden_layer_sizes", "hidden_sizes", "hidden_size", "hidden_dims", "hidden_dim",
                       "hidden_units", "hidden_layers", "units", "n_hidden"),
    "network.activation": ("nonlinearity", "act", "activation_function", "hidden_act", "activation_fn"),
    "network.init": ("weight_init", "kernel_initializer", "initializer", "initialization", "weights_init",
                     "init_method", "initialisation"),
    "network.bias": ("bias_initializer", "bias_init", "biases"),
    "network.batchnorm": ("batch_norm", "bn", "batch_normalization", "batchnorm1d", "batchnorm2d", "use_bn",
                          "norm_layer"),
    "network.dropout": ("drop", "dropout_rate", "drop_rate", "dropout_prob", "p_drop", "hidden_dropout_prob"),
    "preprocess": ("preprocessing", "normalize", "normalization", "scaler", "standardize", "scaling"),
    "data.samples": ("n_samples", "num_samples"),
    "data.features": ("n_features", "num_features", "input_dim", "in_features"),
    "data.classes": ("n_classes", "num_classes", "out_features", "num_labels"),
    "data.validation": ("validation_split", "val_split", "val_size", "valid_size", "val_fraction", "valid", "val"),
    "data.test": ("test_size", "test_split", "test_fraction"),
    "data.label_noise": ("noisy_labels",),
    "data.target": ("label", "label_column", "target_column", "class_column", "y_column"),
    "data.separator": ("sep", "delimiter"),
    "data.path": ("file", "filename", "csv", "filepath"),
    "seeds": ("random_state", "random_seed", "n_seeds", "num_seeds", "manual_seed"),
    "data": ("dataset",),
    "network": ("model", "net", "architecture"),
    "training": ("train", "trainer", "fit"),
}  # fmt: skip

SETTINGS = {loose(name): path for path, names in SAME.items() for name in names}


def same_setting(name: str) -> str | None:
    """Return the path of the setting that a name of another library means, None if it is unknown."""
    return SETTINGS.get(loose(name))
