"""Studies in which a known key stands where it does not belong."""

from __future__ import annotations

from tests.study.texts import added, bad, data, network, training

BAD_PLACES = (
    bad("epochs at the top", added("epochs: 3"), "5:1: epochs", "misplaced-key", "training.epochs"),
    bad("epoch at the top", added("epoch: 3"), "5:1: epoch", "unknown-key", "training.epochs"),
    bad("hidden at the top", added("hidden: [3]"), "5:1: hidden", "misplaced-key", "network.hidden"),
    bad("augment at the top", added("augment: {noise: 1}"), "5:1: augment", "misplaced-key", "training.augment"),
    bad("bias in training", training("{bias: 1}"), "5:12: training.bias", "misplaced-key", "network.bias"),
    bad("lr in network", network("{hidden: [5], lr: 1}"), "4:24: network.lr", "misplaced-key", "training.lr"),
    bad("rate in data", data("{name: moons, epochs: 1}"), "3:21: data.epochs", "misplaced-key", "training.epochs"),
    bad("seeds in training", training("{seeds: 3}"), "5:12: training.seeds", "misplaced-key", "seeds"),
    bad(
        "momentum beside the optimizer",
        training("{momentum: 0.9}"),
        "5:12: training.momentum",
        "misplaced-key",
        "training.optimizer.momentum",
    ),
    bad(
        "momentum at the top",
        added("momentum: 0.9"),
        "5:1: momentum",
        "misplaced-key",
        "network.batchnorm.momentum",
        "training.optimizer.momentum",
    ),
    bad("seed at the top", added("seed: 3"), "5:1: seed", "unknown-key", "seeds"),
    bad(
        "metric beside measure",
        added("claims: [{id: a, says: S, metric: val_loss, expect: {below: 1}}]"),
        "5:27: claims[0].metric",
        "misplaced-key",
        "claims.measure.metric",
    ),
    bad(
        "known and wrong",
        training("{optimizer: {name: sgd, rho: 1}}"),
        "5:35: training.optimizer.rho",
        "unknown-key",
        "momentum",
    ),
    bad("vary lr", added("vary: {lr: [0.1, 1]}"), "5:8: vary.lr", "unknown-setting", "training.lr"),
    bad(
        "variants epochs",
        added("variants: {a: {epochs: 1}}"),
        "5:16: variants.a.epochs",
        "unknown-setting",
        "training.epochs",
    ),
    bad("search lr", added("search: {lr: {uniform: [0, 1]}}"), "5:10: search.lr", "unknown-setting", "training.lr"),
    bad(
        "where lr",
        added("claims: [{id: a, says: S, measure: {metric: lr}, where: {lr: 1}, expect: {below: 1}}]"),
        "5:58: claims[0].where.lr",
        "unknown-setting",
        "training.lr",
    ),
)
