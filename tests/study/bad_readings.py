"""Studies with a claim whose values cannot be read as it says."""

from __future__ import annotations

from tests.study.texts import added, bad, changed, claim, one_claim

VARY = "vary: {network.activation: [relu, tanh], training.lr: [0.1, 0.2]}\n"
TIME = "metric: epochs_to, score: val_loss, level: 1"


def reading(measure: str = "metric: val_loss", rest: str = "expect: {below: 1}", vary: str = VARY) -> str:
    """Return a study with a claim on the line after `vary`."""
    return added(f"{vary}claims: [{{id: a, says: S, measure: {{{measure}}}, {rest}}}]")


BAD_READINGS = (
    bad(
        "layers without branches",
        changed(
            4,
            "network: {layers: [{dense: 4}, {residual: {layers: [{dense: 4}, {dense: 4}]}}]}",
            one_claim("{metric: branch_ratio, step: 0}", "{}", "{below: 1}"),
        ),
        "5:45: claims[0].measure.metric",
        "not-measured",
        "layer: 3",
    ),
    bad(
        "layers without batch normalization",
        changed(
            4,
            "network: {hidden: [5, 5, 5], batchnorm: [true, false, true]}",
            one_claim("{metric: bn_gamma_mean, layer: hidden}", "{}", "{below: 1}"),
        ),
        "5:67: claims[0].measure.layer",
        "not-measured",
        "layer: [1, 3]",
    ),
    bad(
        "layers that do not saturate",
        changed(
            4,
            "network: {hidden: [5, 5], activation: [tanh, relu]}",
            one_claim("{metric: saturated_fraction}", "{}", "{below: 1}"),
        ),
        "5:45: claims[0].measure.metric",
        "not-measured",
        "layer: 1",
    ),
    bad(
        "dead outputs",
        claim(measure="{metric: dead_fraction, layer: output}"),
        "5:67: claims[0].measure.layer",
        "not-measured",
        "layer: [1, 2]",
    ),
    bad(
        "time without a level",
        reading("metric: epochs_to, score: val_loss"),
        "6:36: claims[0].measure",
        "missing-key",
        "level",
    ),
    bad(
        "time without a score", reading("metric: steps_to, level: 1"), "6:36: claims[0].measure", "missing-key", "score"
    ),
    bad("level of a score", reading("metric: val_loss, level: 1"), "6:55: claims[0].measure.level", "inapplicable-key"),
    bad(
        "share of the first accuracy",
        reading("metric: epochs_to, score: val_accuracy, level: 0.9, of_first: true"),
        "6:99: claims[0].measure.of_first",
        "inapplicable-key",
        "level",
    ),
    bad(
        "accuracy beyond 1",
        reading("metric: epochs_to, score: val_accuracy, level: 90"),
        "6:84: claims[0].measure.level",
        "out-of-range",
        "0.95",
    ),
    bad(
        "time without training",
        f"{reading(TIME)}training: {{epochs: 0}}\n",
        "6:45: claims[0].measure.metric",
        "not-measured",
        "training.epochs",
    ),
    bad(
        "theory after training",
        reading("metric: activation_std", "expect: {near: theory}"),
        "6:36: claims[0].measure",
        "no-theory",
        "step",
    ),
    bad(
        "theory of the final loss",
        reading(rest="expect: {near: theory}"),
        "6:36: claims[0].measure",
        "no-theory",
        "epoch",
    ),
    bad(
        "theory of another metric",
        reading("metric: weight_std, step: 0", "expect: {near: theory}"),
        "6:82: claims[0].expect.near",
        "no-theory",
        "activation_std",
    ),
    bad(
        "theory of a ratio",
        reading("metric: val_loss, epoch: 0, relative_to: {network.activation: relu}", "expect: {near: theory}"),
        "6:65: claims[0].measure.relative_to",
        "no-theory",
    ),
    bad(
        "ratio to itself",
        reading("metric: val_loss, relative_to: {}"),
        "6:68: claims[0].measure.relative_to",
        "claim-without-effect",
    ),
    bad(
        "ratio of shares compared",
        reading(
            "metric: val_accuracy, relative_to: {network.activation: relu}",
            "where: {network.activation: tanh}, expect: {greater_than: {training.lr: 0.1}}",
        ),
        "6:59: claims[0].measure.relative_to",
        "not-comparable",
        "val_accuracy",
    ),
    bad(
        "tuned along nothing",
        reading(rest="tune: {along: training.momentum}, expect: {below: 1}"),
        "6:70: claims[0].tune.along",
        "unknown-setting",
        "training.lr",
    ),
    bad(
        "tuned along what is fixed",
        reading(rest="where: {training.lr: 0.1}, tune: {along: training.lr}, expect: {below: 1}"),
        "6:97: claims[0].tune.along",
        "claim-without-effect",
        "training.lr",
    ),
    bad(
        "tuned to no purpose",
        reading("metric: weight_norm", "tune: {along: training.lr}, expect: {below: 1}"),
        "6:65: claims[0].tune",
        "unclear-goal",
        "val_loss",
    ),
    bad(
        "tuned twice",
        reading(rest="tune: {along: training.lr}, expect: {monotone: increasing, along: training.lr}"),
        "6:70: claims[0].tune.along",
        "conflicting-settings",
        "training.lr",
    ),
    bad(
        "each of a course",
        reading(rest="holds_for: all, expect: {monotone: increasing, along: training.lr}"),
        "6:67: claims[0].holds_for",
        "not-comparable",
    ),
    bad(
        "each layer of each",
        reading("metric: activation_std, step: 0", "holds_for: all, expect: {near: theory}"),
        "6:71: claims[0].holds_for",
        "not-comparable",
        "measure.reduce",
    ),
    bad(
        "each without a counterpart",
        reading(
            rest="where: {network.activation: relu}, holds_for: any, expect: {less_than: {network.activation: tanh}}",
            vary="variants: {a: {network.activation: relu, training.lr: 0.1}, "
            "b: {network.activation: relu, training.lr: 0.2}, c: {network.activation: tanh, training.lr: 0.1}}\n",
        ),
        "6:127: claims[0].expect.less_than",
        "missing-counterpart",
        "b",
    ),
    bad(
        "cost without a hidden layer",
        "title: T\nquestion: Q\ndata: {name: gaussian, samples: 40, features: 4, classes: 2}\nnetwork: {hidden: []}\n"
        "claims: [{id: a, says: S, measure: {metric: activation_ns}, expect: {below: 1}}]\n",
        "5:45: claims[0].measure.metric",
        "not-measured",
        "network.hidden",
    ),
    bad(
        "epoch of a check",
        reading("metric: gradient_error, epoch: 1"),
        "6:61: claims[0].measure.epoch",
        "inapplicable-key",
    ),
    bad(
        "step of a check",
        reading("metric: gradient_error, layer: 1, step: 0"),
        "6:71: claims[0].measure.step",
        "inapplicable-key",
    ),
    bad(
        "layer of a check",
        reading("metric: gradient_error, layer: 9"),
        "6:68: claims[0].measure.layer",
        "out-of-range",
        "1",
        "3",
    ),
    bad(
        "variance kept by nothing",
        reading("metric: variance_kept"),
        "6:45: claims[0].measure.metric",
        "not-measured",
        "pca",
    ),
    *(
        bad(
            f"lecture {number}",
            added(f"claims: [{{id: a, says: S, lecture: {number}, measure: {{metric: lr}}, expect: {{below: 1}}}}]"),
            "5:36: claims[0].lecture",
            "out-of-range",
            "50",
        )
        for number in (0, -1, 51, 99)
    ),
)
