"""Studies with a claim on something that cannot be measured."""

from __future__ import annotations

from tests.study.texts import added, bad, changed, claim, one_claim

REST = "measure: {metric: val_loss}, expect: {below: 1}"

BAD_MEASURES = (
    bad(
        "unknown key in claim",
        added("claims: [{id: a, says: S, measur: {metric: val_loss}, expect: {below: 1}}]"),
        "5:27: claims[0].measur",
        "unknown-key",
        "measure",
    ),
    bad(
        "unknown metric",
        claim(measure="{metric: activation_sdt}"),
        "5:45: claims[0].measure.metric",
        "unknown-name",
        "activation_std",
    ),
    bad("metric list", claim(measure="{metric: [a]}"), "5:45: claims[0].measure.metric", "wrong-type"),
    bad("metric missing", claim(measure="{layer: 1}"), "5:36: claims[0].measure", "missing-key", "metric"),
    bad(
        "where unknown variant",
        added(
            "variants: {slow steps: {id: slow, training.lr: 0.1}, 'fast, 2': {id: fast, training.lr: 1}, '7': {}}\n"
            f"claims: [{{id: a, says: S, where: {{variant: xyz}}, {REST}}}]"
        ),
        "6:44: claims[0].where.variant",
        "unknown-variant",
        "slow, slow steps",
        'fast, "fast, 2"',
        '"7"',
    ),
    bad(
        "where nothing",
        claim(where="{network.activation: tanh}"),
        "5:84: claims[0].where.network.activation",
        "unknown-variant",
        "network.activation",
    ),
    bad(
        "where path",
        claim(where="{network.activaton: tanh}"),
        "5:64: claims[0].where.network.activaton",
        "unknown-setting",
        "network.activation",
    ),
    bad(
        "where variant", claim(where="{variant: none}"), "5:73: claims[0].where.variant", "unknown-variant", "baseline"
    ),
    bad(
        "where vary label",
        added(
            "vary: {network.activation: [relu, tanh]}\n"
            + one_claim("{metric: val_loss}", "{network.activation: tahn}", "{below: 1}")
        ),
        "6:84: claims[0].where.network.activation",
        "unknown-variant",
        "tanh",
    ),
    bad("where list", claim(where="[a]"), "5:63: claims[0].where", "wrong-type"),
    bad(
        "step and epoch",
        claim(measure="{metric: val_loss, step: 0, epoch: 1}"),
        "5:36: claims[0].measure",
        "conflicting-settings",
    ),
    bad(
        "layer 99",
        claim(measure="{metric: activation_std, layer: 99}"),
        "5:68: claims[0].measure.layer",
        "out-of-range",
        "1",
        "3",
    ),
    bad(
        "layer 0",
        claim(measure="{metric: activation_std, layer: 0}"),
        "5:68: claims[0].measure.layer",
        "out-of-range",
        "1",
    ),
    bad(
        "layer word",
        claim(measure="{metric: activation_std, layer: frist}"),
        "5:68: claims[0].measure.layer",
        "unknown-value",
        "first",
    ),
    bad(
        "layer list word",
        claim(measure="{metric: activation_std, layer: [1, b]}"),
        "5:72: claims[0].measure.layer[1]",
        "wrong-type",
    ),
    bad(
        "layer list empty",
        claim(measure="{metric: activation_std, layer: []}"),
        "5:68: claims[0].measure.layer",
        "empty-value",
    ),
    bad(
        "layer true",
        claim(measure="{metric: activation_std, layer: true}"),
        "5:68: claims[0].measure.layer",
        "wrong-type",
    ),
    bad(
        "layer for score",
        claim(measure="{metric: val_loss, layer: 1}"),
        "5:55: claims[0].measure.layer",
        "inapplicable-key",
    ),
    bad(
        "step for score",
        claim(measure="{metric: val_loss, step: 1}"),
        "5:55: claims[0].measure.step",
        "inapplicable-key",
    ),
    bad(
        "epoch for stat",
        claim(measure="{metric: activation_std, epoch: 1}"),
        "5:61: claims[0].measure.epoch",
        "inapplicable-key",
        "step",
    ),
    bad(
        "epoch word",
        claim(measure="{metric: val_loss, epoch: lst}"),
        "5:62: claims[0].measure.epoch",
        "unknown-value",
        "last",
    ),
    bad(
        "epoch -1", claim(measure="{metric: val_loss, epoch: -1}"), "5:62: claims[0].measure.epoch", "out-of-range", "0"
    ),
    bad(
        "epoch beyond",
        claim(measure="{metric: val_loss, epoch: 99}"),
        "5:62: claims[0].measure.epoch",
        "out-of-range",
        "0",
        "5",
    ),
    bad(
        "epoch for diverged",
        claim(measure="{metric: diverged, epoch: 1}"),
        "5:55: claims[0].measure.epoch",
        "inapplicable-key",
    ),
    bad(
        "epoch for test",
        claim(measure="{metric: test_loss, epoch: 1}"),
        "5:45: claims[0].measure.metric",
        "not-measured",
        "data.test",
    ),
    bad(
        "test without test split",
        claim(measure="{metric: test_loss}"),
        "5:45: claims[0].measure.metric",
        "not-measured",
        "data.test",
    ),
    bad(
        "val without val split",
        changed(
            3,
            "data: {name: gaussian, validation: 0}",
            "claims: [{id: a, says: S, measure: {metric: val_loss}, expect: {below: 1}}]",
        ),
        "5:45: claims[0].measure.metric",
        "not-measured",
        "data.validation",
    ),
    bad(
        "bn metric without bn",
        claim(measure="{metric: bn_gamma_mean}"),
        "5:45: claims[0].measure.metric",
        "not-measured",
        "network.batchnorm",
    ),
    bad(
        "step unlooked",
        claim(measure="{metric: activation_std, step: 7}"),
        "5:67: claims[0].measure.step",
        "not-measured",
        "5",
    ),
    bad(
        "step beyond",
        claim(measure="{metric: activation_std, step: 100000}"),
        "5:67: claims[0].measure.step",
        "not-measured",
        "5",
    ),
    bad(
        "step -1",
        claim(measure="{metric: activation_std, step: -1}"),
        "5:67: claims[0].measure.step",
        "out-of-range",
        "0",
    ),
    bad(
        "reduce word",
        claim(measure="{metric: activation_std, reduce: median}"),
        "5:69: claims[0].measure.reduce",
        "unknown-value",
        "mean",
    ),
    bad(
        "reduce for score",
        claim(measure="{metric: val_loss, reduce: mean}"),
        "5:55: claims[0].measure.reduce",
        "inapplicable-key",
    ),
    bad(
        "expect missing",
        added("claims: [{id: a, says: S, measure: {metric: val_loss}}]"),
        "5:10: claims[0]",
        "missing-key",
        "expect",
    ),
    bad("bad id", claim(identity="Bad_Id"), "5:15: claims[0].id", "invalid-id"),
    bad("id number", claim(identity="3"), "5:15: claims[0].id", "wrong-type"),
    bad(
        "id missing",
        added("claims: [{says: S, measure: {metric: val_loss}, expect: {below: 1}}]"),
        "5:10: claims[0]",
        "missing-key",
        "id",
    ),
    bad(
        "source number",
        added("claims: [{id: a, says: S, source: 3, measure: {metric: val_loss}, expect: {below: 1}}]"),
        "5:35: claims[0].source",
        "wrong-type",
    ),
    bad(
        "source list number",
        added("claims: [{id: a, says: S, source: [3], measure: {metric: val_loss}, expect: {below: 1}}]"),
        "5:36: claims[0].source[0]",
        "wrong-type",
    ),
    bad(
        "lecture text",
        added("claims: [{id: a, says: S, lecture: x, measure: {metric: val_loss}, expect: {below: 1}}]"),
        "5:36: claims[0].lecture",
        "wrong-type",
    ),
    bad(
        "required text",
        added("claims: [{id: a, says: S, required: maybe, measure: {metric: val_loss}, expect: {below: 1}}]"),
        "5:37: claims[0].required",
        "wrong-type",
    ),
    bad(
        "required yes",
        added("claims: [{id: a, says: S, required: yes, measure: {metric: val_loss}, expect: {below: 1}}]"),
        "5:37: claims[0].required",
        "wrong-type",
    ),
    bad(
        "lecture string 3",
        added("claims: [{id: a, says: S, lecture: '3', measure: {metric: val_loss}, expect: {below: 1}}]"),
        "5:36: claims[0].lecture",
        "wrong-type",
    ),
    bad("claims mapping", added("claims: {id: a}"), "5:9: claims", "wrong-type"),
    bad("claims null", added("claims:"), "5:8: claims", "wrong-type"),
    bad(
        "epoch 0 of batch_loss",
        claim(measure="{metric: batch_loss, epoch: 0}"),
        "5:64: claims[0].measure.epoch",
        "out-of-range",
        "1",
        "5",
    ),
    bad(
        "metric of an ensemble not asked for",
        claim(measure="{metric: ensemble_val_gain}"),
        "5:45: claims[0].measure.metric",
        "not-measured",
        "ensembles",
    ),
    bad(
        "two claims of one id",
        added(f"{one_claim('{metric: val_loss}', '{}', '{below: 1}')[:-1]}, {{id: a, says: S, {REST}}}]"),
        "5:93: claims[1].id",
        "duplicate-value",
        "a",
    ),
)
