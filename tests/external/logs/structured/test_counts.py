"""Records whose training and validation count in different ways."""

from __future__ import annotations

import json
from pathlib import Path

from reportgen.external.logs.collect import read_logs


def test_steps_and_iterations_in_different_lines_are_one_count(tmp_path: Path) -> None:
    lines = []
    for step in range(0, 400, 100):
        loss = 4.2 / (1 + step / 100)
        lines.append(f"step {step}: train loss {loss:.3f}, val loss {loss + 0.1:.3f}")
        lines += [f"iter {step + k}: loss {loss:.3f}, time 23.45ms, mfu 1.3%" for k in (0, 50)]
    path = tmp_path / "train.log"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    [[log]] = read_logs(path).values()
    found = {curve.role: curve for curve in log.curves}
    assert (log.unit, found["val_loss"].values.size, found["val_loss"].positions[-1]) == ("step", 4, 301)


def test_validation_whose_step_is_the_epoch_is_placed_after_training(tmp_path: Path) -> None:
    records: list[dict[str, float]] = []
    for epoch in range(1, 4):
        for step in range(100 * epoch - 50, 100 * epoch + 1, 50):
            records.append({"loss": 3.0 / step, "epoch": epoch, "iter": step, "step": step})
        records.append({"coco/bbox_mAP": 0.1 * epoch, "coco/bbox_mAP_50": 0.2 * epoch, "step": epoch})
    path = tmp_path / "20230101.json"
    path.write_text("\n".join(map(json.dumps, records)) + "\n", encoding="utf-8")
    [[log]] = read_logs(path).values()
    scores = [curve for curve in log.curves if curve.role == "val_score"]
    assert [curve.column for curve in scores] == ["coco/bbox_mAP", "coco/bbox_mAP_50"]
    assert all(curve.positions.tolist() == [100, 200, 300] for curve in scores)
    assert (log.resumed_at, log.steps_per_epoch) == ((), 100)
