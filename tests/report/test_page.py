"""The order of the page, the rows of claims, and what is folded."""

from __future__ import annotations

import re


def test_a_row_shows_sentence_verdict_and_value_and_opens_to_the_details(written_page: str) -> None:
    row = written_page[written_page.index('id="claim-dies"') :].partition("</details>")[0]
    closed, _, details = row.partition("</summary>")
    assert "The signal &lt;b&gt;dies&lt;/b&gt; out." in closed
    assert '<span class="badge inconclusive">' in closed
    assert re.search(r'<span class="value">0\.00\d+<', closed)
    terms = re.findall("<dt>(.*?)</dt>", details)
    assert terms == ["Measured", "95% interval", "Expected", "Seeds", "Method", "Verdict", "Note", "Source"]
    assert "below 0.001" in details


def test_the_picture_follows_the_answer_and_details_of_the_study_are_folded(written_page: str) -> None:
    assert written_page.index('class="says"') < written_page.index("<figure") < written_page.index('id="claims"')
    parts = re.findall(r'<details class="part"( open)?><summary><h2>(.*?)</h2>', written_page)
    assert dict(map(reversed, parts)) == {
        "Predict, then reveal": "",
        "Background": " open",
        "Diagnoses and remedies": "",
        "Lecture and measurement": "",
        "Each variant": "",
    }


def test_layers_without_a_printed_number_have_a_dash(written_page: str) -> None:
    tables = written_page[written_page.index('id="printed"') :].partition("</table>")[0]
    assert tables.count('<th scope="row">') == 6
    assert tables.count('<td class="num">–</td>') == 8  # the number and the difference of four layers
