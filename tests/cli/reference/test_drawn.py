"""`reportgen describe NAME -o FILE` writes the picture of an activation or a schedule."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.cli.main import invoke
from reportgen.cli.reference.catalogue import find_entries
from reportgen.cli.reference.descriptions import describe
from reportgen.cli.reference.drawn import write_picture
from reportgen.errors import UsageError


@pytest.mark.parametrize(
    ("name", "file", "start"),
    [("relu", "a.svg", b"<svg"), ("tanh", "b.png", b"\x89PNG"), ("cosine", "c.pdf", b"%PDF")],
)
def test_the_file_has_the_format_of_its_ending(tmp_path: Path, name: str, file: str, start: bytes) -> None:
    write_picture(find_entries(name), tmp_path / file)
    assert (tmp_path / file).read_bytes().startswith(start)


@pytest.mark.parametrize(
    ("name", "file", "code"),
    [
        ("relu", "a.gif", "unknown-value"),
        ("he", "a.svg", "no-picture"),
        ("maxout", "a.svg", "no-picture"),
        ("relu", "missing/a.svg", "not-writable"),
    ],
)
def test_what_cannot_be_drawn_or_written_is_an_error(tmp_path: Path, name: str, file: str, code: str) -> None:
    with pytest.raises(UsageError) as caught:
        write_picture(find_entries(name), tmp_path / file)
    assert caught.value.code == code
    assert not (tmp_path / file).exists()


def test_the_description_names_the_command_of_the_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "relu.svg"
    assert invoke(["describe", "relu", "-o", str(file)]) == 0
    assert "reportgen describe relu -o relu.svg" in capsys.readouterr().out
    assert file.read_text(encoding="utf-8").startswith("<svg")


@pytest.mark.parametrize(("name", "has"), [("relu", True), ("warmup", True), ("maxout", False), ("he", False)])
def test_only_names_with_a_picture_say_so(name: str, has: bool) -> None:
    lines = [line for entry in find_entries(name)[:1] for line in describe(*entry)]
    assert any(line.strip().startswith("picture:") for line in lines) == has
