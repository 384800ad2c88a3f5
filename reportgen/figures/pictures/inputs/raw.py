"""The training examples of a study before preprocessing, for pictures of the data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.analysis.results import Analysis
from reportgen.data import load
from reportgen.data.dataset import ImageShape
from reportgen.errors import MissingError, StudyError
from reportgen.figures.pictures.choice import first_records


@dataclass(frozen=True)
class Raw:
    """Training examples (n, features), their classes (n,), and the shape of an image, None without pixels."""

    x: NDArray[np.float32]
    y: NDArray[np.int64]
    image_shape: ImageShape | None
    class_names: tuple[str, ...]


def raw_data(analysis: Analysis) -> Raw | None:
    """Return the training examples of the first run before preprocessing.

    None if there is no run, or if the data cannot be read or have changed, such as a file that is no longer there.
    """
    for _, record in first_records(analysis):
        try:
            data = load(record.spec.data, (), record.spec.seed, analysis.plan.study.folder, record.data or None)
        except (StudyError, MissingError):
            return None
        return Raw(data.x_train, data.y_train, data.image_shape, data.class_names)
    return None
