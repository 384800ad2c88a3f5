"""Studies with something wrong at the top, in preprocessing, probes, figures or remedies."""

from __future__ import annotations

from tests.study.texts import added, bad, changed

BAD_SECTIONS = (
    bad(
        "unknown key at the top",
        added("trainning: {lr: 1}"),
        "5:1: trainning",
        "unknown key 'trainning'",
        "did you mean 'training'?",
    ),
    bad(
        "unknown key in probes",
        added("probes: {loks: 3}"),
        "5:10: probes.loks",
        "unknown key 'loks'",
        "did you mean 'looks'?",
    ),
    bad(
        "unknown key in remedies",
        added("remedies: {limits: 3}"),
        "5:12: remedies.limits",
        "unknown key 'limits'",
        "did you mean 'limit'?",
    ),
    bad("missing title", changed(1, "closing: C"), "1:1", "title is missing", "add title: ..."),
    bad("missing network", changed(4, "closing: C"), "1:1", "network is missing", "add network: ..."),
    bad("title number", changed(1, "title: 3"), "1:8: title", "expected a text, found 3"),
    bad("title null", changed(1, "title:"), "1:7: title", "expected a text, found null"),
    bad("title empty", changed(1, "title: ''"), "1:8: title", "the text is empty", "at least one word"),
    bad(
        "title too long",
        changed(1, "title: " + "x" * 400),
        "1:8: title",
        "the text is too long (400 characters)",
        "at most 300",
    ),
    bad(
        "unknown step",
        added("preprocess: [center, standardise]"),
        "5:22: preprocess[1]",
        "unknown preprocessing step 'standardise'",
        "did you mean 'standardize'?",
    ),
    bad(
        "step in step fn",
        added("preprocess: [{name: pca, components: 0}]"),
        "5:38: preprocess[0].components",
        "expected a number of at least 1, found 0",
    ),
    bad(
        "per unknown",
        added("preprocess: [{name: center, per: pixel}]"),
        "5:34: preprocess[0].per",
        "unknown per 'pixel'",
        "one of feature",
    ),
    bad(
        "figures unknown",
        added("figures: [loss_curves, los_curves]"),
        "5:24: figures[1]",
        "unknown figure 'los_curves'",
        "did you mean 'loss_curves'?",
    ),
    bad("figures word", added("figures: loss_curves"), "5:10: figures", "expected a list, found 'loss_curves'"),
    bad("figures number", added("figures: [3]"), "5:11: figures[0]", "expected a text, found 3"),
    bad(
        "figures twice",
        added("figures: [loss_curves, loss_curves]"),
        "5:24: figures[1]",
        "the figure 'loss_curves' stands here a second time",
        "each figure once",
    ),
    bad(
        "remedies -1",
        added("remedies: {limit: -1}"),
        "5:19: remedies.limit",
        "-1 is not possible",
        "a number of at least 0",
    ),
    bad("remedies word", added("remedies: few"), "5:11: remedies", "expected a mapping (key: value), found 'few'"),
    bad("remedies number", added("remedies: 3"), "5:11: remedies", "expected a mapping (key: value), found 3"),
    bad(
        "probes -1", added("probes: {looks: -1}"), "5:17: probes.looks", "-1 is not possible", "a number of at least 0"
    ),
    bad(
        "probes examples 0",
        added("probes: {examples: 0}"),
        "5:20: probes.examples",
        "0 is not possible",
        "a number of at least 1",
    ),
    bad(
        "preprocess unknown param",
        added("preprocess: [{name: scale, bye: 2}]"),
        "5:28: preprocess[0].bye",
        "scale has no parameter 'bye'",
        "did you mean 'by'?",
    ),
    bad(
        "preprocess scale no by", added("preprocess: [scale]"), "5:14: preprocess[0]", "scale needs by", "the factor c"
    ),
    bad(
        "preprocess number",
        added("preprocess: 3"),
        "5:13: preprocess",
        "expected the name of a preprocessing step, found 3",
        "a name, or {name: ..., parameter: ...}",
    ),
    bad("introduction list", added("introduction: [a]"), "5:15: introduction", "expected a text, found [a]"),
    bad(
        "pca components text",
        added("preprocess: [{name: pca, components: x}]"),
        "5:38: preprocess[0].components",
        "expected a whole number, found 'x'",
    ),
    bad(
        "pca both",
        added("preprocess: [{name: pca, components: 2, variance: 0.9}]"),
        "5:13: preprocess",
        "pca takes components or variance, not both",
    ),
    bad("number key", added("3: 4"), "5:1: [3]", "unknown key 3", "one of data"),
    bad(
        "pca beyond the features",
        added("preprocess: [{name: pca, components: 9}]"),
        "5:13: preprocess",
        "pca cannot give 9 components",
        "the data have at most 4",
    ),
    bad(
        "evaluation",
        added("evaluation: {polyak: {begin: 1}}"),
        "5:23: evaluation.polyak.begin",
        "unknown key 'begin'",
        "one of start",
    ),
)
