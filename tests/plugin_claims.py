"""A plug-in with a metric by layer, a metric of runs and a kind of expectation."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from reportgen.analysis.claims.expectations import mean_within
from reportgen.analysis.words.names import amount, margin
from reportgen.study.metrics.metric import LAYERS, RUN, Metric
from reportgen.study.metrics.needs import PROBES, TRAINED
from reportgen.study.model.components import problem
from reportgen.study.model.expectation import Expectation, Key

LOSS_DROP = Metric(
    name="loss_drop",
    summary="share of the training loss that training removes",
    place=RUN,
    scale="share",
    lowest=0.0,
    highest=1.0,
    higher_is_better=True,
    needs=(TRAINED,),
    read=lambda record, measure: 1 - record.epochs("train_loss")[-1] / record.epochs("train_loss")[0],
)

ACTIVATION_RANGE = Metric(
    name="activation_range",
    summary="largest minus smallest activation of a layer",
    place=LAYERS,
    unit="units",
    lowest=0.0,
    needs=(PROBES,),
    by_layer=lambda record, probe: np.subtract(
        record.statistic("activation_max")[probe], record.statistic("activation_min")[probe]
    ),
)


def ends(claim):
    centre, width = claim.expect.value, claim.expect.get("width")
    return centre - width / 2, centre + width / 2


def has_width(expect):
    if expect.get("width") is None:
        raise problem("missing-key", "around needs width", "such as width: 0.1")


def in_words(claim):
    metric = claim.measure.metric
    return f"around {amount(claim.expect.value, metric)}, in a band of {margin(claim.expect.get('width'), metric)}"


AROUND = Expectation(
    name="around",
    summary="The value lies in a band around a number.",
    key=Key("around", float, "number", "the centre of the band", "{around: 0.5, width: 0.2}"),
    keys=(Key("width", Annotated[float, Field(gt=0)], "number", "the width of the band", "{around: 0.5, width: 0.2}"),),
    complete=has_width,
    test=lambda data: mean_within(data, *ends(data.claim)),
    region=lambda claim, result: ends(claim),
    words=in_words,
    levels=True,
)

ROWS = [LOSS_DROP, ACTIVATION_RANGE, AROUND]
