"""Words on what figures show of networks that are trained several times, with fewer and fewer weights."""

from __future__ import annotations

from collections.abc import Iterable

from reportgen.figures.drawing.words import count
from reportgen.languages.translate import _
from reportgen.runs.record import RunRecord


def last_training(records: Iterable[RunRecord], start: str) -> str:
    """Return a sentence for figures of the last training, empty if no run prunes its network.

    start: the name of the network before training in the figure, such as "epoch 0".
    """
    found = [record.spec.training.pruning for record in records]
    rewinds = {pruning.rewind for pruning in found if pruning is not None}
    if not rewinds:
        return ""
    network = _("{start} is the sparse network before this training").format(start=start)
    if rewinds != {0}:
        network += _("; after a rewind, the first {epochs} are those of the dense network").format(
            epochs=count(max(rewinds), "epoch")
        )
    return _("With pruning, the figure shows the last training only; {network}").format(network=network)
