"""Trials of a search: reproducible, inside their ranges, and in a narrower range in each stage."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from reportgen.study.loading.loader import load_study
from reportgen.study.model.ranges import Range
from reportgen.study.planning.plan import Plan, changed, make_plan
from reportgen.study.planning.trials import Trial
from tests.study.loading.test_dump import assert_equal_plans, reloaded
from tests.study.texts import added

LR = "training.lr: {log_uniform: [1e-4, 1]}"
L2 = "training.l2: {uniform: [0, 1]}"


def plan_of(folder: Path, text: str, more: str = "seeds: 3", **overrides: Any) -> Plan:
    path = folder / "s.yaml"
    path.write_text(added(f"search: {{{text}}}\n{more}"), encoding="utf-8")
    return load_study(path, {name.replace("__", "."): value for name, value in overrides.items()})


def trials(plan: Plan) -> list[Trial]:
    return [variant.trial for variant in plan.variants if variant.trial is not None]


def scored(plan: Plan, best: int, stage: int = 1) -> dict[tuple[str, int], float]:
    """Scores that make trial `best` of a stage the best one, and the first trial of each earlier stage."""
    wanted = {1: 1, stage: best}
    return {
        (trial.id, seed): float(trial.number == wanted.get(trial.stage, 1))
        for trial in trials(plan)
        for seed in trial.seeds
    }


def test_each_trial_is_a_variant_with_all_seeds(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, f"{LR}, {L2}, samples: 6")
    assert len(plan.variants) == 6
    assert len(plan.runs) == 18
    for variant, trial in zip(plan.variants, trials(plan), strict=True):
        assert variant.settings["training.lr"] == trial.values["training.lr"]
        assert 1e-4 <= variant.settings["training.lr"] <= 1
        assert {run.spec.training.l2 for run in plan.runs if run.variant == variant.id} == {trial.values["training.l2"]}
    assert len({variant.label for variant in plan.variants}) == 6
    assert plan.variants[0].settings["search.trial"] == 1


def test_random_values_depend_only_on_seed_setting_and_trial_number(tmp_path: Path) -> None:
    """More samples, another setting or another variant do not change the random values."""
    few = trials(plan_of(tmp_path, f"{LR}, samples: 3"))
    more = trials(plan_of(tmp_path, f"{L2}, {LR}, samples: 8", "vary: {network.activation: [tanh, relu]}"))
    assert [trial.values["training.lr"] for trial in few] == [trial.values["training.lr"] for trial in more[:3]]
    assert [trial.values for trial in more[:8]] == [trial.values for trial in more[8:]]
    other = trials(plan_of(tmp_path, f"{LR}, samples: 3", "seeds: [7]"))
    assert other[0].values != few[0].values


def test_log_ranges_are_sampled_uniformly_in_the_logarithm(tmp_path: Path) -> None:
    drawn = [trial.values["training.lr"] for trial in trials(plan_of(tmp_path, f"{LR}, samples: 400"))]
    below = sum(value < 1e-2 for value in drawn)
    assert abs(below - 200) < 4 * math.sqrt(100)
    linear = [trial.values["training.l2"] for trial in trials(plan_of(tmp_path, f"{L2}, samples: 400"))]
    assert abs(sum(value < 0.25 for value in linear) - 100) < 4 * math.sqrt(75)


@pytest.mark.parametrize("kind", ["integers", "log_integers"])
def test_integer_ranges_include_both_ends(kind: str) -> None:
    one = Range(kind, 2, 9)
    found = {one.at(k / 1000) for k in range(1001)}
    assert found == set(range(2, 10))
    assert all(isinstance(value, int) for value in found)


def test_the_ends_of_a_range_are_exact() -> None:
    for one in (Range("log_uniform", 1e-5, 3.0), Range("uniform", 0.1, 0.7)):
        assert (one.at(0.0), one.at(1.0)) == (pytest.approx(one.low, rel=1e-12), pytest.approx(one.high, rel=1e-12))
        assert one.low <= one.at(0.0) <= one.at(1.0) <= one.high


def test_a_grid_contains_the_ends_the_choices_and_the_given_number_of_points(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, f"{LR}, network.activation: {{choices: [tanh, relu]}}, method: grid, samples: 10")
    rates = sorted({trial.values["training.lr"] for trial in trials(plan)})
    assert rates == pytest.approx([1e-4, 1e-3, 1e-2, 1e-1, 1])
    assert len(trials(plan)) == 10
    own = trials(plan_of(tmp_path, f"{L2}, training.lr: {{uniform: [1, 2], points: 2}}, method: grid, samples: 7"))
    assert [trial.values["training.lr"] for trial in own].count(2) == 3
    whole = trials(plan_of(tmp_path, "training.batch_size: {integers: [1, 3]}, method: grid, samples: 9"))
    assert [trial.values["training.batch_size"] for trial in whole] == [1, 2, 3]


def test_a_later_stage_needs_scores_and_narrows_around_the_best_trial(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, f"{LR}, samples: 8, stages: [{{epochs: 1}}, {{epochs: 3, shrink: 0.25, seeds: 2}}]")
    assert {trial.stage for trial in trials(plan)} == {1}
    scores = scored(plan, best=3)
    grown = make_plan(plan.study, scores)
    assert grown.variants[:4] == plan.variants
    assert make_plan(plan.study, dict(list(scores.items())[1:])) == plan, "a score is missing"
    later = [trial for trial in trials(grown) if trial.stage == 2]
    centre = trials(plan)[2].places["training.lr"]
    places = [trial.places["training.lr"] for trial in later]
    assert places[0] == centre, "the best is trained again, for longer"
    assert max(places) - min(places) <= 0.25
    assert all(0 <= place <= 1 for place in places)
    epochs = [run.spec.training.epochs for run in grown.runs]
    assert epochs == [1] * 12 + [3] * 8


def test_the_window_narrows_in_each_stage_and_stays_inside_the_range(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, f"{LR}, method: grid, samples: 15, stages: 3")
    second = make_plan(plan.study, scored(plan, best=1))
    rates = [trial.values["training.lr"] for trial in trials(second) if trial.stage == 2]
    assert (min(rates), max(rates)) == (pytest.approx(1e-4), pytest.approx(1e-4 * 10**1.2))
    third = make_plan(plan.study, scored(second, best=5, stage=2))
    rates = [trial.values["training.lr"] for trial in trials(third) if trial.stage == 3]
    assert max(rates) / min(rates) == pytest.approx(10 ** (4 * 0.09))
    assert min(rates) < 1e-4 * 10**1.2 < max(rates)


def test_a_number_of_stages_divides_the_samples_and_doubles_the_epochs(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, f"{LR}, samples: 8, stages: 3", "training: {epochs: 12}\nseeds: 1")
    foreseen = make_plan(plan.study, projected=True)
    by_stage = [[v.settings["training.epochs"] for v in foreseen.variants if v.trial.stage == k] for k in (1, 2, 3)]
    assert by_stage == [[3] * 3, [6] * 3, [12] * 2]
    untrained = plan_of(tmp_path, f"{LR}, samples: 8, stages: 2", "training: {epochs: 0}")
    assert {variant.settings["training.epochs"] for variant in untrained.variants} == {0}


def test_choices_narrow_to_the_best_choice(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, f"{LR}, network.activation: {{choices: [tanh, relu, elu]}}, samples: 12, stages: 2")
    best = trials(plan)[3]
    grown = make_plan(plan.study, scored(plan, best=4))
    activations = {t.values["network.activation"] for t in trials(grown) if t.stage == 2}
    assert activations == {best.values["network.activation"]}


def test_a_lower_loss_is_better_and_a_run_without_a_score_is_worst(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, f"{LR}, metric: val_loss, samples: 6, stages: 2", "seeds: 1")
    ids = [trial.id for trial in trials(plan)]
    scores = dict(zip([(id_, 0) for id_ in ids], (math.nan, 0.2, math.inf), strict=True))
    later = trials(make_plan(plan.study, scores))[3:]
    assert later[0].values == trials(plan)[1].values


def test_with_repeat_each_seed_has_its_own_search(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, f"{LR}, samples: 4, repeat: true, stages: 2")
    found = trials(plan)
    assert [(trial.owner, trial.seeds) for trial in found[::2]] == [(0, (0,)), (1, (1,)), (2, (2,))]
    assert len({trial.values["training.lr"] for trial in found}) == 6
    scores = {(trial.id, trial.owner): float(trial.number == 2) for trial in found if trial.owner != 1}
    grown = trials(make_plan(plan.study, scores))
    assert {trial.owner for trial in grown if trial.stage == 2} == {0, 2}, "seed 1 still waits for its scores"


def test_variants_can_change_or_remove_the_search(tmp_path: Path) -> None:
    more = "variants: {usual: {search: none}, random: {}, grid: {search.method: grid}}\nseeds: 2"
    plan = plan_of(tmp_path, f"{LR}, samples: 4", more)
    assert [variant.trial is None for variant in plan.variants] == [True] + [False] * 8
    assert plan.variants[1].label.startswith("random, trial 1 (lr ")
    assert {variant.varied.get("search") for variant in plan.variants} == {"no search", "random", "grid"}
    assert len({variant.id for variant in plan.variants}) == 9


def test_a_remedy_of_a_trial_keeps_the_settings_of_the_trial(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, f"{LR}, samples: 3, seeds: 2, stages: [{{epochs: 7}}]")
    runs = changed(plan, plan.variants[1].id, {"training.l2": 0.5}, "remedy")
    lr = trials(plan)[1].values["training.lr"]
    assert [(r.spec.training.lr, r.spec.training.l2, r.spec.training.epochs) for r in runs] == [(lr, 0.5, 7)] * 2


def test_overrides_can_change_a_search(tmp_path: Path) -> None:
    plan = plan_of(
        tmp_path,
        f"{LR}, samples: 3",
        search__samples=5,
        search__training__lr__log_uniform=[1e-2, 1e-1],
        search__training__l2={"uniform": [0, 1]},
    )
    assert len(plan.variants) == 5
    assert all(1e-2 <= trial.values["training.lr"] <= 1e-1 for trial in trials(plan))
    assert all("training.l2" in trial.values for trial in trials(plan))
    assert not trials(plan_of(tmp_path, f"{LR}, samples: 3", search="none"))


@pytest.mark.parametrize(
    "search",
    [
        f"{LR}, samples: 5, stages: 2",
        "training.optimizer.momentum: {uniform: [0, 0.9]}, method: grid, samples: 3",
        "network.init.gain: {log_uniform: [0.1, 10]}, samples: 3",
        "network.hidden: {choices: [[5], [5, 5]]}, samples: 4, metric: train_loss",
    ],
)
def test_a_dumped_search_loads_as_an_equal_plan(search: str, tmp_path: Path) -> None:
    plan = plan_of(tmp_path, search)
    assert_equal_plans(plan, reloaded(plan, tmp_path))


def test_a_quick_version_has_few_and_short_trials(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, f"{LR}, {L2}, method: grid, samples: 16, stages: [{{epochs: 50}}]", watermark="quick")
    assert len(plan.variants) == 4
    assert {run.spec.training.epochs for run in plan.runs} == {3}
    rates = {trial.values["training.lr"] for trial in trials(plan)}
    assert len(rates) > 1


def test_a_quick_version_keeps_the_search_size_of_the_overrides(tmp_path: Path) -> None:
    asked = f"{LR}, samples: 16"
    assert len(plan_of(tmp_path, asked, watermark="quick").variants) == 4
    assert len(plan_of(tmp_path, asked, watermark="quick", search__samples=9).variants) == 9


def test_choices_can_be_components_with_labels(tmp_path: Path) -> None:
    choices = "[sgd, {name: sgd, momentum: 0.9, label: heavy}, {value: adam, label: Adam}]"
    plan = plan_of(tmp_path, f"training.optimizer: {{choices: {choices}}}, method: grid, samples: 3")
    assert [trial.words["training.optimizer"] for trial in trials(plan)] == ["sgd", "heavy", "Adam"]
    optimizers = {run.variant: run.spec.training.optimizer for run in plan.runs}
    assert [(one.name, one.get("momentum")) for one in optimizers.values()][:2] == [("sgd", 0.0), ("sgd", 0.9)]
    assert_equal_plans(plan, reloaded(plan, tmp_path))
