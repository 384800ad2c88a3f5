"""The PDFs of reports pass the checks of PDF/UA-1 that a program can decide."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.pdf_ua import faults


def test_the_pdf_of_a_study_has_no_fault(written_pdf: Path) -> None:
    assert faults(written_pdf) == []


def test_the_checks_find_what_an_untagged_document_lacks(tmp_path: Path) -> None:
    module = pytest.importorskip("weasyprint")
    page = "<h2>A</h2><p><a href='https://example.org'>a</a></p><img src='data:,'><table><tr><th>a</th></tr></table>"
    module.HTML(string=page).write_pdf(tmp_path / "plain.pdf")
    numbers = {fault.split(": ")[-2] if fault.startswith("page") else fault.split(":")[0] for fault in faults(
        tmp_path / "plain.pdf"
    )}  # fmt: skip
    assert {"06-002", "07-001", "11-006", "01-005"} <= numbers


def test_the_checks_find_faults_of_tags(tmp_path: Path) -> None:
    module = pytest.importorskip("weasyprint")
    page = (
        "<html lang=en><title>t</title><h1>A</h1><h3>B</h3><svg width=9 height=9><rect width=9 height=9 /></svg></html>"
    )
    module.HTML(string=page).write_pdf(tmp_path / "tagged.pdf", pdf_variant="pdf/ua-1")
    found = faults(tmp_path / "tagged.pdf")
    assert any(fault.startswith("14-003") for fault in found)
    assert any(fault.startswith("13-004") for fault in found)
