"""What the names of columns mean: one table of patterns from names to quantities.

A name is divided into words. Words that name a split ("val") or a resolution ("epoch") are set aside; the table is
searched for what remains. A name that no row matches completely has no role, so that "loss_scale" or "val_loss_best"
are never taken for a loss.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from reportgen.runs.training_log import Resolution

Split = Literal["train", "val", "test"]
Quantity = Literal["loss", "part", "accuracy", "score", "lr", "gradient_norm"]

SPLITS: Mapping[str, Split] = {
    **dict.fromkeys(("train", "training", "trn", "tr"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "eval", "evaluation", "dev", "holdout"), "val"),
    **dict.fromkeys(("test", "testing"), "test"),
}
"""Words that name a split."""

RESOLUTIONS: Mapping[str, Resolution] = {
    **dict.fromkeys(("step", "batch", "minibatch", "iter", "iteration"), "step"),
    **dict.fromkeys(("running", "smooth", "smoothed", "window"), "window"),
    **dict.fromkeys(("epoch", "epochs"), "epoch"),
}
"""Words at the beginning or end of a name that say what one value is."""

NEUTRAL = ("metrics", "metric", "scalars", "scalar", "logs", "log", "mean", "avg", "average", "overall", "model")
"""Words at the beginning of a name that do not change its meaning."""

STEPS = ("step", "global_step", "trainer_global_step", "iteration", "iter", "iterations", "steps", "train_step")
EPOCHS = ("epoch", "epochs", "train_epoch")
BATCHES = ("batch", "batch_idx", "batch_index", "iter", "iteration", "step")
"""Names of columns of positions; a column of BATCHES may begin again in each epoch."""


@dataclass(frozen=True)
class Pattern:
    """A row of the table: a pattern of the words of a name, joined by "_", and what they mean.

    rank: the lowest is preferred if several columns have the same role. higher_is_better: for scores.
    """

    words: str
    quantity: Quantity
    rank: int
    higher_is_better: bool | None = None


_CRITERIA = "ce|cross_?entropy|xent|bce|nll|mse|mae|l1|huber|smooth_l1|focal|ctc|elbo|lm"
_OPTIMIZERS = "|".join(
    (
        *("adam", "adamw", "nadam", "nadamw", "radam", "adamax", "adagrad", "adadelta", "adafactor", "adam8bit"),
        *("adamw8bit", "sgd", "asgd", "rmsprop", "rprop", "lion", "lamb", "lars", "muon", "lbfgs", "sparseadam"),
        "optimizer",
    )
)
_NOT_A_PART = "|".join(
    (
        *("best", "last", "min", "max", "ema", "std", "var", "delta", "scaled", "old", "prev", "previous", "initial"),
        *(
            "final",
            "l2",
            "kl",
            "aux",
            "auxiliary",
            "reg",
            "regularization",
            "penalty",
            "weight_decay",
            "lowest",
            "grad",
        ),
    )
)

PATTERNS: tuple[Pattern, ...] = (
    Pattern("loss|objective|cost", "loss", 0),
    Pattern("total_loss|loss_total|full_loss|loss_mean|loss_avg", "loss", 1),
    Pattern(f"(?:{_CRITERIA})_loss|loss_(?:{_CRITERIA})|cross_?entropy|nll|bce|log_?loss|elbo", "loss", 2),
    Pattern(rf"(?!(?:{_NOT_A_PART})_)\w+?_loss", "part", 3),
    Pattern("accuracy|acc", "accuracy", 0),
    Pattern("(?:sparse_)?categorical_acc(?:uracy)?|(?:binary|multiclass|multilabel)_acc(?:uracy)?", "accuracy", 1),
    Pattern("top_?1(?:_acc(?:uracy)?)?|acc(?:uracy)?_?(?:at_)?(?:top_?)?1|prec_?(?:at_)?1", "accuracy", 2),
    Pattern("(?:cls|class|token|node|pixel|micro)_acc(?:uracy)?|acc(?:uracy)?_score", "accuracy", 3),
    Pattern("balanced_acc(?:uracy)?|macro_acc(?:uracy)?", "score", 0, True),
    Pattern(r"(?:macro_|micro_|weighted_)?f1(?:_?score)?(?:_macro|_micro|_weighted)?|f_?beta", "score", 1, True),
    Pattern(r"(?:roc_)?auc(?:_roc|_\d+)?|auroc|auprc|pr_auc|average_precision|ap_?\d*", "score", 1, True),
    Pattern(r"m_?ap(?:_?50)?(?:_(?:50_)?95)?(?:_[bmp])?", "score", 1, True),
    Pattern("(?:m_?|mean_)?iou(?:_score)?|jaccard(?:_index)?|dice(?:_coef(?:ficient)?|_score)?", "score", 1, True),
    Pattern(r"r2(?:_score)?|r_2|mcc|matthews_correlation|kappa|cohen_kappa|pearson\w*|spearman\w*", "score", 1, True),
    Pattern(r"bleu\w*|rouge\w*|meteor|exact_match|em|psnr|ssim|ndcg\w*|mrr|hit_?rate\w*", "score", 2, True),
    Pattern(r"(?:precision|recall|sensitivity|specificity)(?:_\d+)?(?:_[bmp])?", "score", 3, True),
    Pattern(r"top_?5(?:_acc(?:uracy)?)?|acc(?:uracy)?_?(?:at_)?(?:top_?)?5|top_k_\w*accuracy", "score", 3, True),
    Pattern("mae|mean_absolute_error|mse|mean_squared_error|rmse|root_mean_squared_error|msle", "score", 2, False),
    Pattern("mape|smape|mean_absolute_percentage_error|huber|max_error", "score", 3, False),
    Pattern("ppl|perplexity|bpc|bits_per_(?:char|byte|dim)|wer|cer|fid|brier(?:_score)?|ece", "score", 2, False),
    Pattern("error(?:_rate)?|err|top_?1_err(?:or)?|classification_error|merror", "score", 2, False),
    Pattern(rf"(?:current_|optimizer_|x_)?(?:lr|learning_rate)_?0?(?:_(?:{_OPTIMIZERS}|default))*(?:_(?:pg|group)_?\d+|_\d+)?",
            "lr", 0),
    Pattern(r"(?:total_|global_)?grad(?:ient)?s?_?(?:l2_|2_0_|2_)?norm(?:_total|_l2|_before_clip\w*|_pre_clip\w*)?",
            "gradient_norm", 0),
    Pattern("g_?norm|norm_grads?|(?:total_|global_)grad_norm", "gradient_norm", 1),
)  # fmt: skip
"""All known names; the first row that matches the whole name holds."""

REGRESSION = re.compile("mae|mse|rmse|msle|mape|r2|r_2|mean_(?:absolute|squared)\\w*|root_mean\\w*")
"""Scores that show a regression."""

_WORDS = [(re.compile(pattern.words), pattern) for pattern in PATTERNS]


@dataclass(frozen=True)
class Meaning:
    """What a name means.

    split, resolution : None if the name does not say it.
    words : the words without split and resolution, joined by "_".
    """

    quantity: Quantity
    split: Split | None
    resolution: Resolution | None
    rank: int
    higher_is_better: bool | None
    words: str


def words_of(name: str) -> list[str]:
    """Return the words of a name in lower case; an upper-case letter begins a word in "valLoss"."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", "_", name.strip()[:200])
    return re.sub(r"[^a-z0-9]+", "_", parted.lower()).strip("_").split("_")


def plain_name(name: str) -> str:
    """Return the words of a name, joined by "_"."""
    return "_".join(words_of(name))


def meaning_of(name: str) -> Meaning | None:
    """Return what a name means, None if no row of the table matches it."""
    words = words_of(name)
    splits = {SPLITS[word] for word in words if word in SPLITS}
    if len(splits) > 1:
        return None
    rest = [word for word in words if word not in SPLITS]
    rest, resolution = _without_resolution(rest)
    while len(rest) > 1 and rest[0] in NEUTRAL:
        rest = rest[1:]
    joined = "_".join(rest)
    for pattern, row in _WORDS:
        if pattern.fullmatch(joined):
            split = next(iter(splits), None)
            return Meaning(row.quantity, split, resolution, row.rank, row.higher_is_better, joined)
    return None


def _without_resolution(words: list[str]) -> tuple[list[str], Resolution | None]:
    if len(words) > 1 and words[-1] in RESOLUTIONS:
        return words[:-1], RESOLUTIONS[words[-1]]
    if len(words) > 1 and words[0] in RESOLUTIONS:
        return words[1:], RESOLUTIONS[words[0]]
    if len(words) > 2 and words[-2:] == ["vs", "iterations"]:
        return words[:-2], "epoch"
    return words, None
