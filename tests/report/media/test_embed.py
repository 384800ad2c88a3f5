"""The kit for other documents: pages for iframes, snippets, and figures with labels."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from matplotlib.figure import Figure

from reportgen.figures import Drawing
from reportgen.figures.drawing.export import svg_text
from reportgen.report.document.content import Content
from reportgen.report.media import kit
from reportgen.report.media.embed import write_pages

HOSTILE = 'Größe <script>alert(1)</script> "quoted" שלום {{ site.title }} {% endraw %}'


def drawing(id_: str, finding: str = "") -> Drawing:
    figure = Figure(figsize=(6.5, 3))
    figure.add_subplot().plot(np.arange(3))
    words = f"Loss {HOSTILE}", f"A caption. {HOSTILE}", f"It falls to 1e-3. {HOSTILE}"
    return Drawing(id_, *words, figure, ("x",), [(1,)], finding=finding)


def content(drawings: list[Drawing], watermark: str | None = None) -> Content:
    return Content("init", f"Title {HOSTILE}", "Which?", watermark, drawings[0], tuple(drawings[1:]), {})


@pytest.fixture
def written(tmp_path: Path) -> dict[str, str]:
    """The files of a kit with two figures, by name."""
    drawings = [drawing("loss_curves", "The loss falls to 1e-3."), drawing("final_scores")]
    svgs = {one.id: svg_text(one) for one in drawings}
    kit.write_embed(content(drawings), drawings, (), tmp_path)
    write_pages(content(drawings), drawings, svgs, tmp_path)
    return {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}


class Tags(HTMLParser):
    """Collects the elements of a page with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, Any]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_there_is_a_page_for_each_figure(written: dict[str, str]) -> None:
    assert {name for name in written if name.endswith(".html")} == {"loss_curves.html", "final_scores.html"}


def test_a_page_has_no_script_and_requests_nothing(written: dict[str, str]) -> None:
    text = written["loss_curves.html"]
    found = Tags(text).found
    assert "script" not in [tag for tag, _ in found]
    addresses = [value for _, given in found for name, value in given.items() if name in ("href", "src", "xlink:href")]
    assert all(value.startswith(("#", "data:,")) for value in addresses)
    assert "default-src 'none'" in text
    assert "smooth" not in text
    assert "<svg" in text


def test_a_page_of_a_quick_look_says_so(tmp_path: Path) -> None:
    one = drawing("loss_curves")
    svgs = {one.id: svg_text(one)}
    write_pages(content([one], "A quick look: no verdicts"), [one], svgs, tmp_path)
    assert "A quick look: no verdicts" in (tmp_path / "loss_curves.html").read_text(encoding="utf-8")


def elements(snippets: str, tag: str) -> list[dict[str, Any]]:
    """Return the attributes of the elements in the blocks of HTML."""
    found = Tags("".join(re.findall("```html\n(.*?)```", snippets, re.DOTALL))).found
    return [given for name, given in found if name == tag]


def test_the_snippets_have_an_iframe_with_a_title_and_an_image_with_a_text(written: dict[str, str]) -> None:
    frames, images = elements(written["snippets.md"], "iframe"), elements(written["snippets.md"], "img")
    assert [given["src"].rsplit("/", 1)[1] for given in frames] == ["loss_curves.html", "final_scores.html"]
    assert all(given["title"] == f"Loss {HOSTILE}" for given in frames)
    assert all("It falls to 10⁻³." in given["alt"] for given in images)
    assert 300 < int(frames[0]["height"]) < 600


def test_jekyll_finds_no_template_in_the_markdown_of_a_kit(written: dict[str, str]) -> None:
    names = [name for name in written if name.endswith((".md", ".qmd"))]
    assert len(names) == 5
    assert [name for name in names if re.search(r"\{[{%]", written[name])] == []
    head = next(yaml.safe_load_all(written["figures.qmd"]))
    assert r"\{\{ site.title \}\} \{\% endraw %\}" in head["title"]
    assert "{{ site.title }} {% endraw %}" in elements(written["snippets.md"], "iframe")[0]["title"]


def test_a_frame_is_taller_for_a_longer_caption_and_for_the_figure_of_a_phone(tmp_path: Path) -> None:
    def frame(finding: str, picture: str) -> dict[str, Any]:
        one = drawing("loss_curves", finding)
        write_pages(content([one]), [one], {one.id: picture}, tmp_path)
        return elements((tmp_path / "snippets.md").read_text(encoding="utf-8"), "iframe")[0]

    broad = '<svg class="broad" viewBox="0 0 200 100"></svg>'
    narrow = '<svg class="narrow" viewBox="0 0 100 150"></svg>'
    short, long, both = frame("It falls.", broad), frame("It falls. " * 40, broad), frame("It falls.", broad + narrow)
    assert int(long["height"]) >= int(short["height"]) + 60
    assert both["height"] == short["height"]
    assert "vw" not in short["style"]
    assert "150vw" in both["style"]
    assert re.fullmatch(r"[-:,;#%.()/\sa-zA-Z0-9!]*", both["style"])  # Canvas drops a style with any other letter


def test_labels_are_the_same_in_myst_and_quarto(written: dict[str, str]) -> None:
    expected = ["fig-init-loss-curves", "fig-init-final-scores"]
    assert re.findall(r"^name: (\S+)", written["figures.myst.md"], re.MULTILINE) == expected
    assert re.findall(r"\]\(\.\./figures/\w+\.svg\)\{#(\S+) fig-alt=", written["figures.qmd"]) == expected


def test_latex_and_quarto_have_the_finding_as_the_short_caption(written: dict[str, str]) -> None:
    assert r"\caption[{The loss falls to 10\ensuremath{^{-3}}.}]" in written["figures.tex"]
    assert 'fig-scap="The loss falls to 10⁻³."' in written["figures.qmd"]
    assert "Short caption: The loss falls to 10⁻³." in written["captions.md"]


def test_a_figure_without_a_finding_has_its_title_as_short_caption(written: dict[str, str]) -> None:
    assert f"Short caption: {kit.markdown_text(f'Loss {HOSTILE}')}." in written["captions.md"]


def test_hostile_text_stays_text(written: dict[str, str]) -> None:
    for name in ("loss_curves.html", "final_scores.html"):
        assert "<script>" not in written[name]
    for name in ("figures.myst.md", "figures.qmd"):
        assert not re.search(
            r"(?<!\\)<script>", re.sub(r'\nalt: .*|fig-(alt|scap)="(\\.|[^"])*"|title: .*', "", written[name])
        )
