"""The explorer in a browser: it draws what the data say, works by keyboard, and is absent without scripts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture
def explorer(browser: Any, pages: dict[str, Path]) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(pages["trained"].as_uri())
    yield page
    context.close()


def data(page: Any) -> dict[str, Any]:
    text = page.evaluate("() => document.getElementById('explorer-data').textContent")
    return dict(json.loads(text))


def shown_values(page: Any) -> dict[str, list[str]]:
    """Return the cells of the table by variant."""
    rows = page.evaluate(
        "() => [...document.querySelectorAll('#explorer [data-part=table] tbody tr')]"
        ".map((row) => [...row.children].map((cell) => cell.textContent))"
    )
    return {row[0]: row[1:] for row in rows}


def text_of(page: Any, part: str) -> str:
    return str(page.locator(f'#explorer [data-part="{part}"]').inner_text())


def test_the_table_has_the_values_of_the_chosen_probe(explorer: Any) -> None:
    values = data(explorer)
    last = len(values["series"][0]["steps"]) - 1
    explorer.locator('[data-part="statistic"]').select_option("weight_norm")
    explorer.locator('[data-part="step"]').fill(str(last))
    for one in values["series"]:
        cells = [float(cell) for cell in shown_values(explorer)[one["label"]]]
        assert cells == pytest.approx(one["values"]["weight_norm"][last], rel=0.01)


def test_unchecking_a_variant_removes_its_lines(explorer: Any) -> None:
    lines = explorer.locator('[data-part="curves"] path.line')
    before = lines.count()
    explorer.locator('#explorer input[type="checkbox"]').first.uncheck()
    assert lines.count() == before - 1
    assert len(shown_values(explorer)) == before - 1


def test_arrow_keys_move_through_the_probes(explorer: Any) -> None:
    slider = explorer.locator('[data-part="step"]')
    slider.focus()
    assert text_of(explorer, "at") == "before training"
    explorer.keyboard.press("ArrowRight")
    step = data(explorer)["series"][0]["steps"][1]
    assert text_of(explorer, "at") == f"step {step}"
    assert slider.get_attribute("aria-valuetext") == f"step {step}"


def test_playing_ends_at_the_last_probe(explorer: Any) -> None:
    button = explorer.locator('[data-part="play"]')
    button.focus()
    explorer.keyboard.press("Enter")
    assert button.inner_text() == "Pause"
    last = data(explorer)["series"][0]["steps"][-1]
    explorer.wait_for_function(f"() => document.querySelector('[data-part=at]').textContent === 'step {last}'")
    assert button.inner_text() == "Play"


def test_the_histogram_follows_the_layer(explorer: Any) -> None:
    path = explorer.locator('[data-part="histograms"] path.line').first
    before = path.get_attribute("d")
    explorer.locator('[data-part="layer"]').select_option("2")
    assert path.get_attribute("d") != before


def test_a_study_without_training_has_no_slider(browser: Any, pages: dict[str, Path]) -> None:
    page = browser.new_page()
    page.goto(pages["untrained"].as_uri())
    assert page.locator("#explorer").is_visible()
    assert not page.locator('[data-part="step"]').is_visible()
    page.close()


def test_without_scripts_the_section_is_absent_and_the_page_complete(browser: Any, pages: dict[str, Path]) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(pages["trained"].as_uri())
    assert not page.locator("#explorer").is_visible()
    assert page.locator("#methods").is_visible()
    context.close()
