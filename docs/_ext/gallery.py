"""The pictures of docs/gallery.md: `python docs/_ext/gallery.py` trains its small studies and draws them again.

Each file in docs/gallery/studies is a study whose `figures:` name the pictures it shows. The script writes each picture
to docs/gallery/<id>.svg, and the text between the comments `generated: gallery` and `end`.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reportgen.cli.main import invoke
from reportgen.figures.pictures.table import PICTURES

PAGE = Path(__file__).resolve().parents[1] / "gallery.md"
FOLDER = PAGE.with_suffix("")
STUDIES = FOLDER / "studies"
PART = re.compile(r"(<!-- generated: gallery -->\n).*?(<!-- end -->)", re.DOTALL)


def drawn() -> dict[str, tuple[str, Mapping[str, Any]]]:
    """Train and draw the studies; return the study and the texts of each picture by its id."""
    found: dict[str, tuple[str, Mapping[str, Any]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for file in sorted(STUDIES.glob("*.yaml")):
            if invoke(["run", str(file), "-o", folder, "--quiet"]):
                raise SystemExit(f"{file.name} could not be drawn")
            report = Path(folder) / file.stem
            for figure in json.loads((report / "results.json").read_text(encoding="utf-8"))["figures"]:
                found[figure["id"]] = (file.stem, figure)
                shutil.copy(report / "figures" / f"{figure['id']}.svg", FOLDER)
    return found


def lines(found: Mapping[str, tuple[str, Mapping[str, Any]]]) -> Iterator[str]:
    """Yield a section for each picture."""
    for kind in sorted(PICTURES, key=lambda kind: kind.title):
        study, texts = found[kind.id]
        yield from (f"## {kind.title}", "", f"```{{figure}} gallery/{kind.id}.svg", f":alt: {texts['alt']}", "")
        yield from (texts["caption"], "```", "")
        yield f"Name: `{kind.id}`. Study: [{study}](gallery/studies/{study}.yaml)."
        yield ""


def main() -> None:
    """Update the pictures and the page."""
    found = drawn()
    text = PAGE.read_text(encoding="utf-8")
    body = "\n".join(lines(found))
    PAGE.write_text(PART.sub(lambda part: f"{part[1]}\n{body}\n{part[2]}", text), encoding="utf-8")


if __name__ == "__main__":
    main()
