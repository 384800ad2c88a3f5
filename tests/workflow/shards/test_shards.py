"""Shards of a study give the same runs as one command, in one folder or in folders that are merged."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from reportgen import disk
from reportgen.cli.main import invoke
from reportgen.errors import MissingError, ReportgenError, ResultsError, UsageError
from reportgen.workflow.request import make_request, plan_jobs, unique
from reportgen.workflow.run import run_study
from reportgen.workflow.shards.merge import merge
from reportgen.workflow.shards.train import Shard
from tests.workflow.test_search import STUDY as SEARCH

RUNS = Path("rates/runs")


def shard(text, output="reports", *options):
    return invoke(["run", "rates.yaml", "--shard", text, "-o", output, "-q", *options])


def arrays(output):
    return {path.parent.name: path.read_bytes() for path in (output / RUNS).glob("*/arrays.npz")}


@pytest.fixture
def parts(training):
    """Folders with the shards 1/2 and 2/2."""
    assert [shard("1/2", "one"), shard("2/2", "two")] == [0, 0]
    return [Path("one"), Path("two")]


@pytest.mark.parametrize("count", [1, 2, 4, 6, 9])
def test_shards_have_every_run_once_and_equal_sizes(training, count):
    jobs = plan_jobs(make_request("rates.yaml").plan)
    shares = [Shard(number, count).of(jobs) for number in range(1, count + 1)]
    assert sorted(job.key for share in shares for job in share) == sorted(job.key for job in unique(jobs))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_shards_in_one_folder_leave_nothing_to_train(training):
    assert [shard(f"{number}/3") for number in (3, 1, 2)] == [0, 0, 0]
    assert len(training.trained) == 6
    assert not Path("reports/rates/results.json").exists()
    assert run_study("rates.yaml", formats=["json"]).trained == 0


def test_merged_shards_leave_nothing_to_train_and_have_the_same_bytes(parts, training):
    [merged] = merge(parts, Path("both"))
    assert (merged.copied, merged.stored) == (6, 0)
    assert run_study("rates.yaml", output="both", formats=["json"]).trained == 0
    run_study("rates.yaml", output="here", formats=["json"])
    assert arrays(Path("both")) == arrays(Path("here"))
    [again] = merge([Path("one/rates"), Path("both")], Path("both"))
    assert (again.copied, again.stored) == (0, 6)


def test_a_merge_removes_what_a_killed_one_left(parts, training, monkeypatch):
    left = disk.temporary_name(Path("both") / RUNS / "run")
    left.mkdir(parents=True)
    monkeypatch.setattr(disk, "_abandoned", lambda path: path.name == left.name)  # its process has ended
    merge(parts, Path("both"))
    assert not left.exists()


def test_a_shard_says_what_is_left(training, capsys):
    assert shard("1/2", "reports", "--json") == 0
    [values] = json.loads(capsys.readouterr().out)
    assert {name: values[name] for name in ("trained", "stored", "failed", "missing", "later_stages")} == {
        "trained": 3,
        "stored": 0,
        "failed": 0,
        "missing": 3,
        "later_stages": False,
    }


def test_a_failed_run_is_trained_again_and_not_merged(parts, training):
    training.failing = {1}
    codes = [shard("1/2", "bad", "--fresh"), shard("2/2", "bad", "--fresh")]
    assert set(codes) == {5}
    [merged] = merge([Path("bad")], Path("both"))
    assert merged.copied == 4
    training.failing = set()
    assert run_study("rates.yaml", output="both", formats=["json"]).trained == 2


def test_the_missing_runs_of_a_merge_are_trained_by_the_final_run(parts, training):
    merge(parts[:1], Path("both"))
    assert run_study("rates.yaml", output="both", formats=["json"]).trained == 3


@pytest.mark.parametrize("name", ["run.json", "arrays.npz"])
def test_an_altered_run_is_refused_before_anything_is_copied(parts, name):
    path = sorted((parts[1] / RUNS).glob(f"*/{name}"))[-1]
    path.write_bytes(path.read_bytes().replace(b"0", b"1", 1))
    with pytest.raises(ResultsError) as caught:
        merge(parts, Path("both"))
    assert caught.value.code == "invalid-record"
    assert not Path("both").exists()


def test_a_run_under_another_name_is_refused(parts):
    first, second = sorted((parts[1] / RUNS).glob("*"))[:2]
    shutil.rmtree(second)
    first.rename(second)
    with pytest.raises(ResultsError) as caught:
        merge(parts, Path("both"))
    assert caught.value.code == "invalid-record"


def test_two_values_of_one_run_are_refused(parts, training, monkeypatch):
    original = training.train

    def other(*given):
        found = original(*given)
        found.arrays["step_loss"][0] += 1
        return found

    monkeypatch.setattr("reportgen.runs.executors.train", other)
    assert shard("2/2", "other") == 0
    with pytest.raises(ResultsError) as caught:
        merge([*parts, Path("other")], Path("both"))
    assert caught.value.code == "runs-differ"


@pytest.mark.parametrize(
    ("change", "code"), [({"runs": "0" * 64}, "report-of-another-study"), ({"identity": {}}, "worker-differs")]
)
def test_shards_of_another_study_or_program_are_refused(parts, change, code):
    mark = parts[1] / "rates/shards.json"
    changed = json.loads(mark.read_text()) | change
    mark.write_text(json.dumps(changed | {"checksum": disk.checksum(changed)}))
    with pytest.raises((UsageError, MissingError)) as caught:
        merge(parts, Path("both"))
    assert caught.value.code == code
    assert not Path("both").exists()


@pytest.mark.parametrize(
    "change",
    [
        {"study": "../../escaped"},
        {"study": "/tmp/escaped"},
        {"study": ".."},
        {"study": ""},
        {"study": "a/b"},
        {"study": "\x1b[31mred"},
        {"study": "rates\n"},
        {"study": ["a"]},
        {"study": None},
        {"runs": 5},
        {"identity": ["engine"]},
        {"identity": {"engine": {}}},
    ],
)
def test_a_mark_with_values_of_another_form_is_refused(parts, tmp_path, change):
    mark = parts[1] / "rates/shards.json"
    changed = json.loads(mark.read_text()) | change
    mark.write_text(json.dumps(changed | {"checksum": disk.checksum(changed)}))
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ResultsError) as caught:
        merge([parts[1]], Path("a/b/both"))
    assert (caught.value.code, caught.value.where) == ("invalid-file", str(mark))
    assert sorted(tmp_path.rglob("*")) == before


def test_a_shard_of_other_settings_is_refused_in_the_same_folder(parts, training):
    count = len(training.trained)
    assert shard("1/2", "one", "--set", "training.batch_size=4") == 2
    assert len(training.trained) == count


def test_a_folder_without_shards_is_refused(training):
    Path("empty").mkdir()
    with pytest.raises(ReportgenError) as caught:
        merge([Path("empty")], Path("both"))
    assert caught.value.code == "no-shards"


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "a/b", "1/2/3", "-1/2", "1/0"])
def test_a_shard_that_does_not_exist_is_refused(text):
    with pytest.raises(UsageError) as caught:
        Shard.parse(text)
    assert caught.value.code == "invalid-option"


@pytest.mark.parametrize("option", [["-f", "html"], ["--open"], ["--strict"], ["--dask", "local"]])
def test_options_without_effect_on_a_shard_are_refused(training, option):
    assert shard("1/2", "reports", *option) == 2
    assert training.trained == []


def test_shards_of_a_search_train_the_stages_that_stored_runs_determine(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("blobs.yaml").write_text(SEARCH, encoding="utf-8")
    left = []
    for text in ("1/2", "2/2", "1/2", "2/2"):
        assert invoke(["run", "blobs.yaml", "--shard", text, "-q", "--json"]) == 0
        [values] = json.loads(capsys.readouterr().out)
        left.append((values["missing"] > 0, values["later_stages"]))
    assert left == [(True, True), (False, True), (True, True), (False, False)]
    assert run_study("blobs.yaml", formats=["json"]).trained == 0
