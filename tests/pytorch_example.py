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
from typing import Any

from reportgen.cli.main import invoke
from reportgen.external.reader import read_records

PAGE = Path(__file__).resolve().parents[1] / "docs" / "diagnose.md"
MOST_LINES = 20  # of code
STEP = """
score()
recorder.step(loss_of(net(x[:32]), y[:32]))
score()
recorder.save("other.npz")
"""


def check_example(folder: Path) -> None:
    """Run the page's few lines in a folder; their record must get the diagnosis that the page promises.

    The second example, of other layers, continues the first: a step of it makes a record that every rule can judge but
    for what no training outside of ours measures.
    """
    page = PAGE.read_text(encoding="utf-8").split("## With PyTorch")[1].split("\n## ")[0]
    code, other = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    promised = re.search(r"^```text\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert promised
    assert sum(bool(line) for line in code.splitlines()) <= MOST_LINES
    with contextlib.chdir(folder), warnings.catch_warnings():
        warnings.simplefilter("error")
        names: dict[str, Any] = {"__name__": "example"}
        exec(compile(code, str(PAGE), "exec"), names)
        exec(compile(other + STEP, str(PAGE), "exec"), names)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        assert invoke(["diagnose", str(folder / "record.npz")]) == 0
    assert printed.getvalue().startswith(promised[1]), printed.getvalue()
    assert "not judged" not in printed.getvalue()
    [found] = read_records(folder / "other.npz")
    layer = found.record.spec.network.layers[0]
    assert (layer.batchnorm is not None, layer.dropout and layer.dropout.rate) == (True, 0.3)
    assert found.record.spec.training.optimizer.name == "adamw"
    assert 0.5 < found.record.facts["train_mode_scale"] < 1.5
    assert abs(found.record.statistic("preactivation_mean")[0, 0]) < 1e-6


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        check_example(Path(folder))
    print(f"the example of {os.path.relpath(PAGE)} holds")
