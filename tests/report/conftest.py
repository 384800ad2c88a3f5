"""The report that most tests of pages and PDFs read."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a report as page, PDF and kit, at a set time; there is no PDF without Pango."""
    from reportgen.errors import MissingError
    from tests.report.test_report import analysed, write_at_a_set_time  # loads Numba

    folder = tmp_path_factory.mktemp("report")
    with suppress(MissingError):
        write_at_a_set_time(analysed(folder), folder, ["html", "pdf", "kit"])
    return folder


@pytest.fixture(scope="session")
def written_pdf(written: Path) -> Path:
    """The PDF of this report; it has the data attached."""
    if not (written / "hostile.pdf").exists():
        pytest.skip("Pango is not installed")
    return written / "hostile.pdf"


@pytest.fixture(scope="session")
def written_page(written: Path) -> str:
    """The page of this report."""
    return (written / "index.html").read_text(encoding="utf-8")
