"""Without compilation, the kernels give the same results: a run and a gradient check."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np

from reportgen.data.dataset import Dataset
from reportgen.engine.network_spec import BatchNormSpec, DropoutSpec, NetworkSpec
from reportgen.engine.spec import RunSpec
from reportgen.engine.train import train
from tests.engine.image_networks import IDENTITY, NORM, conv, images, output, pool, run_of
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

IMAGES = """
import sys, warnings
warnings.simplefilter("ignore", RuntimeWarning)
import numpy as np
from reportgen.engine.train import train
from tests.engine.test_without_compiler import residual
run, dataset = residual()
np.savetxt(sys.stdout, train(run, dataset).arrays["step_loss"])
"""


def residual() -> tuple[RunSpec, Dataset]:
    """A convolutional network with a residual block, normalization and pooling, and its images."""
    nodes = (conv(2), conv(3, 1, IDENTITY), conv(3, 2, source=0, batchnorm=NORM), conv(3, 2, adds=1), pool(), output())
    run = run_of("conv", epochs=1, batch_size=4)
    return replace(run, network=NetworkSpec(nodes)), images(8, 2, (1, 4, 4))


def plain(code: str) -> np.ndarray:
    """The losses that the code prints without compilation."""
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    made = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert made.returncode == 0, made.stderr
    return np.array([float(line) for line in made.stdout.split()])


def test_the_kernels_run_as_plain_python() -> None:
    run = spec(batchnorm=BatchNormSpec(), dropout=DropoutSpec(0.3), epochs=1, l2=0.01)
    compiled = train(run, data(n=16, val=4)).arrays["step_loss"]
    np.testing.assert_allclose(plain(RUN), compiled, rtol=1e-4)


def test_the_kernels_of_images_run_as_plain_python() -> None:
    run, dataset = residual()
    np.testing.assert_allclose(plain(IMAGES), train(run, dataset).arrays["step_loss"], rtol=1e-4)
