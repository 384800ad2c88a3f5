"""Studies with something wrong in what they search."""

from __future__ import annotations

from tests.study.texts import added, bad


def search(text: str, more: str = "") -> str:
    """Return the sound study with a search, on line 5 from column 9."""
    return added(f"search: {text}{more}")


LR = "training.lr: {log_uniform: [1e-3, 1]}"

BAD_SEARCH = (
    bad("search list", search("[training.lr]"), "5:9: search", "expected a mapping", "log_uniform"),
    bad("search nothing", search("{samples: 3}"), "5:9: search", "nothing is searched"),
    bad(
        "search option misspelled",
        search(f"{{{LR}, smaples: 3}}"),
        "5:49: search.smaples",
        "no setting that can be searched",
        "did you mean 'samples'?",
    ),
    bad(
        "search setting misspelled",
        search("{trainig.lr: {uniform: [0, 1]}}"),
        "5:10: search.trainig.lr",
        "no setting that can be searched",
        "did you mean 'training.lr'?",
    ),
    bad(
        "search unknown setting",
        search("{training.lrr: {uniform: [0, 1]}}"),
        "5:10: search.training.lrr",
        "unknown key 'lrr'",
        "did you mean 'lr'?",
    ),
    bad("search a list", search("{training.lr: [1e-3, 1]}"), "5:23: search.training.lr", "expected a range", "such as"),
    bad(
        "search unknown range",
        search("{training.lr: {loguniform: [1e-3, 1]}}"),
        "5:24: search.training.lr.loguniform",
        "unknown key 'loguniform'",
        "did you mean 'log_uniform'?",
    ),
    bad("search no ends", search("{training.lr: {}}"), "5:23: search.training.lr", "the range has no ends"),
    bad(
        "search two ranges",
        search("{training.lr: {uniform: [0, 1], choices: [1]}}"),
        "5:41: search.training.lr.choices",
        "uniform and choices are two ranges",
    ),
    bad(
        "search log zero",
        search("{training.lr: {log_uniform: [0, 1]}}"),
        "5:38: search.training.lr.log_uniform[0]",
        "0 has no logarithm",
    ),
    bad(
        "search reversed",
        search("{training.lr: {uniform: [1, 0.5]}}"),
        "5:33: search.training.lr.uniform",
        "low 1 is not below high 0.5",
    ),
    bad(
        "search one end",
        search("{training.lr: {uniform: [1]}}"),
        "5:33: search.training.lr.uniform",
        "expected two ends",
        "[low, high]",
    ),
    bad(
        "search word",
        search("{training.lr: {uniform: [0, fast]}}"),
        "5:37: search.training.lr.uniform[1]",
        "expected a number, found 'fast'",
    ),
    bad(
        "search half",
        search("{training.batch_size: {integers: [1.5, 4]}}"),
        "5:43: search.training.batch_size.integers[0]",
        "expected a whole number, found 1.5",
    ),
    bad(
        "search negative",
        search("{training.lr: {uniform: [-1, 1]}}"),
        "5:34: search.training.lr.uniform[0]",
        "-1 is not possible",
        "a number of at least 0",
    ),
    bad(
        "search beyond",
        search("{network.dropout: {uniform: [0, 1]}}"),
        "5:41: search.network.dropout.uniform[1]",
        "a dropout rate of 1 is not possible",
    ),
    bad(
        "search choice",
        search("{network.activation: {choices: [relu, tnah]}}"),
        "5:47: search.network.activation.choices[1]",
        "unknown activation 'tnah'",
        "did you mean 'tanh'?",
    ),
    bad(
        "search choice twice",
        search("{network.activation: {choices: [relu, relu]}}"),
        "5:47: search.network.activation.choices[1]",
        "stands here a second time",
    ),
    bad("search empty", search("{training.l2: {choices: []}}"), "5:33: search.training.l2.choices", "expected a list"),
    bad(
        "search points at random",
        search("{training.lr: {uniform: [0, 1], points: 3}}"),
        "5:41: search.training.lr.points",
        "points goes with method: grid",
    ),
    bad(
        "search points zero",
        search("{method: grid, training.lr: {uniform: [0, 1], points: 0}}"),
        "5:63: search.training.lr.points",
        "expected a number of points, found 0",
    ),
    bad(
        "search grid too large",
        search("{method: grid, samples: 4, training.lr: {uniform: [0, 1], points: 5}}"),
        "5:9: search",
        "the grid has 5 points, and the stage only 4 samples",
    ),
    bad("search method", search(f"{{{LR}, method: radnom}}"), "5:57: search.method", "did you mean 'random'?"),
    bad("search samples", search(f"{{{LR}, samples: 0}}"), "5:58: search.samples", "0 samples are not possible"),
    bad("search metric", search(f"{{{LR}, metric: val_acuracy, goal: max}}"), "5:57: search.metric", "did you mean"),
    bad("search goal", search(f"{{{LR}, metric: steps}}"), "5:57: search.metric", "is not clear", "goal"),
    bad(
        "search ensembles",
        search(f"{{{LR}, metric: ensemble_val_accuracy}}", "\nensembles: true"),
        "5:57: search.metric",
        "none of a single trial",
    ),
    bad(
        "search by what is measured beside the runs",
        search(f"{{{LR}, metric: gradient_error, goal: min}}"),
        "5:57: search.metric",
        "none of a single trial",
    ),
    bad(
        "search without validation",
        search(f"{{{LR}}}", "\nprobes: {looks: 0}\n").replace("classes: 2", "classes: 2, validation: 0"),
        "5:9: search.metric",
        "val_accuracy needs a validation split",
        "data.validation",
    ),
    bad("search stages", search(f"{{{LR}, stages: 0}}"), "5:57: search.stages", "expected stages, found 0"),
    bad(
        "search stage key",
        search(f"{{{LR}, stages: [{{sampels: 3}}]}}"),
        "5:59: search.stages[0].sampels",
        "did you mean 'samples'?",
    ),
    bad(
        "search first shrink",
        search(f"{{{LR}, stages: [{{samples: 3, shrink: 0.5}}]}}"),
        "5:71: search.stages[0].shrink",
        "the first stage has the whole range",
    ),
    bad(
        "search shrink zero",
        search(f"{{{LR}, stages: [{{}}, {{shrink: 0}}]}}"),
        "5:71: search.stages[1].shrink",
        "expected a part, found 0",
    ),
    bad(
        "search epochs twice",
        search("{training.epochs: {integers: [1, 5]}, stages: [{epochs: 2}]}"),
        "5:57: search.stages[0].epochs",
        "training.epochs is searched",
    ),
    bad(
        "search sums",
        search(f"{{{LR}, samples: 9, stages: [{{samples: 3}}, {{samples: 3}}]}}"),
        "5:58: search.samples",
        "the stages have 6 samples, and the search 9",
    ),
    bad(
        "search few",
        search(f"{{{LR}, samples: 2, stages: 3}}"),
        "5:58: search.samples",
        "2 samples are too few for 3 stages",
    ),
    bad(
        "search seeds with repeat",
        search(f"{{{LR}, repeat: true, seeds: 2}}"),
        "5:63: search.seeds",
        "each seed is a search of its own",
    ),
    bad("search repeat", search(f"{{{LR}, repeat: 3}}"), "5:57: search.repeat", "expected true or false, found 3"),
    bad(
        "search and vary",
        search(f"{{{LR}}}", "\nvary: {training.lr: [0.1, 0.2]}"),
        "5:10: search.training.lr (variant 'lr 0.1')",
        "training.lr varies, and it is searched",
    ),
    bad(
        "search replaced",
        search("{training.optimizer.momentum: {uniform: [0, 0.9]}, training.optimizer: {choices: [sgd, adam]}}"),
        "5:60: search.training.optimizer",
        "training.optimizer would replace training.optimizer.momentum",
    ),
    bad(
        "search varied range",
        search(f"{{{LR}}}", "\nvary: {search.training.lr: [{uniform: [0, 1]}, {uniform: [1, 0]}]}"),
        "6:58: vary.search.training.lr[1].uniform",
        "low 1 is not below high 0",
    ),
    bad(
        "search varied method",
        search(f"{{{LR}}}", "\nvary: {search.method: [random, gird]}"),
        "6:32: vary.search.method[1]",
        "unknown method 'gird'",
        "did you mean 'grid'?",
    ),
    bad(
        "search of a variant alone",
        added("variants: {a: {search.samples: 3}}"),
        "5:32: variants.a.search.samples",
        "nothing is searched",
    ),
    bad("search runs", search(f"{{{LR}, samples: 9999}}", "\nseeds: 1000"), "5:1: search", "runs", "at most 100000"),
)
