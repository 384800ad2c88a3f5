"""The row of a metric, and the places where metrics are measured."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from reportgen.engine.network_spec import NetworkSpec
from reportgen.engine.spec import RunSpec
from reportgen.registry import Row
from reportgen.study.model.claims import Measure

Values = NDArray[np.float64]


class Record(Protocol):
    """The part of the record of a run that metrics read; see `reportgen.runs.record.RunRecord`."""

    @property
    def spec(self) -> RunSpec:
        """The specification of the run."""

    @property
    def status(self) -> str:
        """The outcome of the run: "ok", "diverged", "stopped" or "failed"."""

    @property
    def steps(self) -> int:
        """The number of training steps."""

    @property
    def train_seconds(self) -> float:
        """The training time in seconds."""

    @property
    def final(self) -> Mapping[str, float]:
        """The final scores by name."""

    @property
    def facts(self) -> Mapping[str, Any]:
        """Counts and moments of the data, and the number of parameters."""

    @property
    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """Arrays by step, epoch and probe."""

    @property
    def layers(self) -> int:
        """The number of layers, including the output layer."""

    def statistic(self, name: str) -> NDArray[Any]:
        """Return a layer statistic, shape (probes, layers)."""

    def epochs(self, column: str) -> NDArray[Any]:
        """Return a column by epoch, shape (epochs + 1,)."""

    def probe_at(self, step: int | str) -> int | None:
        """Return the index of the probe at a step, None if there is none."""


@dataclass(frozen=True)
class Place:
    """Where a metric is measured.

    Attributes
    ----------
    words : the place as text, with the applicable keys of `measure`.
    keys : the applicable keys of `measure`.
    example : the rest of a `measure` in a study, after the name of the metric.
    single_run : whether the metric has a value for a single run.
    extra : whether the value is measured in addition to the runs.
    """

    words: str
    keys: tuple[str, ...] = ()
    example: str = ""
    single_run: bool = True
    extra: bool = False


LAYERS = Place(
    "per layer, at a probe: `layer`, `step`, `reduce`", ("layer", "step", "reduce"), ", layer: last, step: last"
)
NETWORK = Place("at a probe: `step`", ("step",))
EPOCHS = Place("at the end of training, or after an `epoch`", ("epoch",))
RUN = Place("once per run")
ROUNDS = Place("after a round of pruning: `round`", ("round",), ", round: last")
TRAINING = Place(
    "during training: `score`, `level`, `of_first`", ("score", "level", "of_first"), ", score: train_loss, level: 0.5"
)
CHECK = Place("before training, in all layers or those in `layer`", ("layer",), single_run=False, extra=True)
COST = Place("for the activations, on this machine", single_run=False, extra=True)
ENSEMBLE = Place("for all seeds of a variant", single_run=False)
SEARCH = Place("for the best trial of a search", single_run=False)
TRIAL = Place("for a trial of a search: `setting`", ("setting",), ", setting: training.lr", single_run=False)


@dataclass(frozen=True)
class Need:
    """A condition that a run must meet to have a metric.

    Attributes
    ----------
    text : end of the error message "the metric ..." for a run that does not meet the condition.
    met : whether a run meets the condition.
    hint : how to meet the condition.
    place : the key of `measure` to which the error refers, None for `measure` itself.
    """

    text: str
    met: Callable[[RunSpec], bool]
    hint: str
    place: str | None = "metric"


@dataclass(frozen=True, kw_only=True)
class Metric(Row):
    """A metric of claims and searches.

    Exactly one of `read`, `by_layer`, `bounds`, `from_cost`, `combine`, `best_of` and `from_trial` gives the value.

    Attributes
    ----------
    words : name in reports, in English; empty if the words of the id are clear.
    unit : text after a value, such as "ns".
    scale : "share" is shown in percent, "difference" (of two shares) in percentage points, others unchanged.
    lowest, highest : range of the values, which limits intervals.
    higher_is_better : None if neither a higher nor a lower value is better.
    infinite : whether a diverged run without a finite value counts as infinite.
    initial : whether the metric exists before training.
    theory : whether a theoretical value exists at initialization.
    split : the examples that are scored.
    counted : whether the value is a share of the examples of `split`.
    outcome : whether the value is 1 for runs with a certain status, else 0.
    comparison : whether the value is a difference between a requested score and the usual one.
    read : returns the value of a record.
    by_layer : returns the values of a record at the index of a probe, shape (layers,).
    of_network : whether the values depend on the network and its input alone.
    array : the name of the array of a record with these values by probe and layer, if it has one.
    exists_in : returns for each layer of a network whether it has the value; None if all layers have it.
    curve : returns the values by epoch, shape (epochs + 1,); `read` then gives the final value, by default the last.
    bounds : returns the lowest and the highest possible value, for values that are not known exactly.
    from_cost : returns the value from the cost of an activation.
    combine : returns the values of ensembles from weights, shape (ensembles, members), and from the accuracies of the
        members and of the ensembles.
    least_members : the smallest number of members of an ensemble.
    best_of : the name of the score of the best trial.
    from_trial : returns the value from the best trial and a path.
    of_largest : whether the trial is instead the one with the largest value of the setting up to which all runs train:
        they do not diverge, and end with a lower training loss than they started with.
    """

    kind: ClassVar[str] = "metric"
    formula: str = ""
    source: str = ""
    place: Place
    words: str = ""
    unit: str = ""
    scale: Literal["number", "loss", "share", "difference"] = "number"
    lowest: float = -math.inf
    highest: float = math.inf
    higher_is_better: bool | None = None
    needs: tuple[Need, ...] = ()
    infinite: bool = False
    initial: bool = True
    theory: bool = False
    split: Literal["", "train", "val", "test"] = ""
    counted: bool = False
    outcome: bool = False
    comparison: bool = False
    read: Callable[[Record, Measure], float] | None = None
    by_layer: Callable[[Record, int], Values] | None = None
    of_network: bool = False
    array: str = ""
    exists_in: Callable[[NetworkSpec], list[bool]] | None = None
    curve: Callable[[Record], Values] | None = None
    bounds: Callable[[Record, Measure], tuple[float, float]] | None = None
    from_cost: Callable[[Mapping[str, float]], float] | None = None
    combine: Callable[[Values, Values, Values], Values] | None = None
    least_members: int = 2
    best_of: str = ""
    from_trial: Callable[[Any, str], float] | None = None
    of_largest: bool = False

    @property
    def is_accuracy(self) -> bool:
        """Whether the metric is a share of examples that are classified correctly."""
        return self.scale == "share" and self.higher_is_better is True

    @property
    def is_size(self) -> bool:
        """Whether the metric is never negative and has no upper limit, such as a loss, a norm or a time."""
        return (self.lowest, self.highest) == (0.0, math.inf)


SHARE: dict[str, Any] = {"scale": "share", "lowest": 0.0, "highest": 1.0}
"""Attributes of a share, which is shown in percent."""

DIFFERENCE: dict[str, Any] = {"scale": "difference", "lowest": -1.0, "highest": 1.0}
"""Attributes of a difference of shares, which is shown in percentage points."""

SIZE: dict[str, Any] = {"lowest": 0.0}
"""Attributes of a number that is never negative."""
