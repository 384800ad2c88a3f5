"""Settings of the data: the data set, its size and its splits."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field, model_validator

from reportgen.data.datasets import DATASETS, DataSet
from reportgen.data.spec import OPTIONS as DATA_OPTIONS
from reportgen.data.spec import DataSpec, NewTask, in_order
from reportgen.registry import Component
from reportgen.study.model.components import problem, read_component
from reportgen.study.model.section import Number, Section, reader

MOST_VALUES = 10**9
MOST_SEED = 2**32 - 1
DATA_OPTION_NAMES = frozenset(option.name for option in DATA_OPTIONS)


def _own_size(row: DataSet, key: str) -> str:
    fewer = "; set data.train to train on fewer examples" if key == "samples" and key in row.fixed else ""
    return row.fixed_by(key) + fewer


class Data(Section):
    """The data set, its size and its splits; `source` holds the parameters of the data set itself."""

    example: ClassVar[str] = "{name: digits, test: 0.2}"
    source: Annotated[Component, reader(DATASETS, "data set")]
    samples: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    features: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    classes: Annotated[int, Field(ge=1, le=100_000)] | None = None
    train: Annotated[int, Field(ge=1)] | None = None
    validation: Annotated[Number, Field(ge=0, lt=1)] | None = None
    test: Annotated[Number, Field(ge=0, lt=1)] = 0.0
    label_noise: Annotated[Number, Field(ge=0, le=1)] = 0.0
    shuffle_labels: bool = False
    shuffle: bool = True
    keep: dict[int | str, Annotated[Number, Field(ge=0, le=1)]] = Field(default_factory=dict)
    seed: Annotated[int, Field(ge=0, le=MOST_SEED)] | None = None
    tasks: Annotated[int, Field(ge=1, le=10_000)] = 1
    new_task: NewTask = "permuted_inputs"

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, value: Any) -> Any:
        """Move the parameters of the data set itself from the flat mapping to `source`."""
        if isinstance(value, str):
            value = {"name": value}
        if not isinstance(value, dict) or "source" in value:
            return value
        parameters = {key: item for key, item in value.items() if key not in DATA_OPTION_NAMES}
        source = read_component(parameters, DATASETS, "data set")
        options = {key: item for key, item in value.items() if key in DATA_OPTION_NAMES and item is not None}
        row = DATASETS[source.name]
        for key in ("samples", "features", "classes"):
            if key in options and key not in row.sizes:
                raise problem("fixed-size", f"cannot set {key} of {row.name}", _own_size(row, key), (key,), key=True)
        sizes = dict(row.sizes) | {"validation": row.validation}
        return {"source": source} | sizes | options

    @model_validator(mode="after")
    def _go_together(self) -> Data:
        if (self.validation or 0) + self.test >= 1:
            message = "validation and test leave no training examples"
            raise problem("impossible-split", message, "their sum must be less than 1")
        row = DATASETS[self.source.name]
        classes = self.classes or row.fixed.get("classes")
        for label in self.keep:
            if classes is not None and not (isinstance(label, int) and 0 <= label < classes):
                raise problem(
                    "unknown-class",
                    f"unknown class {label}",
                    f"the classes are 0 to {classes - 1}",
                    ("keep", label),
                    key=True,
                )
        values = (self.samples or 0) * (self.features or row.size("features", dict(self.source.params)))
        if values > MOST_VALUES:
            raise problem("too-large", f"samples times features is {values}", f"at most {MOST_VALUES}", ("samples",))
        return self

    @property
    def spec(self) -> DataSpec:
        """The specification of the data of a run."""
        values = {name: getattr(self, name) for name in type(self).model_fields if name != "keep"}
        validation = 0.0 if self.validation is None else self.validation
        return DataSpec(**(values | {"validation": validation, "keep": in_order(self.keep)}))
