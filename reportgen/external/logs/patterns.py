"""The table of names of columns: which words mean which quantity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Quantity = Literal["loss", "part", "accuracy", "score", "lr", "gradient_norm"]

TITLES: dict[Quantity, str] = {
    "loss": "loss",
    "part": "a part of a loss, taken if it is the only loss",
    "accuracy": "accuracy",
    "score": "another score",
    "lr": "learning rate",
    "gradient_norm": "gradient norm",
}


@dataclass(frozen=True)
class Pattern:
    """A row of the table.

    Attributes
    ----------
    words : pattern of the words of a name, in lower case and joined by "_", without split and resolution.
    quantity : what the words mean.
    rank : the lowest is preferred if several columns have the same role.
    examples : names that match, for the documentation.
    higher_is_better : direction of a score.
    """

    words: str
    quantity: Quantity
    rank: int
    examples: tuple[str, ...]
    higher_is_better: bool | None = None

    @property
    def title(self) -> str:
        """What the row is, in words."""
        if self.higher_is_better is None:
            return TITLES[self.quantity]
        return f"{TITLES[self.quantity]}, {'higher' if self.higher_is_better else 'lower'} is better"


ACC = "acc(?:uracy)?"
CRITERIA = "ce|cross_?entropy|xent|bce|nll|mse|mae|l1|huber|smooth_l1|focal|ctc|elbo|lm"
OPTIMIZERS = (
    "adam|adamw|nadam|nadamw|radam|adamax|adagrad|adadelta|adafactor|adam8bit|adamw8bit|sgd|asgd|rmsprop|rprop|lion"
    "|lamb|lars|muon|lbfgs|sparseadam|optimizer|default"
)
NOT_A_PART = (
    "best|last|min|max|ema|std|var|delta|scaled|old|prev|previous|initial|final|lowest|l2|kl|aux|auxiliary|reg"
    "|regularization|penalty|weight_decay|grad"
)
"""First words of a "..._loss" that is no loss to be judged: a statistic of a loss, or a penalty."""

LOSSES = (
    Pattern("loss|objective|cost", "loss", 0, ("loss", "objective")),
    Pattern("total_loss|loss_total|full_loss|loss_mean|loss_avg", "loss", 1, ("total_loss",)),
    Pattern(
        f"(?:{CRITERIA})_loss|loss_(?:{CRITERIA})|cross_?entropy|nll|bce|log_?loss|elbo",
        "loss",
        2,
        ("ce_loss", "cross_entropy", "nll", "logloss"),
    ),
    Pattern(rf"(?!(?:{NOT_A_PART})_)\w+?_loss", "part", 3, ("box_loss", "cls_loss")),
)
ACCURACIES = (
    Pattern(f"{ACC}", "accuracy", 0, ("accuracy", "acc")),
    Pattern(
        f"(?:sparse_)?categorical_{ACC}|(?:binary|multiclass|multilabel)_{ACC}",
        "accuracy",
        1,
        ("categorical_accuracy", "sparse_categorical_accuracy", "binary_accuracy"),
    ),
    Pattern(f"top_?1(?:_{ACC})?|{ACC}_?(?:at_)?(?:top_?)?1|prec_?(?:at_)?1", "accuracy", 2, ("top1", "Acc@1")),
    Pattern(f"(?:cls|class|token|node|pixel|micro)_{ACC}|{ACC}_score", "accuracy", 3, ("cls_acc", "accuracy_score")),
)
SCORES = (
    Pattern(f"(?:balanced|macro)_{ACC}", "score", 0, ("balanced_accuracy",), True),
    Pattern(
        r"(?:macro_|micro_|weighted_)?f1(?:_?score)?(?:_macro|_micro|_weighted)?|f_?beta", "score", 1, ("f1",), True
    ),
    Pattern(
        r"(?:roc_)?auc(?:_roc|_\d+)?|auroc|auprc|pr_auc|average_precision|ap_?\d*", "score", 1, ("auc", "ap"), True
    ),
    Pattern(
        r"(?:(?:coco|bbox|segm|mask|keypoints?)_)*m_?ap(?:_?50|_?75|_0_5|_[sml])?(?:_(?:50_|0_)?95)?(?:_[bmp])?",
        "score",
        1,
        ("mAP50", "coco/bbox_mAP_50"),
        True,
    ),
    Pattern(
        "(?:m_?|mean_)?iou(?:_score)?|jaccard(?:_index)?|dice(?:_coef(?:ficient)?|_score)?",
        "score",
        1,
        ("iou", "dice"),
        True,
    ),
    Pattern(
        r"r2(?:_score)?|r_2|mcc|matthews_correlation|kappa|cohen_kappa|pearson\w*|spearman\w*",
        "score",
        1,
        ("r2", "mcc", "kappa"),
        True,
    ),
    Pattern(
        r"bleu\w*|rouge\w*|meteor|exact_match|em|psnr|ssim|ndcg\w*|mrr|hit_?rate\w*",
        "score",
        2,
        ("bleu", "rougeL", "psnr", "ndcg"),
        True,
    ),
    Pattern(
        r"(?:precision|recall|sensitivity|specificity)(?:_\d+)?(?:_[bmp])?", "score", 3, ("precision", "recall"), True
    ),
    Pattern(rf"top_?5(?:_{ACC})?|{ACC}_?(?:at_)?(?:top_?)?5|top_k_\w*accuracy", "score", 3, ("top5",), True),
    Pattern(
        "mae|mean_absolute_error|mse|mean_squared_error|rmse|root_mean_squared_error|msle",
        "score",
        2,
        ("mae", "mse", "rmse"),
        False,
    ),
    Pattern("mape|smape|mean_absolute_percentage_error|huber|max_error", "score", 3, ("mape",), False),
    Pattern(
        "ppl|perplexity|bpc|bits_per_(?:char|byte|dim)|wer|cer|fid|brier(?:_score)?|ece",
        "score",
        2,
        ("perplexity", "wer", "fid"),
        False,
    ),
    Pattern("error(?:_rate)?|err|top_?1_err(?:or)?|classification_error|merror", "score", 2, ("error_rate",), False),
)
OTHERS = (
    Pattern(
        "(?:current_|optimizer_|x_)?(?:lr|learning_rate)_?0?"
        rf"(?:_(?:{OPTIMIZERS}))*(?:_(?:pg|group)_?\d+|_\d+)?",
        "lr",
        0,
        ("lr", "learning_rate", "lr-Adam/pg1", "lr/pg0"),
    ),
    Pattern(
        r"(?:total_|global_)?grad(?:ient)?s?_?(?:l2_|2_0_|2_)?norm(?:_total|_l2|_before_clip\w*|_pre_clip\w*)?",
        "gradient_norm",
        0,
        ("grad_norm", "gradient_norm", "grad_2.0_norm_total"),
    ),
    Pattern("g_?norm|norm_grads?", "gradient_norm", 1, ("gnorm",)),
)

PATTERNS: tuple[Pattern, ...] = (*LOSSES, *ACCURACIES, *SCORES, *OTHERS)
"""All known names; the first row that matches the whole name holds."""
