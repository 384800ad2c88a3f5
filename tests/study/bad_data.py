"""Studies with data that cannot be had."""

from __future__ import annotations

from tests.study.texts import added, bad, data

BAD_DATA = (
    bad("unknown data key", data("{name: gaussian, sample: 40}"), "3:24: data.sample", "unknown-key", "data.samples"),
    bad("missing data name", data("{samples: 40}"), "3:7: data", "missing-key", "name", "gaussian"),
    bad("unknown data set", data("digit"), "3:7: data", "unknown-name", "digits"),
    bad("validation 1.0", data("{name: gaussian, validation: 1.0}"), "3:36: data.validation", "out-of-range", "1"),
    bad("validation -", data("{name: gaussian, validation: -0.1}"), "3:36: data.validation", "out-of-range", "0"),
    bad("validation+test", data("{name: gaussian, validation: 0.5, test: 0.5}"), "3:7: data", "impossible-split"),
    bad("samples 0", data("{name: gaussian, samples: 0}"), "3:33: data.samples", "out-of-range", "1"),
    bad("samples text", data("{name: gaussian, samples: many}"), "3:33: data.samples", "wrong-type"),
    bad("features 0", data("{name: gaussian, features: 0}"), "3:34: data.features", "out-of-range", "1"),
    bad(
        "samples digits",
        data("{name: digits, samples: 40}"),
        "3:22: data.samples",
        "fixed-size",
        "1797",
        "data.train",
    ),
    bad("classes moons", data("{name: moons, classes: 4}"), "3:21: data.classes", "fixed-size", "2"),
    bad("keep 2", data("{name: digits, keep: {3: 2}}"), "3:32: data.keep[3]", "out-of-range", "1"),
    bad("keep key", data("{name: digits, keep: {three: 0.5}}"), "3:29: data.keep.three", "wrong-type"),
    bad("keep list", data("{name: digits, keep: [3]}"), "3:28: data.keep", "wrong-type"),
    bad("keep -1", data("{name: digits, keep: {-1: 0.5}}"), "3:29: data.keep[-1]", "out-of-range", "0"),
    bad("keep 10", data("{name: digits, keep: {10: 0.5}}"), "3:29: data.keep[10]", "unknown-class", "0", "9"),
    bad("train 0", data("{name: digits, train: 0}"), "3:29: data.train", "out-of-range", "1"),
    bad("train more", data("{name: digits, train: 5000}"), "3:29: data.train", "impossible-split"),
    bad("label_noise 2", data("{name: digits, label_noise: 2}"), "3:35: data.label_noise", "out-of-range", "1"),
    bad("data seed -1", data("{name: digits, seed: -1}"), "3:28: data.seed", "out-of-range", "0"),
    bad("data list", data("[digits]"), "3:7: data", "wrong-type"),
    bad("data null", data(""), "3:6: data", "wrong-type"),
    bad("data number", data("3"), "3:7: data", "wrong-type"),
    bad("csv missing", data("{name: csv, path: none.csv}"), "3:25: data.path", "file-not-found", "none.csv"),
    bad("npz missing", data("{name: npz, path: none.npz}"), "3:25: data.path", "file-not-found", "none.npz"),
    bad("csv without path", data("{name: csv}"), "3:7: data", "missing-key", "path"),
    bad("csv path list", data("{name: csv, path: [a]}"), "3:25: data.path", "wrong-type"),
    bad("blobs distance", data("{name: blobs, noise: -1}"), "3:21: data.noise", "unknown-key", "std"),
    bad(
        "data too large",
        data("{name: gaussian, samples: 10000000, features: 1000000}"),
        "3:33: data.samples",
        "too-large",
        "1000000000",
    ),
    bad(
        "minmax downwards",
        added("preprocess: [{name: minmax, low: 1, high: -1}]"),
        "5:14: preprocess[0]",
        "invalid-range",
    ),
    bad(
        "flip after pca",
        data("digits") + "preprocess: [pca]\ntraining: {augment: {flip: true}}\n",
        "6:28: training.augment.flip",
        "images-required",
        "pca",
    ),
)
