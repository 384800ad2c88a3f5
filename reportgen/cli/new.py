"""The verb new, which writes a commented starter study.

Modules that take time to load are imported inside the verb.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from reportgen import disk
from reportgen.analysis.words.foreign import refuse_undecodable
from reportgen.cli.terminal import print_lines, say
from reportgen.errors import UsageError
from reportgen.shipped import templates_folder

ENDINGS = (".yaml", ".yml")


def new(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="Name of the file, with or without .yaml.")] = "study",
) -> None:
    """Write a commented starter study that runs unchanged."""
    from reportgen.workflow.command_line import shell_command

    path = write_starter(name)
    print_lines([("", str(path))])
    say(f"next: {shell_command('reportgen', 'check', path)}, and {shell_command('reportgen', 'run', path)}")


def write_starter(name: str | Path) -> Path:
    """Write the starter study and return its path; .yaml is added to a name without ending.

    Raises UsageError if the name is no file name, the file exists, or it cannot be written.
    """
    refuse_undecodable(str(name))
    path = Path(name)
    if path.name in ("", ".", ".."):
        raise UsageError("invalid-file-name", f"{str(name)!r} is not a file name", hint="such as reportgen new rates")
    path = path if path.suffix in ENDINGS else path.with_name(f"{path.name}.yaml")
    text = starter_text(path.stem)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        disk.remove_abandoned(path.parent)
        with disk.temporary_path(path) as temporary:
            disk.write_synced(temporary, text.encode())
            disk.move_to_new(temporary, path)
    except FileExistsError:
        raise UsageError("file-exists", "the file already exists", str(path), "choose another name") from None
    except OSError as error:
        raise UsageError("not-writable", f"cannot write the study: {error.strerror or error}", str(path)) from error
    return path


def starter_text(name: str) -> str:
    """Return the starter study as YAML, with a title made from the file's name."""
    words = " ".join(name.replace("_", " ").replace("-", " ").split()) or "Study"
    title = json.dumps(words[:1].upper() + words[1:], ensure_ascii=False)
    text = (templates_folder() / "starter.yaml").read_text(encoding="utf-8")
    return text.replace("title: TITLE\n", f"title: {title}\n")
