"""Predictions of a student in the report of a study."""

from __future__ import annotations

import json
import re
from pathlib import Path

from reportgen.workflow.run import run_study
from tests.rates import write_study


def test_the_page_and_the_results_contain_predictions(tmp_path: Path) -> None:
    path = tmp_path / "rates.yaml"
    write_study(path, ("low", "below: 100", False), ("high", "above: 100", False))
    text = path.read_text(encoding="utf-8")
    first, sign, rest = text.partition("    says:")
    prediction = "    predict: contradicted\n    why: It *grows* <b>.\n"
    path.write_text(f"{first}{prediction}{sign}{rest}student: ann\n", encoding="utf-8")
    folder = run_study(path, output=tmp_path, formats=["html"]).folder
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    assert results["study"]["student"] == "ann"
    assert [claim.get("predict") for claim in results["claims"]] == ["contradicted", None]
    assert results["claims"][0]["why"] == "It *grows* <b>."
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert re.findall(r"Predicted: (\w+)", page) == ["contradicted"]
    assert "It <em>grows</em> &lt;b&gt;." in page
