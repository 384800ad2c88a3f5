"""Studies with pruning that is not possible."""

from __future__ import annotations

from tests.study.texts import Bad, added, bad, changed, claim, one_claim, training


def pruning(settings: str, at: str, key: str, code: str, *names: str) -> Bad:
    """Return a study with these settings of pruning, and its error at the text `at`."""
    text = f"{{pruning: {{{settings}}}}}"
    return bad(f"pruning {settings}", training(text), f"5:{11 + text.index(at)}: training.pruning{key}", code, *names)


BAD_PRUNING = (
    pruning("sparsity: 0, rounds: 2", "0,", ".sparsity", "out-of-range", "0"),
    pruning("sparsity: 1, rounds: 2", "1,", ".sparsity", "out-of-range", "1"),
    pruning("sparsity: -0.5, rounds: 2", "-0.5", ".sparsity", "out-of-range", "0"),
    pruning("sparsity: high, rounds: 2", "high", ".sparsity", "wrong-type"),
    pruning("sparsity: 0.5, rounds: 0", "0}", ".rounds", "out-of-range", "1"),
    pruning("sparsity: 0.5, rounds: 1.5", "1.5", ".rounds", "wrong-type"),
    pruning("sparsity: 0.5, rounds: 101", "101", ".rounds", "out-of-range", "100"),
    pruning("sparsity: 0.5", "{sparsity", "", "missing-key", "rounds"),
    pruning("sparsity: 0.5, rounds: 2, weights: lucky", "lucky", ".weights", "unknown-value", "winning"),
    pruning("sparsity: 0.5, rounds: 2, rewind: 5", "5}", ".rewind", "out-of-range", "4"),
    pruning("sparsity: 0.5, rounds: 2, weights: random, rewind: 1", "1}", ".rewind", "conflicting-settings", "winning"),
    pruning("sparsity: 0.5, rounds: 2, output_rate: 1.5", "1.5", ".output_rate", "out-of-range", "1"),
    pruning("sparsity: 0.5, rounds: 2, rewinds: 3", "rewinds", ".rewinds", "unknown-key", "rewind"),
    bad("pruning true", training("{pruning: true}"), "5:21: training.pruning", "wrong-type", "sparsity: 0.8"),
    bad(
        "pruning without training",
        training("{epochs: 0, pruning: {sparsity: 0.5, rounds: 2}}"),
        "5:32: training.pruning",
        "out-of-range",
        "training.epochs",
    ),
    bad(
        "pruning without a hidden layer",
        changed(4, "network: {hidden: []}", "training: {pruning: {sparsity: 0.5, rounds: 2}}"),
        "5:21: training.pruning",
        "inapplicable-key",
        "hidden",
    ),
    bad(
        "round without pruning",
        claim(measure="{metric: round_val_loss}"),
        "5:45: claims[0].measure.metric",
        "not-measured",
    ),
    bad(
        "round of a score",
        claim(measure="{metric: val_loss, round: 1}"),
        "5:55: claims[0].measure.round",
        "inapplicable-key",
    ),
    bad(
        "round after the last",
        added(
            "training: {pruning: {sparsity: 0.5, rounds: 2}}\n"
            + one_claim("{metric: round_val_loss, round: 3}", "{}", "{below: 1}")
        ),
        "6:68: claims[0].measure.round",
        "out-of-range",
        "2",
    ),
)
