"""Names of figures, which are available without loading a drawing library."""

from __future__ import annotations

import subprocess
import sys

from reportgen.figures import FIGURES
from reportgen.study.model.figure_names import figure_names


def test_names_match_the_figures() -> None:
    assert figure_names() == sorted(FIGURES)


def test_loading_a_study_imports_no_drawing_library() -> None:
    code = (
        "import sys; from reportgen.shipped import study_file; from reportgen.study.loading.loader import load_study; "
        "load_study(study_file('init')); print('matplotlib' in sys.modules, 'reportgen.figures' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
