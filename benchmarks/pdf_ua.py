"""Checks of the PDFs of reports against the parts of PDF/UA-1 (ISO 14289-1) that a program can decide.

`python -m benchmarks.pdf_ua FILE...` prints a line for each fault; the exit code is 1 if there is any. The numbers are
those of the checkpoints of the Matterhorn protocol 1.1. docs/outputs.md lists the checks.
"""

from __future__ import annotations

import argparse
import itertools
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject

HEADINGS = re.compile(r"H([1-6])")
STANDARD = {
    *(
        "Document",
        "Part",
        "Art",
        "Sect",
        "Div",
        "BlockQuote",
        "Caption",
        "TOC",
        "TOCI",
        "Index",
        "NonStruct",
        "Private",
    ),
    *("P", "H", "H1", "H2", "H3", "H4", "H5", "H6", "L", "LI", "Lbl", "LBody"),
    *("Table", "TR", "TH", "TD", "THead", "TBody", "TFoot"),
    *("Span", "Quote", "Note", "Reference", "BibEntry", "Code", "Link", "Annot", "Figure", "Formula", "Form"),
}
CHILDREN = {
    "Table": {"TR", "THead", "TBody", "TFoot", "Caption"},
    **{part: {"TR"} for part in ("THead", "TBody", "TFoot")},
    "TR": {"TH", "TD"},
    "L": {"L", "LI", "Caption"},
    "LI": {"Lbl", "LBody"},
}
"""The allowed children of parts of tables and lists."""


def faults(path: Path) -> list[str]:
    """Return the faults of a PDF, each with the number of its checkpoint; empty if all checks pass."""
    reader = PdfReader(path)
    root: Any = reader.trailer["/Root"]
    elements = list(_elements(root.get("/StructTreeRoot")))
    found = [*_document(reader, root), *_structure(elements), *_headings(elements)]
    for number, page in enumerate(reader.pages, 1):
        found += [f"page {number}: {fault}" for fault in _page(page)]
    return found


def _document(reader: PdfReader, root: Any) -> Iterator[str]:
    metadata = root["/Metadata"].get_data().decode() if "/Metadata" in root else ""
    for checkpoint, is_met, fault in (
        ("06-001", bool(metadata), "the document has no metadata"),
        ("06-002", re.search(r"pdfuaid:part\D*1", metadata), "the metadata do not say PDF/UA-1"),
        ("06-003", "dc:title" in metadata, "the metadata have no title"),
        ("07-001", root.get("/ViewerPreferences", {}).get("/DisplayDocTitle"), "the title is not displayed"),
        ("01-006", root.get("/MarkInfo", {}).get("/Marked"), "the document is not marked as tagged"),
        ("01-007", not root.get("/MarkInfo", {}).get("/Suspects"), "the tags are suspect"),
        ("11-006", root.get("/Lang"), "the document has no language"),
        ("26-001", not reader.is_encrypted, "the document is encrypted"),
        ("29-001", "/JavaScript" not in root.get("/Names", {}), "the document has scripts"),
        ("01-005", root.get("/StructTreeRoot"), "the document has no structure"),
    ):
        if not is_met:
            yield f"{checkpoint}: {fault}"


Element = tuple[str, Any, list[str]]  # type, dictionary, types of the children


def _elements(node: Any) -> Iterator[Element]:
    """Yield all structure elements in reading order; roles are replaced by the standard types that they mean."""
    roles = {} if node is None else {key[1:]: value[1:] for key, value in node.get("/RoleMap", {}).items()}

    def inside(parent: Any) -> Iterator[Element]:
        for child in _children(parent):
            yield (
                roles.get(child["/S"][1:], child["/S"][1:]),
                child,
                [roles.get(one["/S"][1:], one["/S"][1:]) for one in _children(child)],
            )
            yield from inside(child)

    if node is not None:
        yield from inside(node)


def _children(parent: Any) -> list[Any]:
    kids = parent.get("/K", [])
    kids = kids if isinstance(kids, ArrayObject) else [kids]
    found = [kid.get_object() for kid in kids]
    return [kid for kid in found if isinstance(kid, DictionaryObject) and "/S" in kid]


def _structure(elements: list[Element]) -> Iterator[str]:
    for kind, element, children in elements:
        if kind not in STANDARD:
            yield f"02-001: {kind} is not a standard type"
        if kind in CHILDREN and not set(children) <= CHILDREN[kind]:
            yield f"09-004: {kind} contains {', '.join(sorted(set(children) - CHILDREN[kind]))}"
        if kind in ("Figure", "Formula") and not (element.get("/Alt") or element.get("/ActualText")):
            yield f"13-004: a {kind} has no alternative text"
        if kind == "TH" and not _scope(element):
            yield "15-003: a heading of a table has no scope"


def _scope(element: Any) -> bool:
    attributes = element.get("/A", [])
    listed = attributes if isinstance(attributes, ArrayObject) else [attributes]
    return any("/Scope" in one.get_object() for one in listed) or bool(element.get("/ID"))


def _headings(elements: list[Element]) -> Iterator[str]:
    levels = [int(match[1]) for kind, _, _ in elements if (match := HEADINGS.fullmatch(kind))]
    if levels and levels[0] != 1:
        yield f"14-002: the first heading has the level {levels[0]}"
    for before, after in itertools.pairwise(levels):
        if after > before + 1:
            yield f"14-003: a heading of the level {after} follows one of the level {before}"


def _page(page: Any) -> Iterator[str]:
    if "/StructParents" not in page:
        yield "01-005: the content is not tagged"
    annotations = [one.get_object() for one in page.get("/Annots", [])]
    if annotations and page.get("/Tabs") != "/S":
        yield "28-008: the tab order is not that of the structure"
    for one in annotations:
        if "/StructParent" not in one:
            yield "28-002: a link or annotation is not tagged"
        if one.get("/Subtype") == "/Link" and not one.get("/Contents"):
            yield "28-012: a link has no description"
    for name, font in (page.get("/Resources", {}).get("/Font") or {}).items():
        yield from _font(name, font.get_object())


def _font(name: str, font: Any) -> Iterator[str]:
    inner = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
    descriptor = inner.get("/FontDescriptor", {})
    if not any(key in descriptor for key in ("/FontFile", "/FontFile2", "/FontFile3")) and font["/Subtype"] != "/Type3":
        yield f"31-009: the font {name} is not embedded"
    if "/ToUnicode" not in font:
        yield f"10-001: the font {name} does not say which characters it has"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    failed = False
    for path in parser.parse_args().files:
        found = faults(path)
        failed |= bool(found)
        print(f"{path.name}: {len(found)} faults")
        for fault in dict.fromkeys(found):
            print(f"  {fault}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
