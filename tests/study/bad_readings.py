"""Studies with a claim whose values cannot be read as it says."""

from __future__ import annotations

from tests.study.texts import added, bad

VARY = "vary: {network.activation: [relu, tanh], training.lr: [0.1, 0.2]}\n"
TIME = "metric: epochs_to, score: val_loss, level: 1"


def reading(measure: str = "metric: val_loss", rest: str = "expect: {below: 1}", vary: str = VARY) -> str:
    """Return a study with a claim, on the line after what varies."""
    return added(f"{vary}claims: [{{id: a, says: S, measure: {{{measure}}}, {rest}}}]")


BAD_READINGS = (
    bad(
        "time without a level",
        reading("metric: epochs_to, score: val_loss"),
        "6:36: claims[0].measure",
        "epochs_to needs a level",
        "such as score: train_accuracy, level: 0.9",
    ),
    bad(
        "time without a score",
        reading("metric: steps_to, level: 1"),
        "6:36: claims[0].measure",
        "steps_to needs a score",
    ),
    bad(
        "level of a score",
        reading("metric: val_loss, level: 1"),
        "6:55: claims[0].measure.level",
        "val_loss has no level",
        "leave level out",
    ),
    bad(
        "share of the first accuracy",
        reading("metric: epochs_to, score: val_accuracy, level: 0.9, of_first: true"),
        "6:99: claims[0].measure.of_first",
        "of_first goes with a loss",
    ),
    bad(
        "accuracy beyond 1",
        reading("metric: epochs_to, score: val_accuracy, level: 90"),
        "6:84: claims[0].measure.level",
        "no accuracy is 90",
    ),
    bad(
        "time without training",
        f"{reading(TIME)}training: {{epochs: 0}}\n",
        "6:45: claims[0].measure.metric",
        "nothing is trained",
    ),
    bad(
        "theory after training",
        reading("metric: activation_std", "expect: {near: theory}"),
        "6:36: claims[0].measure",
        "theory speaks of initialization",
        "step: 0",
    ),
    bad(
        "theory of the final loss",
        reading(rest="expect: {near: theory}"),
        "6:36: claims[0].measure",
        "theory speaks of initialization",
        "epoch: 0",
    ),
    bad(
        "theory of another metric",
        reading("metric: weight_std, step: 0", "expect: {near: theory}"),
        "6:82: claims[0].expect.near",
        "theory does not speak of weight_std",
    ),
    bad(
        "theory of a ratio",
        reading("metric: val_loss, epoch: 0, relative_to: {network.activation: relu}", "expect: {near: theory}"),
        "6:65: claims[0].measure.relative_to",
        "theory speaks of values, not of ratios",
    ),
    bad(
        "ratio to itself",
        reading("metric: val_loss, relative_to: {}"),
        "6:68: claims[0].measure.relative_to",
        "both sides are the same variants",
    ),
    bad(
        "ratio of shares compared",
        reading(
            "metric: val_accuracy, relative_to: {network.activation: relu}",
            "where: {network.activation: tanh}, expect: {greater_than: {training.lr: 0.1}}",
        ),
        "6:59: claims[0].measure.relative_to",
        "a ratio of val_accuracy is not compared with another such ratio",
    ),
    bad(
        "tuned along nothing",
        reading(rest="tune: {along: training.momentum}, expect: {below: 1}"),
        "6:70: claims[0].tune.along",
        "'training.momentum' does not vary",
    ),
    bad(
        "tuned along what is fixed",
        reading(rest="where: {training.lr: 0.1}, tune: {along: training.lr}, expect: {below: 1}"),
        "6:97: claims[0].tune.along",
        "the claim's variants share one training.lr",
        "leave training.lr out of where",
    ),
    bad(
        "tuned to no purpose",
        reading("metric: weight_norm", "tune: {along: training.lr}, expect: {below: 1}"),
        "6:65: claims[0].tune",
        "whether more or less of weight_norm is better is not known",
        "by: val_loss",
    ),
    bad(
        "tuned twice",
        reading(rest="tune: {along: training.lr}, expect: {monotone: increasing, along: training.lr}"),
        "6:70: claims[0].tune.along",
        "the claim goes along training.lr already",
    ),
    bad(
        "each of a course",
        reading(rest="holds_for: all, expect: {monotone: increasing, along: training.lr}"),
        "6:67: claims[0].holds_for",
        "takes one number a variant, not a course",
    ),
    bad(
        "each layer of each",
        reading("metric: activation_std, step: 0", "holds_for: all, expect: {near: theory}"),
        "6:71: claims[0].holds_for",
        "holds_for takes one number, not one by layer",
        "set measure.reduce",
    ),
    bad(
        "each without a counterpart",
        reading(
            rest="where: {network.activation: relu}, holds_for: any, expect: {less_than: {network.activation: tanh}}",
            vary="variants: {a: {network.activation: relu, training.lr: 0.1}, "
            "b: {network.activation: relu, training.lr: 0.2}, c: {network.activation: tanh, training.lr: 0.1}}\n",
        ),
        "6:127: claims[0].expect.less_than",
        "the variant 'b' has no counterpart there",
    ),
    bad(
        "cost without a hidden layer",
        "title: T\nquestion: Q\ndata: {name: gaussian, samples: 40, features: 4, classes: 2}\nnetwork: {hidden: []}\n"
        "claims: [{id: a, says: S, measure: {metric: activation_ns}, expect: {below: 1}}]\n",
        "5:45: claims[0].measure.metric",
        "activation_ns needs a hidden layer",
    ),
    bad(
        "epoch of a check",
        reading("metric: gradient_error, epoch: 1"),
        "6:61: claims[0].measure.epoch",
        "gradient_error has no epoch",
    ),
    bad(
        "step of a check",
        reading("metric: gradient_error, layer: 1, step: 0"),
        "6:71: claims[0].measure.step",
        "gradient_error has no step",
    ),
    bad(
        "layer of a check",
        reading("metric: gradient_error, layer: 9"),
        "6:68: claims[0].measure.layer",
        "there is no layer 9",
    ),
    bad(
        "variance kept by nothing",
        reading("metric: variance_kept"),
        "6:45: claims[0].measure.metric",
        "variance_kept needs the step pca",
    ),
    *(
        bad(
            f"lecture {number}",
            added(f"claims: [{{id: a, says: S, lecture: {number}, measure: {{metric: lr}}, expect: {{below: 1}}}}]"),
            "5:36: claims[0].lecture",
            f"the lectures have no claim {number} (1 to 50",
            "reportgen list claims",
        )
        for number in (0, -1, 51, 99)
    ),
)
