"""What the names of columns mean, by the table of `patterns`.

A name is divided into words. Words that name a split ("val") or a resolution ("epoch") are set aside; the table is
searched for what remains. A name that no row matches completely has no role, so that "loss_scale" or "val_loss_best"
are never taken for a loss.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from reportgen.external.logs.patterns import PATTERNS, Quantity
from reportgen.runs.training_log import Resolution

Split = Literal["train", "val", "test"]

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

TRANSLATIONS: Mapping[str, str] = {
    **dict.fromkeys(("verlust", "verlustfunktion", "verlustwert", "perdida", "perte"), "loss"),
    **dict.fromkeys(("funcion_de_perdida", "fonction_de_perte"), "loss"),
    "zielfunktion": "objective",
    **dict.fromkeys(("genauigkeit", "trefferquote", "exactitud", "exactitude"), "accuracy"),
    **dict.fromkeys(("trainings", "entrenamiento", "entrainement", "apprentissage"), "train"),
    **dict.fromkeys(("validierung", "validierungs", "validacion"), "val"),
    **dict.fromkeys(("epoche", "epoca", "epoque"), "epoch"),
    **dict.fromkeys(("schritt", "paso", "etape"), "step"),
    **dict.fromkeys(
        ("lernrate", "tasa_de_aprendizaje", "tasa_aprendizaje", "taux_d_apprentissage", "taux_apprentissage"), "lr"
    ),
}
"""German, Spanish and French words of logs without accents, and the words that the table knows."""

FILLERS = ("de", "d", "du", "la", "l", "en", "der", "des")
"""Words between translated words that do not change the meaning."""

_COMPOUND = re.compile(r"(?<![a-z0-9])(trainings|validierungs|test(?=verlust|genauigkeit))(?=[a-z]{3})")
"""First part of a German compound, such as "Trainingsverlust", that names the split."""

_FOREIGN = re.compile(rf"(?<![a-z0-9])(?:{'|'.join(sorted(TRANSLATIONS, key=len, reverse=True))})(?![a-z0-9])")

NEUTRAL = ("metrics", "metric", "scalars", "scalar", "logs", "log", "mean", "avg", "average", "overall", "model")
"""Words at the beginning of a name that do not change its meaning."""

STEPS = (
    *("trainer_global_step", "train_global_step", "global_step", "step", "steps", "train_step"),
    *("time_total_timesteps", "total_timesteps", "timesteps", "num_timesteps", "total_steps", "num_updates"),
    *("iteration", "iterations", "iter", "iters", "n_iter", "num_iter", "it", "time_iterations", "update", "batch"),
)
EPOCHS = ("epoch", "epochs", "train_epoch", "ep", "epoche", "n_epoch", "epoch_number", "epoch_idx", "current_epoch")
BATCHES = ("batch", "batch_idx", "batch_index", "iter", "iteration", "step")
"""Names of columns of positions, the preferred first; a column of BATCHES may begin again in each epoch."""

METRICS = ("metric", "metric_name", "key", "tag", "name", "variable", "series", "scalar", "quantity", "measure")
VALUES = ("value", "metric_value", "val", "scalar_value", "values")
"""Names of columns of metrics and of values where each row has one value, in lower case and joined by "_"."""


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
    """Return the words of a name in lower case and in English; an upper-case letter begins a word in "valLoss"."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name.strip()[:200]) if not unicodedata.combining(c))
    parted = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", "_", plain)
    words = _COMPOUND.sub(r"\1_", re.sub(r"[^a-z0-9]+", "_", parted.lower()).strip("_"))
    translated = _FOREIGN.sub(lambda found: TRANSLATIONS[found[0]], words)
    if translated == words:
        return words.split("_")
    return [word for word in translated.split("_") if word not in FILLERS]


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
