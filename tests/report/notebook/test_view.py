"""A report in a notebook: one line of text, HTML with escaped text, Markdown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reportgen.report.notebook.view import ReportView, html, markdown, view_of

SVG = '<svg xmlns="http://www.w3.org/2000/svg"/>'


def claim(id_: str, verdict: str, **more: Any) -> dict[str, Any]:
    return {
        "id": id_, "says": f"{id_} <b>is</b> true.", "verdict": verdict, "measured": 0.5, "interval": [0.4, 0.6],
        "n": 3, "expected": "above 0.1", "metric": "val_accuracy",
    } | more  # fmt: skip


def view(folder: Path, **study: Any) -> ReportView:
    results = {
        "study": {"id": "init", "title": "<script>alert(1)</script>", "question": "Which & why?"} | study,
        "provenance": {},
        "runs": [{"seed": seed, "status": "ok"} for seed in range(3)],
        "claims": [claim("a", "supported"), claim("b", "contradicted"), claim("c", "supported")],
        "figures": [{"id": "loss_curves", "title": "Loss", "alt": 'It "falls".', "opens": True}],
    }
    return view_of(results, folder)


def test_a_report_is_one_line_of_text(tmp_path: Path) -> None:
    line = view(tmp_path).line
    assert line == f"<report init: Of 3 claims: 2 supported, 1 contradicted. 3 runs, {tmp_path}>"


def test_the_html_has_the_answer_the_picture_and_the_contradicted_claim_first(tmp_path: Path) -> None:
    text = html(view(tmp_path), lambda id_: SVG)
    places = [
        text.index(words) for words in ("Of 3 claims", "data:image/svg+xml;base64,", "b &lt;b&gt;", "a &lt;b&gt;")
    ]
    assert places == sorted(places)
    assert "50.0%" in text


def test_text_of_a_study_is_escaped_in_html(tmp_path: Path) -> None:
    text = html(view(tmp_path), lambda id_: SVG)
    assert "<script>" not in text
    assert "<b>" not in text
    assert 'alt="Loss. It &#34;falls&#34;."' in text


def test_the_page_is_linked_if_it_exists(tmp_path: Path) -> None:
    assert "<a " not in html(view(tmp_path), lambda id_: SVG)
    (tmp_path / "index.html").write_text("", encoding="utf-8")
    assert f'<a href="{tmp_path.as_posix()}/index.html">' in html(view(tmp_path), lambda id_: SVG)


def test_the_markdown_has_a_table_and_the_file_of_the_picture(tmp_path: Path) -> None:
    assert "![" not in markdown(view(tmp_path))
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "loss_curves.svg").write_text(SVG, encoding="utf-8")
    text = markdown(view(tmp_path))
    assert f"![Loss]({tmp_path.as_posix()}/figures/loss_curves.svg)" in text
    assert text.count("| supported |") == 2
    assert "<script>" not in text.replace("\\<", "")


def test_a_quick_look_has_no_verdicts(tmp_path: Path) -> None:
    quick = view(tmp_path, watermark="A quick look: no verdicts")
    assert quick.answer == "A quick look: no verdicts"
    assert "contradicted" not in html(quick, lambda id_: SVG)


@pytest.mark.parametrize("count", [0, 1])
def test_the_answer_of_few_claims_is_a_sentence(tmp_path: Path, count: int) -> None:
    results = {
        "study": {"id": "a", "title": "A", "question": "?"},
        "provenance": {},
        "runs": [],
        "claims": [claim("a", "inconclusive")] * count,
    }
    expected = {0: "This study makes no claims.", 1: "Of 1 claim: 1 inconclusive."}
    assert view_of(results, tmp_path).answer == expected[count]
