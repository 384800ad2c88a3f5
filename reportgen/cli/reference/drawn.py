"""Pictures of components, for `reportgen describe NAME -o FILE`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reportgen.disk import replace_file
from reportgen.errors import UsageError
from reportgen.figures.drawing.figure import PICTURE_ENDINGS
from reportgen.figures.pictures.table import PICTURED, component_picture, has_picture
from reportgen.registry import table_of
from reportgen.study.model.components import read_component


def write_picture(matches: Sequence[tuple[str, str, Any]], file: Path) -> None:
    """Write the picture of the first match that has one, with the default values of its parameters.

    Parameters
    ----------
    matches : kind, name and entry of each match.
    file : ends in .svg, .pdf or .png.

    Raises
    ------
    UsageError : no match has a picture, or the file has another ending or cannot be written.
    """
    from reportgen.figures.drawing.export import content  # loads matplotlib

    ending = file.suffix.lower()
    if ending not in PICTURE_ENDINGS:
        hint = f"a name that ends in {', '.join(PICTURE_ENDINGS)}"
        raise UsageError("unknown-value", f"cannot write a picture as {file.name!r}", "-o", hint)
    found = next(((kind, entry) for kind, _, entry in matches if has_picture(kind, entry)), None)
    if found is None:
        name = matches[0][1] if matches else "a verb"
        raise UsageError("no-picture", f"{name} has no picture", "-o", f"pictures exist of {' and '.join(PICTURED)}")
    kind, row = found
    component = read_component(row.name, table_of(row.kind), row.kind)
    try:
        replace_file(file, content(component_picture(component, kind), ending))
    except OSError as error:
        message = f"cannot write the picture ({error.strerror or error})"
        raise UsageError("not-writable", message, where=str(file)) from error
