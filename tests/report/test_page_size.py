"""The size of a page is bounded, whatever the number of variants and seeds."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen import run_study
from reportgen.report.write import MOST_PICTURES, within_size

MOST_BYTES = 1_500_000

STUDY = """\
title: A sweep
question: Which learning rate and width is best?
data: {name: digits, train: 120}
network: {hidden: [8, 8], activation: relu}
training: {epochs: 12, batch_size: 40, lr: 0.1}
vary:
  network.activation: [relu, tanh, sigmoid, elu, identity]
  training.lr: [0.001, 0.01, 0.03, 0.1, 0.3, 1]
  training.optimizer: [sgd, adam]
seeds: 10
remedies: false
"""


@pytest.mark.slow
def test_a_page_of_many_variants_and_seeds_has_a_bounded_size(tmp_path: Path) -> None:
    path = tmp_path / "sweep.yaml"
    path.write_text(STUDY, encoding="utf-8")
    report = run_study(path, formats=["html"], output=tmp_path / "reports")
    assert report.trained == 600
    assert (tmp_path / "reports" / "sweep" / "index.html").stat().st_size <= MOST_BYTES


def test_the_largest_pictures_of_a_page_lose_their_layout_for_phones_first() -> None:
    broad = {name: f"<svg>{name}</svg>" for name in ("small", "large", "huge")}
    sizes = {"small": 0.2, "large": 0.5, "huge": 0.6}
    pictures = {name: broad[name] + "-" * int(share * MOST_PICTURES) for name, share in sizes.items()}
    shown = within_size(broad, pictures)
    assert [name for name in pictures if shown[name] == pictures[name]] == ["small", "large"]
    assert shown["huge"] == broad["huge"]
    assert within_size(broad, {"small": pictures["small"]}) == {"small": pictures["small"]}
