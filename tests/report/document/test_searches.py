"""The part of a report about a search: its best trial, the scores of this trial, and its stages."""

from __future__ import annotations

import math
import re
from pathlib import Path

from reportgen import figures
from reportgen.analysis.analyse import analyse
from reportgen.report.document.document import make_document
from reportgen.report.results.results import results_dict
from reportgen.report.write import write
from reportgen.study.planning.trials import best_of
from tests.analysis.studies import plan_of, record
from tests.analysis.test_search import HEAD, LR, analysed, peak


def page(folder: Path, search: str, more: str = "", head: str = HEAD) -> str:
    analysis = analysed(plan_of(folder, f"search: {{{search}}}\nfigures: [search_scatter]\n{more}", 5, head), peak(0.6))
    write(analysis, figures.draw_all(analysis), folder, ["html"])
    text = re.sub(r"<[^>]+>", " ", (folder / "index.html").read_text("utf-8"))
    return re.sub(r" ([.,;:)])", r"\1", " ".join(text.split()))


def without_settings(text: str) -> str:
    """Return the text of a page before its methods, which list every setting."""
    return text[: text.index("Methods Runs")]


def test_the_page_has_the_scores_and_the_stages_of_a_search(tmp_path: Path) -> None:
    text = page(tmp_path, f"{LR}, samples: 12, stages: 2")
    assert "A random search over training.lr, 0.0001 to 1 (log): 12 trials in 2 stages, 60 runs." in text
    assert (
        text.count("(95% interval") == 3
    )  # of the score, of the score by the other seeds' choice, and on test examples
    assert "data.test" not in without_settings(text)
    assert re.search(r"Stage Trials Runs Epochs .*1 \d+ \d+ .*2 \d+ \d+ ", text)
    assert "12 trials of 1 search with 5 seeds" in text


def test_a_page_without_a_test_split_names_the_setting_for_one(tmp_path: Path) -> None:
    text = page(tmp_path, f"{LR}, samples: 4", head=HEAD.replace(", test: 0.25", ""))
    assert text.count("(95% interval") == 2
    assert "data.test" in without_settings(text)


def test_several_searches_have_a_table_and_each_seed_its_best_trial(tmp_path: Path) -> None:
    text = page(tmp_path, f"{LR}, samples: 4, repeat: true", "vary: {search.method: [random, grid]}")
    assert "Search Trials Runs Best score Test" in text
    assert "4 trials for each of 5 seeds" in text
    assert "random, best of each seed" in text


def test_the_variants_of_a_search_are_one_row_and_its_trials_stay_in_the_results(tmp_path: Path) -> None:
    analysis = analysed(plan_of(tmp_path, f"search: {{{LR}, samples: 7}}", 5, HEAD), peak(0.6))
    document = make_document(analysis, [])
    assert len(document.rows) == 1
    assert len(document.variants) == 7
    results = results_dict(analysis)
    (search,) = results["searches"]
    assert search["trials"] == [one["id"] for one in results["variants"]]
    assert [one["variant"] for one in search["best"]] == [analysis.searches[0].best[0]]
    assert list(search["best"][0]["settings"]) == ["training.lr"]
    assert search["test"]["score"] < search["score"]
    assert len(results["runs"]) == 35


CLAIM = """
claims:
  - {id: found, says: The search finds one., measure: {metric: best_val_accuracy}, %s expect: {above: 0.5}}
"""


def test_a_claim_on_a_search_speaks_of_trials(tmp_path: Path) -> None:
    alone = page(tmp_path, f"{LR}, samples: 4", CLAIM % "")
    assert "Best validation accuracy; 4 trials" in alone
    two = "vary: {search.method: [random, grid]}"
    named = page(tmp_path, f"{LR}, samples: 4", two + CLAIM % "where: {search.method: grid},")
    assert "Best validation accuracy; grid (4 trials)" in named
    five = "vary: {search.method: [random, grid], network.hidden: [[3], [4]]}"
    many = page(tmp_path, f"{LR}, samples: 4", five + CLAIM % "")
    assert "Best validation accuracy; 16 trials of 4 searches" in many


def test_claims_for_every_trial_say_so(tmp_path: Path) -> None:
    claim = CLAIM.replace("best_val", "val") % "holds_for: all,"
    text = page(tmp_path, f"{LR}, samples: 4", claim)
    assert "in every trial" in text
    assert "in all 4 variants" not in text


def test_a_diverged_seed_counts_against_a_trial(tmp_path: Path) -> None:
    """By the mean of its finite losses alone the first trial would be the best."""
    plan = plan_of(tmp_path, f"search: {{{LR}, samples: 3, metric: val_loss}}", 5, HEAD)
    lost, good, worse = (variant.id for variant in plan.variants)
    losses = {lost: 0.1, good: 0.2, worse: 0.3}
    records = {}
    for run in plan.runs:
        diverged = (run.variant, run.seed) == (lost, 0)
        loss = math.nan if diverged else losses[run.variant]
        records[run.variant, run.seed] = record(run, "diverged" if diverged else "ok", val_loss=loss)
    analysis = analyse(plan, records)
    (part,) = make_document(analysis, []).searches
    assert [row.variant for row in part.rows] == [good, worse, lost]
    assert analysis.searches[0].best == (good,)


def test_where_every_trial_lost_a_seed_the_best_is_not_simply_the_first() -> None:
    assert best_of([[0.9, math.inf], [0.3, math.inf], [math.inf, math.inf]], maximize=False) == 1
    assert best_of([[0.9, math.nan], [0.3, 0.3], []], maximize=True) == 1


def test_trials_are_counted_for_each_seed_where_each_has_its_own(tmp_path: Path) -> None:
    def parts(name: str, search: str) -> list[tuple[int, str | None]]:
        folder = tmp_path / name
        folder.mkdir()
        analysis = analysed(plan_of(folder, f"search: {{{search}}}", 5, HEAD), peak(0.6))
        return [(part.trials, part.per_seed) for part in make_document(analysis, []).searches]

    assert parts("own", f"{LR}, samples: 4, repeat: true") == [(20, "4")]
    assert parts("shared", f"{LR}, samples: 4") == [(4, None)]
