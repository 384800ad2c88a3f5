"""The gallery of the docs shows every picture, from studies that name it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reportgen.figures.pictures.table import PICTURES
from reportgen.study.loading.loader import load_study

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGE = (DOCS / "gallery.md").read_text(encoding="utf-8")
STUDIES = sorted((DOCS / "gallery" / "studies").glob("*.yaml"))
MOST_BYTES = 200_000


@pytest.mark.parametrize("kind", PICTURES, ids=lambda kind: kind.id)
def test_the_page_shows_each_picture(kind: object) -> None:
    id_, title = kind.id, kind.title  # type: ignore[attr-defined]
    section = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |^<!-- end)", PAGE, re.MULTILINE | re.DOTALL)
    assert section, title
    assert f"gallery/{id_}.svg" in section[1]
    assert f"`{id_}`" in section[1]
    assert len(re.findall(r"^:alt: .{40,}\.$", section[1], re.MULTILINE)) == 1
    file = DOCS / "gallery" / f"{id_}.svg"
    assert 1000 < file.stat().st_size < MOST_BYTES
    assert title in file.read_text(encoding="utf-8")


@pytest.mark.parametrize("file", STUDIES, ids=lambda file: file.stem)
def test_a_study_of_the_gallery_is_sound_and_named_by_its_pictures(file: Path) -> None:
    plan = load_study(file)
    assert plan.study.figures
    for id_ in plan.study.figures:
        assert re.search(rf"Name: `{id_}`\. Study: \[{file.stem}\]\(gallery/studies/{file.stem}\.yaml\)\.", PAGE), id_


def test_no_picture_is_left_over() -> None:
    assert {path.stem for path in (DOCS / "gallery").glob("*.svg")} == {kind.id for kind in PICTURES}
