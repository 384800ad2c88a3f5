"""Tables of the PDF fit on the page, with any number of columns and any length of words."""

from __future__ import annotations

from typing import Any

import pytest

from reportgen.report.media import pdf
from reportgen.report.media.fit import fitted, too_wide
from reportgen.shipped import templates_folder

STYLE = (templates_folder() / "print.css").read_text(encoding="utf-8")
CELL = '<td><span class="value">0.00123</span> <span class="range">0.00123 to 0.00129</span></td>'
HEAD = '<th scope="col">Validation accuracy</th>'


def source(columns: int, name: str = "tanh, lr 1", rows: int = 3) -> Any:
    row = f'<tr><th scope="row">{name}</th>{CELL * columns}<td class="num">12 345 678</td></tr>'
    head = f"<tr><th>Variant</th>{HEAD * columns}<th>Parameters</th></tr>"
    table = f'<table class="variants many"><thead>{head}</thead><tbody>{row * rows}</tbody></table>'
    tall = "tbody th {height: 5cm}" if rows > 3 else ""  # a few rows on two pages
    html = f'<!doctype html><html lang="en"><style>{STYLE}{tall}</style><body>{table}</body></html>'
    return pdf.weasyprint().HTML(string=html)


def classes(source: Any) -> str:
    return str(next(source.etree_element.iter("table")).get("class"))


def test_a_table_that_fits_stays_as_it_is() -> None:
    given = source(4)
    assert not too_wide(fitted(given, {}))
    assert classes(given) == "variants many"


@pytest.mark.parametrize(
    ("columns", "name", "rows"),
    [(8, "tanh, lr 1", 6), (14, "tanh, lr 1", 3), (3, "a_name_without_any_blank_" * 6, 3)],
    ids=["eight scores on two pages", "fourteen scores", "one long word"],
)
def test_a_table_that_is_too_wide_is_made_to_fit(columns: int, name: str, rows: int) -> None:
    given = source(columns, name, rows)
    before = given.render()
    assert len(before.pages) == (1 if rows == 3 else 2)
    assert len(too_wide(before)) == 1, "one table to mend, on however many pages"
    assert not too_wide(fitted(given, {}))
    assert "tight" in classes(given)
