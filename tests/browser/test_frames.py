"""The pages of single figures in iframes, with the snippets of the kit."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import UNTRAINED

pytestmark = pytest.mark.slow

WIDTHS = (320, 390, 480, 640, 816, 1280)
"""Windows in pixels."""


@pytest.fixture(scope="module")
def snippets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a page with all iframes of a report, whose captions are long."""
    from reportgen.workflow.run import run_study

    folder = tmp_path_factory.mktemp("frames")
    text = UNTRAINED.replace(": small}", ": rather small weights without any correction for the inputs}")
    (folder / "deep.yaml").write_text(text, encoding="utf-8")
    report = run_study(folder / "deep.yaml", output=folder / "reports", formats=["kit"])
    found = re.findall("<iframe.*?</iframe>", (report.folder / "embed" / "snippets.md").read_text(encoding="utf-8"))
    frames = "".join(found).replace('loading="lazy"', "")
    page = folder / "page.html"
    head = '<!doctype html><meta name="viewport" content="width=device-width"><body style="margin: 16px">'
    page.write_text(head + frames.replace("https://example.org", "reports"), encoding="utf-8")
    return page


@pytest.mark.parametrize("width", WIDTHS)
def test_no_frame_has_a_scroll_bar(browser: Any, snippets: Path, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(snippets.as_uri())
    sizes = "[innerWidth, innerHeight, document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    frames = [frame.evaluate(sizes) for frame in page.frames[1:]]
    assert len(frames) == 2
    assert [one for one in frames if one[2] > one[0] or one[3] > one[1]] == []
    page.close()
