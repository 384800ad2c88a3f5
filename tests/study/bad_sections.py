"""Studies with something wrong at the top, in preprocessing, probes, figures or remedies."""

from __future__ import annotations

from tests.study.texts import added, bad, changed

BAD_SECTIONS = (
    bad("unknown key at the top", added("trainning: {lr: 1}"), "5:1: trainning", "unknown-key", "training"),
    bad("unknown key in probes", added("probes: {loks: 3}"), "5:10: probes.loks", "unknown-key", "looks"),
    bad("probes of a boundary", added("probes: {boundary: true}"), "5:10: probes.boundary", "inapplicable-key", "2"),
    bad("probes of images", added("probes: {weights: true}"), "5:10: probes.weights", "inapplicable-key"),
    bad(
        "probes of a path without training",
        added("probes: {unit_path: 5}\ntraining: {epochs: 0}"),
        "5:10: probes.unit_path",
        "inapplicable-key",
        "training.epochs",
    ),
    bad("unknown key in remedies", added("remedies: {limits: 3}"), "5:12: remedies.limits", "unknown-key", "limit"),
    bad("check with parameters", added("sanity: [{name: x}]"), "5:10: sanity[0]", "unknown-name", "initial_loss"),
    bad("missing title", changed(1, "closing: C"), "1:1", "missing-key", "title"),
    bad("missing network", changed(4, "closing: C"), "1:1", "missing-key", "network"),
    bad("language unknown", added("lang: fr"), "5:7: lang", "unknown-value", "de"),
    bad("language no text", added("lang: 3"), "5:7: lang", "unknown-value", "de"),
    bad("title number", changed(1, "title: 3"), "1:8: title", "wrong-type"),
    bad("title null", changed(1, "title:"), "1:7: title", "wrong-type"),
    bad("title empty", changed(1, "title: ''"), "1:8: title", "empty-value"),
    bad("title too long", changed(1, "title: " + "x" * 400), "1:8: title", "too-long", "300"),
    bad(
        "unknown step", added("preprocess: [center, standardise]"), "5:22: preprocess[1]", "unknown-name", "standardize"
    ),
    bad(
        "step in step fn",
        added("preprocess: [{name: pca, components: 0}]"),
        "5:38: preprocess[0].components",
        "out-of-range",
        "1",
    ),
    bad(
        "per unknown",
        added("preprocess: [{name: center, per: pixel}]"),
        "5:34: preprocess[0].per",
        "unknown-value",
        "feature",
    ),
    bad(
        "figures unknown",
        added("figures: [loss_curves, los_curves]"),
        "5:24: figures[1]",
        "unknown-name",
        "loss_curves",
    ),
    bad("figures word", added("figures: loss_curves"), "5:10: figures", "wrong-type"),
    bad("figures number", added("figures: [3]"), "5:11: figures[0]", "wrong-type"),
    bad(
        "figures twice",
        added("figures: [loss_curves, loss_curves]"),
        "5:24: figures[1]",
        "duplicate-value",
        "loss_curves",
    ),
    bad("remedies -1", added("remedies: {limit: -1}"), "5:19: remedies.limit", "out-of-range", "0"),
    bad("remedies word", added("remedies: few"), "5:11: remedies", "wrong-type"),
    bad("remedies number", added("remedies: 3"), "5:11: remedies", "wrong-type"),
    bad("probes -1", added("probes: {looks: -1}"), "5:17: probes.looks", "out-of-range", "0"),
    bad("probes examples 0", added("probes: {examples: 0}"), "5:20: probes.examples", "out-of-range", "1"),
    bad(
        "preprocess unknown param",
        added("preprocess: [{name: scale, bye: 2}]"),
        "5:28: preprocess[0].bye",
        "unknown-key",
        "by",
    ),
    bad("preprocess scale no by", added("preprocess: [scale]"), "5:14: preprocess[0]", "missing-key", "by"),
    bad("preprocess number", added("preprocess: 3"), "5:13: preprocess", "wrong-type"),
    bad("introduction list", added("introduction: [a]"), "5:15: introduction", "wrong-type"),
    bad(
        "pca components text",
        added("preprocess: [{name: pca, components: x}]"),
        "5:38: preprocess[0].components",
        "wrong-type",
    ),
    bad(
        "pca both",
        added("preprocess: [{name: pca, components: 2, variance: 0.9}]"),
        "5:13: preprocess",
        "conflicting-settings",
    ),
    bad("number key", added("3: 4"), "5:1: [3]", "unknown-key", "data"),
    bad(
        "pca beyond the features",
        added("preprocess: [{name: pca, components: 9}]"),
        "5:13: preprocess",
        "out-of-range",
        "4",
    ),
    bad(
        "evaluation", added("evaluation: {polyak: {begin: 1}}"), "5:23: evaluation.polyak.begin", "unknown-key", "start"
    ),
)
