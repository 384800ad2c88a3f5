"""Studies with data that cannot be had."""

from __future__ import annotations

from tests.study.texts import bad, data

BAD_DATA = (
    bad(
        "unknown data key",
        data("{name: gaussian, sample: 40}"),
        "3:24: data.sample",
        "gaussian has no parameter 'sample'",
        "one of distance",
    ),
    bad("missing data name", data("{samples: 40}"), "3:7: data", "a data set needs a name", "one of gaussian"),
    bad("unknown data set", data("digit"), "3:7: data", "unknown data set 'digit'", "did you mean 'digits'?"),
    bad(
        "validation 1.0",
        data("{name: gaussian, validation: 1.0}"),
        "3:36: data.validation",
        "1.0 is not possible",
        "a number below 1",
    ),
    bad(
        "validation -",
        data("{name: gaussian, validation: -0.1}"),
        "3:36: data.validation",
        "-0.1 is not possible",
        "a number of at least 0",
    ),
    bad(
        "validation+test",
        data("{name: gaussian, validation: 0.5, test: 0.5}"),
        "3:7: data",
        "validation and test together leave nothing to train on",
        "fractions that add to less than 1",
    ),
    bad(
        "samples 0",
        data("{name: gaussian, samples: 0}"),
        "3:33: data.samples",
        "0 is not possible",
        "a number of at least 1",
    ),
    bad(
        "samples text",
        data("{name: gaussian, samples: many}"),
        "3:33: data.samples",
        "expected a whole number, found 'many'",
    ),
    bad(
        "features 0",
        data("{name: gaussian, features: 0}"),
        "3:34: data.features",
        "0 is not possible",
        "a number of at least 1",
    ),
    bad("samples digits", data("{name: digits, samples: 40}"), "3:22: data.samples", "samples of digits cannot be set"),
    bad(
        "classes moons",
        data("{name: moons, classes: 4}"),
        "3:21: data.classes",
        "classes of moons cannot be set",
        "it has 2",
    ),
    bad(
        "keep 2",
        data("{name: digits, keep: {3: 2}}"),
        "3:32: data.keep[3]",
        "2 is not possible",
        "a number of at most 1",
    ),
    bad(
        "keep key",
        data("{name: digits, keep: {three: 0.5}}"),
        "3:29: data.keep.three",
        "expected a whole number, found 'three'",
    ),
    bad(
        "keep list", data("{name: digits, keep: [3]}"), "3:28: data.keep", "expected a mapping (key: value), found [3]"
    ),
    bad(
        "keep -1",
        data("{name: digits, keep: {-1: 0.5}}"),
        "3:29: data.keep[-1]",
        "-1 is not possible",
        "a number of at least 0",
    ),
    bad("keep 10", data("{name: digits, keep: {10: 0.5}}"), "3:29: data.keep[10]", "there is no class 10", "0 to 9"),
    bad("train 0", data("{name: digits, train: 0}"), "3:29: data.train", "0 is not possible", "a number of at least 1"),
    bad(
        "train more",
        data("{name: digits, train: 5000}"),
        "3:7: data",
        "train: 5000 of 1438 training examples",
        "1 to 1438",
    ),
    bad(
        "label_noise 2",
        data("{name: digits, label_noise: 2}"),
        "3:35: data.label_noise",
        "2 is not possible",
        "a number of at most 1",
    ),
    bad(
        "data seed -1",
        data("{name: digits, seed: -1}"),
        "3:28: data.seed",
        "-1 is not possible",
        "a number of at least 0",
    ),
    bad("data list", data("[digits]"), "3:7: data", "expected a mapping (key: value), found [digits]"),
    bad("data null", data(""), "3:6: data", "expected a mapping (key: value), found null"),
    bad("data number", data("3"), "3:7: data", "expected a mapping (key: value), found 3"),
    bad(
        "csv missing",
        data("{name: csv, path: none.csv}"),
        "3:25: data.path",
        "there is no file none.csv",
    ),
    bad(
        "npz missing",
        data("{name: npz, path: none.npz}"),
        "3:25: data.path",
        "there is no file none.npz",
    ),
    bad("csv without path", data("{name: csv}"), "3:7: data", "csv needs path", "the .csv file, relative to the study"),
    bad(
        "csv path list",
        data("{name: csv, path: [a]}"),
        "3:25: data.path",
        "expected a text, found [a]",
        "the .csv file, relative to the study",
    ),
    bad(
        "blobs distance",
        data("{name: blobs, noise: -1}"),
        "3:21: data.noise",
        "blobs has no parameter 'noise'",
        "one of std",
    ),
    bad(
        "data too large",
        data("{name: gaussian, samples: 10000000, features: 1000000}"),
        "3:33: data.samples",
        "samples times features is too much",
        "at most 1000000000 numbers",
    ),
)
