"""Pages in a browser: no violation of accessibility, no message of the console, nothing wider than the window."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.pages import MOST_BYTES, PHONE, check_page

pytestmark = pytest.mark.slow

VIEWS = {
    "trained": [("desktop", "light"), ("phone", "dark")],
    "untrained": [("phone", "light")],
    "images": [("zoomed", "dark")],
}
"""Windows and colour schemes for axe-core, which takes seconds; benchmarks/pages.py runs it in all of them."""


@pytest.mark.parametrize("name", VIEWS)
def test_a_page_is_accessible_silent_and_fits_every_window(browser: Any, pages: dict[str, Path], name: str) -> None:
    checks = check_page(browser, pages[name], VIEWS[name])
    assert checks.violations == []
    assert checks.messages == []
    assert checks.wide == []
    assert checks.bytes <= MOST_BYTES


def test_the_checks_find_faults(browser: Any, tmp_path: Path) -> None:
    """The control: a page with a picture without text, a message and too wide an element."""
    page = tmp_path / "index.html"
    page.write_text(
        "<!doctype html><html><body><img src='data:,'><p style='width: 3000px'>wide</p>"
        "<script>console.log('message')</script></body></html>",
        encoding="utf-8",
    )
    checks = check_page(browser, page, [("phone", "light")])
    assert any("image-alt" in one for one in checks.violations)
    assert "message" in checks.messages
    assert any("P." in one for one in checks.wide)


def test_the_answer_and_the_picture_come_before_the_claims(browser: Any, pages: dict[str, Path]) -> None:
    context = browser.new_context(viewport={"width": PHONE[0], "height": PHONE[1]})
    page = context.new_page()
    page.goto(pages["trained"].as_uri())
    parts = (".question", "#answer .says", "figure", "#claims")
    top = {name: page.locator(name).first.bounding_box()["y"] for name in parts}
    assert sorted(parts, key=lambda name: top[name]) == list(parts)
    assert top["figure"] < 2 * PHONE[1]
    context.close()
