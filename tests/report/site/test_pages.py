"""The site of many reports: its content, its links and its errors."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from reportgen.errors import ResultsError, StoreError, UsageError
from reportgen.report.site import pages as site
from reportgen.report.site.course import overall
from reportgen.report.site.lecture_claims import lecture_claims
from reportgen.report.site.pages import write_site
from reportgen.shipped import templates_folder
from tests.report.finished_reports import claim, report
from tests.report.outline import Outline

HOSTILE = "Größe & <script>alert('x')</script> \"quoted\" {{ 7 * 7 }} שלום"
SCRIPT = (templates_folder() / "site.js").read_text(encoding="utf-8")
PAGES = ("index.html", "lectures.html")
UNTESTED = ("index.html", "claims.html")


def texts(folder: Path, pages: tuple[str, ...] = PAGES) -> dict[str, str]:
    return {name: (folder / name).read_text(encoding="utf-8") for name in pages}


def content(folder: Path) -> dict[str, bytes]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_the_index_shows_each_study_with_question_figure_counts_and_links(tmp_path: Path) -> None:
    claims = [claim("a"), claim("b", "contradicted", 12), claim("c", "supported", None)]
    report(tmp_path / "in" / "init", claims)
    assert write_site([tmp_path / "in"], tmp_path / "out")[0] == tmp_path / "out" / "index.html"
    text = texts(tmp_path / "out")["index.html"]
    assert "Which?" in text
    assert "The <em>last</em> one." in text
    assert 'src="init/figures/loss%20curves.svg" alt="Loss. It falls."' in text
    assert 'href="init/index.html"' in text
    assert 'href="init/init.pdf"' in text
    assert re.search(r'count">2</span> <span class="badge supported"', text)
    assert re.search(r'count">1</span> <span class="badge contradicted"', text)
    assert "2 seeds, 3 runs, 1 diverged, 12.5 s of training" in text


def test_the_index_shows_no_answer_of_a_study_that_asks_for_predictions(tmp_path: Path) -> None:
    folder = report(tmp_path / "asking", study={"predict_first": True})
    write_site([folder], tmp_path / "site")
    [card] = re.findall(r"<article.*?</article>", texts(tmp_path / "site")["index.html"], re.DOTALL)
    assert "prediction" in card
    assert "1 claim to predict" in card
    assert not any(shown in card for shown in ("<em>last</em>", "<img", "badge"))


def test_every_claim_of_the_lectures_is_listed_with_its_tests(tmp_path: Path) -> None:
    report(tmp_path / "a", [claim("falls", lecture=11), claim("of-our-own", lecture=None)])
    report(tmp_path / "b", [claim("stays", "contradicted", 11), claim("holds", "inconclusive", 50)])
    write_site([tmp_path / "a", tmp_path / "b"], tmp_path / "out")
    text = texts(tmp_path / "out")["lectures.html"]
    bodies = re.findall(r'<tbody[^>]* id="lecture-(\d+)">(.*?)</tbody>', text, re.DOTALL)
    tested = dict(bodies)
    assert set(tested) == {"11", "50"}
    untested = re.findall(r'<li[^>]* id="lecture-(\d+)"', text)
    assert sorted([11, 50, *map(int, untested)]) == [one.number for one in lecture_claims()]
    assert 'href="a/index.html#claim-falls"' in tested["11"]
    assert 'href="b/index.html#claim-stays"' in tested["11"]
    assert 'class="badge mixed"' in tested["11"]
    assert "0.250 to 0.750" in tested["11"]
    assert "It of-our-own." in text.split('id="own"')[1]
    assert len(untested) == 48
    assert "test 2 of the lectures’ 50 claims" in texts(tmp_path / "out")["index.html"]


def test_claims_have_powers_of_ten_and_a_time_to_a_level_has_an_end(tmp_path: Path) -> None:
    report(tmp_path / "a", [claim("saturates", lecture=1), claim("learns", lecture=None, metric="epochs_to")])
    write_site([tmp_path / "a"], tmp_path / "out")
    text = texts(tmp_path / "out")["lectures.html"]
    assert "the slope of the sigmoid is 4.5×10⁻⁵" in text
    assert "epochs to a given value" in text


def test_a_site_without_claims_of_the_lectures_does_not_mention_them(tmp_path: Path) -> None:
    report(tmp_path / "a", [claim("falls", lecture=None), claim("stays", "contradicted", None)])
    out = tmp_path / "out"
    written = write_site([tmp_path / "a"], out)
    assert [path.name for path in written] == [*UNTESTED, "claims.csv"]
    index, overview = (Outline(text).text for text in texts(out, UNTESTED).values())
    assert "ecture" not in index + overview
    assert (
        "These studies make 2 claims: 1 is supported and 1 is contradicted."
        in Outline(texts(out, UNTESTED)["index.html"]).text
    )


def test_a_site_replaces_one_page_of_claims_by_the_other(tmp_path: Path) -> None:
    own = report(tmp_path / "own", [claim("falls", lecture=None)])
    cites = report(tmp_path / "cites", [claim("falls")])
    out = tmp_path / "out"
    for sources, there, gone in (([own], *UNTESTED[1:], *PAGES[1:]), ([own, cites], *PAGES[1:], *UNTESTED[1:])):
        write_site(sources, out)
        assert (out / there).is_file()
        assert not (out / gone).exists()


def test_a_page_of_the_user_with_the_other_name_stays(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "claims.html").write_text("<title>mine</title>", encoding="utf-8")
    write_site([report(tmp_path / "cites", [claim("falls")])], out)
    assert (out / "claims.html").read_text(encoding="utf-8") == "<title>mine</title>"


def test_all_links_lead_to_existing_places_of_the_site(tmp_path: Path) -> None:
    report(tmp_path / "in" / "größe #1 & co", [claim("falls")])
    report(tmp_path / "in" / "b", [claim("stays", "contradicted", 11), claim("other", lecture=None)])
    out = tmp_path / "out"
    write_site([tmp_path / "in"], out)
    for name, text in texts(out).items():
        outline = Outline(text)
        assert len(outline.ids) == len(set(outline.ids))
        for address in outline.addresses:
            parts = urlsplit(address)
            assert not parts.netloc
            if parts.scheme == "data":
                continue
            assert not parts.scheme
            goal = out / (unquote(parts.path) or name)
            assert goal.is_file(), address
            assert not parts.fragment or f'id="{parts.fragment}"' in goal.read_text(encoding="utf-8"), address


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    bad = claim("x", says=f"{HOSTILE} [here](javascript:alert(1)) <img src=x onerror=y>", expected="<b>above</b>")
    study = {"title": HOSTILE, "question": f"{HOSTILE}?"}
    figures = [{"id": "loss curves", "title": HOSTILE, "alt": '"><script>', "opens": True}]
    report(tmp_path / "a", [bad], study=study, figures=figures)
    write_site([tmp_path / "a"], tmp_path / "out", title=HOSTILE)
    for text in texts(tmp_path / "out").values():
        outline = Outline(text)
        assert outline.tags.count("script") == 1
        assert SCRIPT in text
        assert not any("javascript" in address for address in outline.addresses)
        assert "{{ 7 * 7 }}" in text
        assert "<b>above</b>" not in text
        assert outline.tags.count("img") <= 1
        assert "default-src 'none'" in text


def test_headings_go_down_one_level_at_a_time_and_pictures_have_words(tmp_path: Path) -> None:
    report(tmp_path / "a", [claim("falls"), claim("own", lecture=None)])
    write_site([tmp_path / "a"], tmp_path / "out")
    for text in texts(tmp_path / "out").values():
        outline = Outline(text)
        assert outline.headings[0] == 1
        assert all(b <= a + 1 for a, b in zip(outline.headings, outline.headings[1:], strict=False))
        assert all(outline.alts)
        assert '<html lang="en">' in text


def test_reports_outside_are_copied_without_their_runs_and_reports_inside_stay(tmp_path: Path) -> None:
    site_folder = tmp_path / "site"
    report(tmp_path / "elsewhere" / "a")
    inside = report(site_folder / "deep" / "b")
    before = content(inside)
    write_site([tmp_path / "elsewhere", inside], site_folder)
    assert (site_folder / "a" / "results.json").is_file()
    assert not (site_folder / "a" / "runs").exists()
    assert content(inside) == before
    assert not (site_folder / "b").exists()
    assert 'href="deep/b/index.html"' in texts(site_folder)["index.html"]


def test_the_same_reports_give_the_same_bytes_and_a_second_site_is_updated(tmp_path: Path) -> None:
    report(tmp_path / "in" / "a")
    report(tmp_path / "in" / "b", [claim("x", lecture=1)])
    write_site([tmp_path / "in"], tmp_path / "one")
    write_site([tmp_path / "in" / "b", tmp_path / "in" / "a"], tmp_path / "two")
    assert content(tmp_path / "one") == content(tmp_path / "two")
    (tmp_path / "in" / "a" / "index.html").write_text("new", encoding="utf-8")
    write_site([tmp_path / "in"], tmp_path / "one")
    assert (tmp_path / "one" / "a" / "index.html").read_text(encoding="utf-8") == "new"
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == [
        "a",
        "b",
        "claims.csv",
        *PAGES,
        "manifest.json",
    ]


def test_studies_are_in_the_order_of_the_lectures(tmp_path: Path) -> None:
    report(tmp_path / "a", [claim("x", lecture=None)])
    report(tmp_path / "b", [claim("x", lecture=30)])
    report(tmp_path / "c", [claim("x", lecture=44), claim("y", lecture=2)])
    write_site([tmp_path / "a", tmp_path / "b", tmp_path / "c"], tmp_path / "out")
    links = re.findall(r'<h3[^>]*><a href="(\w)/', texts(tmp_path / "out")["index.html"])
    assert links == ["c", "b", "a"]


def test_claims_csv_has_a_row_per_test_with_all_digits(tmp_path: Path) -> None:
    claims = [claim("x", measured=0.1 + 0.2, interval=[None, 1.5], metric="val_accuracy"), claim("o", lecture=None)]
    report(tmp_path / "a", claims)
    write_site([tmp_path / "a"], tmp_path / "out")
    with open(tmp_path / "out" / "claims.csv", encoding="utf-8", newline="") as file:
        first, second = csv.DictReader(file)
    assert first["measured"] == repr(0.1 + 0.2)
    assert (first["lecture"], first["study"], first["claim"], first["lo"], first["hi"]) == ("11", "a", "x", "", "1.5")
    assert second["lecture"] == ""


def test_a_quick_look_is_marked_and_a_report_without_page_or_figure_has_no_links(tmp_path: Path) -> None:
    report(tmp_path / "a", [], study={"watermark": "A quick look: no verdicts"})
    bare = report(tmp_path / "b", [claim("x")], figures=[])
    (bare / "index.html").unlink()
    (bare / "b.pdf").unlink()
    write_site([tmp_path / "a", bare], tmp_path / "out")
    index, lectures = texts(tmp_path / "out").values()
    assert "A quick look: no verdicts" in index
    assert "Quick look, no verdict." in index
    assert 'href="b/' not in index + lectures
    assert index.count("<img") == 1


def test_claims_of_a_quick_look_are_not_counted_or_listed(tmp_path: Path) -> None:
    report(tmp_path / "full", [claim("x")])
    report(tmp_path / "quick", [claim("y", "inconclusive")], study={"watermark": "A quick look: no verdicts"})
    write_site([tmp_path / "full", tmp_path / "quick"], tmp_path / "out")
    index, lectures = texts(tmp_path / "out").values()
    assert "inconclusive</span>" not in index
    assert "Quick look, no verdict." in index
    assert "It y." not in lectures
    with open(tmp_path / "out" / "claims.csv", encoding="utf-8", newline="") as file:
        assert [row["study"] for row in csv.DictReader(file)] == ["full"]


def test_all_reports_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        report(tmp_path / name)
    for name in ("a", "c"):
        (tmp_path / name / "results.json").write_text("{", encoding="utf-8")
    with pytest.raises(ResultsError) as error:
        write_site([tmp_path], tmp_path / "out")
    assert [str(tmp_path / name / "results.json") in str(error.value) for name in "abc"] == [True, False, True]


def test_a_site_that_would_overwrite_something_is_refused(tmp_path: Path) -> None:
    one = report(tmp_path / "x" / "a")
    nested = [one, report(tmp_path / "y" / "a"), report(tmp_path / "z" / "x")]
    for reports, folder, where in (([one], one, one), ([one], one / "site", one), (nested, tmp_path / "out", None)):
        with pytest.raises(UsageError) as conflict:
            write_site(reports, folder)
        assert (conflict.value.code, conflict.value.where) == ("output-conflict", where and str(where))
    (tmp_path / "out" / "a").mkdir(parents=True)
    (tmp_path / "out" / "a" / "thesis.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError) as occupied:
        write_site([one], tmp_path / "out")
    assert (occupied.value.code, occupied.value.where) == ("path-occupied", str(tmp_path / "out" / "a"))
    assert (tmp_path / "out" / "a" / "thesis.txt").read_text(encoding="utf-8") == "mine"


def test_a_full_disk_is_a_store_error_and_keeps_the_former_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report(tmp_path / "in" / "a")
    write_site([tmp_path / "in"], tmp_path / "out")
    before = content(tmp_path / "out")

    def full(*arguments: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(site, "write_csv", full)
    with pytest.raises(StoreError) as caught:
        write_site([tmp_path / "in"], tmp_path / "out")
    assert (caught.value.code, caught.value.where) == ("not-writable", str(tmp_path / "out"))
    assert content(tmp_path / "out") == before


def test_a_claim_has_the_common_verdict_of_its_tests() -> None:
    assert overall([]) == "not tested"
    assert overall(["supported"] * 3) == "supported"
    assert overall(["contradicted", "contradicted"]) == "contradicted"
    assert overall(["supported", "inconclusive"]) == "mixed"
