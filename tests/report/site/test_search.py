"""The search box of a site: hidden without its script, and what it finds in a browser."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reportgen.report.site.pages import write_site
from reportgen.shipped import templates_folder
from tests.report.finished_reports import claim, report

pytestmark = pytest.mark.slow


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site of two studies."""
    report(tmp_path / "init", [claim("falls", says="The <signal> dies out."), claim("own", lecture=None)])
    report(tmp_path / "dropout", [claim("helps", lecture=50, says="Dropout helps.")])
    write_site([tmp_path / "init", tmp_path / "dropout"], tmp_path / "site")
    return tmp_path / "site"


@pytest.fixture(scope="module")
def window(browser: Any) -> Iterator[Any]:
    """Yield a page of the browser, which opens one site after the other."""
    page = browser.new_page()
    yield page
    page.close()


def test_the_page_allows_its_script_alone_and_hides_the_box_without_it(site: Path) -> None:
    script = (templates_folder() / "site.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    for name in ("index.html", "lectures.html"):
        text = (site / name).read_text(encoding="utf-8")
        assert f"script-src 'sha256-{digest}'" in text
        assert f"<script>{script}</script>" in text
        assert re.search(r'<div id="search" role="search"[^>]* hidden>', text)


def test_the_script_is_small_and_requests_nothing() -> None:
    script = (templates_folder() / "site.js").read_text(encoding="utf-8")
    assert len(script) < 3000
    assert not re.search(r"fetch|XMLHttp|import|http|innerHTML|eval", script)


def test_the_index_lists_the_claims_of_each_study_with_links(site: Path) -> None:
    text = (site / "index.html").read_text(encoding="utf-8")
    assert '<a href="init/index.html#claim-falls">' in text
    assert "The &lt;signal&gt; dies out." in text


@pytest.mark.parametrize(
    ("page", "query", "found", "shown"),
    [
        ("index.html", "DIES signal", "1 of 2 studies", ["init"]),
        ("index.html", "helps", "1 of 2 studies", ["dropout"]),
        ("index.html", "transformer", "0 of 2 studies", []),
        ("index.html", "", "", ["init", "dropout"]),
    ],
)
def test_the_search_shows_what_contains_all_words(
    window: Any, site: Path, page: str, query: str, found: str, shown: list[str]
) -> None:
    text = _rendered(window, site / page, query)
    assert re.search(r'<span id="found" role="status">(.*?)</span>', text)[1] == found
    cards = re.findall(r'<article class="card"([^>]*)>.*?href="(\w+)/index.html"', text, flags=re.DOTALL)
    assert {name for attributes, name in cards if "hidden" not in attributes} == set(shown)


def test_the_search_opens_the_claims_that_match(window: Any, site: Path) -> None:
    text = _rendered(window, site / "index.html", "signal")
    assert text.count('<li class="match">') == 1
    assert '<details data-matches="" open="">' in text


def _rendered(window: Any, path: Path, query: str) -> str:
    """Return the page after its script ran with a query in the address."""
    window.goto("about:blank")  # another query of the same address would not load the page again
    window.goto(f"{path.resolve().as_uri()}#q={query.replace(' ', '%20')}")
    return str(window.content())
