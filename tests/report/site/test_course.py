"""The studies of a course as the pages of a site show them."""

from __future__ import annotations

from pathlib import Path

from reportgen.report.site.pages import write_site
from tests.report.finished_reports import claim, report


def test_a_dark_page_shows_the_dark_figure_if_there_is_one(tmp_path: Path) -> None:
    report(tmp_path / "in" / "init", [claim("a")])
    write_site([tmp_path / "in"], tmp_path / "without")
    (tmp_path / "in" / "init" / "figures" / "loss curves-dark.svg").write_text("<svg/>", encoding="utf-8")
    write_site([tmp_path / "in"], tmp_path / "with")
    found = [(tmp_path / name / "index.html").read_text(encoding="utf-8") for name in ("without", "with")]
    assert ['srcset="init/figures/loss%20curves-dark.svg"' in text for text in found] == [False, True]
