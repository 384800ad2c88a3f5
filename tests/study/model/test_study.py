"""The figures that a study may name are those of the table, which loads no drawing library."""

from __future__ import annotations

import subprocess
import sys

from reportgen.figures import FIGURES
from reportgen.study.model.study import figure_names


def test_the_names_are_those_of_the_table() -> None:
    assert figure_names() == sorted(FIGURES)


def test_validating_a_study_loads_no_drawing_library() -> None:
    code = (
        "import sys; from reportgen.shipped import study_file; from reportgen.study.loading.loader import load_study; "
        "from reportgen.study.model.study import figure_names; load_study(study_file('init')); "
        "print('loss_curves' in figure_names(), 'matplotlib' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]
