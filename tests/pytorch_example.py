"""The PyTorch example of the docs, carried out as it stands.

Where there is PyTorch but no pytest: python -m tests.pytorch_example.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import tempfile
import warnings
from pathlib import Path

from reportgen.cli import invoke

PAGE = Path(__file__).resolve().parents[1] / "docs" / "diagnose.md"
MOST_LINES = 20  # of code


def check_example(folder: Path) -> None:
    """Run the page's few lines in a folder; their record must get the diagnosis that the page promises."""
    page = PAGE.read_text(encoding="utf-8")
    code = re.search(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    promised = re.search(r"^```text\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert code
    assert promised
    assert sum(bool(line) for line in code[1].splitlines()) <= MOST_LINES
    with contextlib.chdir(folder), warnings.catch_warnings():
        warnings.simplefilter("error")
        exec(compile(code[1], str(PAGE), "exec"), {"__name__": "example"})
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        assert invoke(["diagnose", str(folder / "record.npz")]) == 0
    assert printed.getvalue().startswith(promised[1]), printed.getvalue()
    assert "not judged" not in printed.getvalue()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        check_example(Path(folder))
    print(f"the example of {os.path.relpath(PAGE)} holds")
