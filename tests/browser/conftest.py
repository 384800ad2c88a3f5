"""Pages of small studies for the tests in a browser."""

from __future__ import annotations

from pathlib import Path

import pytest

TRAINED = """
title: Learning rates of a small network
question: Which learning rate suits a small network?
data: {name: blobs, samples: 120, features: 2, classes: 3, validation: 0.25}
network: {hidden: [8, 8], activation: relu, init: he}
training: {epochs: 4, batch_size: 16}
vary:
  training.lr: [0.01, 0.1, 1.0]
seeds: 3
figures: [claims_overview, loss_curves, scores_by_setting, activation_std_by_layer]
claims:
  - id: learns
    says: With a learning rate of 0.1, the network learns the classes.
    source: [csci-497p]
    measure: {metric: val_accuracy}
    where: {training.lr: 0.1}
    expect: {above: 0.5}
  - id: never
    says: With a learning rate of 0.01, the network never learns anything.
    measure: {metric: val_accuracy}
    where: {training.lr: 0.01}
    expect: {below: 0.01}
"""
UNTRAINED = r"""
title: A signal in a deep network
question: Does the signal survive six layers?
introduction: |
  A tall formula, and some that are wider than a phone:

  $$\frac{\frac{1}{2}}{\sqrt{\frac{a}{b}}}$$

  $$a + b + c + d + e + f + g + h + i + j + k + l + m + n + o + p + q + r + s + t + u + v + w + x + y + z = 0$$

  In a paragraph, $$a + b + c + d + e + f + g + h + i + j + k + l + m + n + o + p + q + r + s + t + u + v + w + x = 0$$
  and in a line, $a + b + c + d + e + f + g + h + i + j + k + l + m + n + o + p + q + r + s + t + u + v + w + x = 0$.
data: {name: gaussian, samples: 100, features: 20, classes: 4, validation: 0}
network: {hidden: {layers: 6, width: 20}, activation: tanh}
training: {epochs: 0}
vary:
  network.init: [{name: gaussian, std: 0.01, label: small}, xavier]
seeds: 3
figures: [activation_std_by_layer, activation_histograms]
claims:
  - id: dies
    says: With small weights, the signal dies out.
    measure: {metric: activation_std, layer: last, step: 0}
    where: {network.init: small}
    expect: {below: 0.001}
"""
IMAGES = """
title: A small convolution
question: Does a convolution learn shapes?
data: {name: shapes, samples: 120, validation: 0.25}
network: {layers: [{conv: {filters: 3, kernel: 3}}, {pool: 2}], activation: relu, init: he}
training: {epochs: 1, batch_size: 20, lr: 0.05}
seeds: 2
remedies: false
figures: [architecture, filters, feature_maps, confusion_matrix]
"""


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the pages of three small studies, by name; the page of images has no script."""
    from reportgen.workflow.run import run_study

    folder = tmp_path_factory.mktemp("pages")
    studies = {"trained": TRAINED, "untrained": UNTRAINED, "images": IMAGES}
    found = {}
    for name, text in studies.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
        script = name != "images"
        report = run_study(folder / f"{name}.yaml", output=folder / "reports", formats=["html"], script=script)
        found[name] = report.folder / "index.html"
    return found
