"""Without compilation, the kernels give the same results: a run and a gradient check."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np

from reportgen.engine.network_spec import BatchNormSpec, DropoutSpec
from reportgen.engine.train import train
from tests.engine.networks import data, spec

RUN = """
import sys, warnings
warnings.simplefilter("ignore", RuntimeWarning)  # 32-bit hashes overflow on purpose
import numpy as np
from reportgen.engine.inspect.gradcheck import check_gradients
from reportgen.engine.network_spec import BatchNormSpec, DropoutSpec
from reportgen.engine.train import train
from tests.engine.networks import data, spec
run = spec(batchnorm=BatchNormSpec(), dropout=DropoutSpec(0.3), epochs=1, l2=0.01)
outcome = train(run, data(n=16, val=4))
np.savetxt(sys.stdout, outcome.arrays["step_loss"])
assert max(c.relative_error for c in check_gradients(run, data(n=16, val=4), examples=4, most=4)) < 1e-6
"""


def test_the_kernels_run_as_plain_python() -> None:
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    made = subprocess.run(
        [sys.executable, "-c", RUN], env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert made.returncode == 0, made.stderr
    plain = np.array([float(line) for line in made.stdout.split()])
    run = spec(batchnorm=BatchNormSpec(), dropout=DropoutSpec(0.3), epochs=1, l2=0.01)
    compiled = train(run, data(n=16, val=4)).arrays["step_loss"]
    np.testing.assert_allclose(plain, compiled, rtol=1e-4)
