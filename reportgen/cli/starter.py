"""`reportgen new`: a study to begin with, which runs as it is and explains itself."""

from __future__ import annotations

import json
from pathlib import Path

from reportgen.errors import UsageError
from reportgen.shipped import templates_folder

ENDINGS = (".yaml", ".yml")


def write_starter(name: str | Path) -> Path:
    """Write the starter study under a name, to which .yaml is added where it has no such ending; return the path.

    Raises UsageError where a file of that name is there already, or none can be written.
    """
    path = Path(name)
    if path.name in ("", ".", ".."):
        raise UsageError("?", f"{str(name)!r} is no name of a file", hint="such as reportgen new rates")
    path = path if path.suffix in ENDINGS else path.with_name(f"{path.name}.yaml")
    text = starter_text(path.stem)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError("?", "this is there already", where=str(path), hint="choose another name") from None
    except OSError as error:
        raise UsageError("?", f"the study cannot be written: {error.strerror or error}", where=str(path)) from error
    return path


def starter_text(name: str) -> str:
    """Return the starter study as YAML, its title made from a file's name."""
    words = " ".join(name.replace("_", " ").replace("-", " ").split()) or "Study"
    title = json.dumps(words[:1].upper() + words[1:], ensure_ascii=False)
    text = (templates_folder() / "starter.yaml").read_text(encoding="utf-8")
    return text.replace("title: TITLE\n", f"title: {title}\n")
