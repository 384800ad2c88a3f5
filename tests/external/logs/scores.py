"""The scores of all samples, by epoch."""

from __future__ import annotations

EPOCHS = 12
TRAIN = [round(0.1 + 2.0 * 0.7**epoch, 4) for epoch in range(EPOCHS)]
VAL = [round(0.2 + 2.0 * 0.7**epoch, 4) for epoch in range(EPOCHS)]
ACCURACY = [round(0.9 - 0.8 * 0.7**epoch, 4) for epoch in range(EPOCHS)]
