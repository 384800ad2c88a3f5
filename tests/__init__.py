"""Tests of reportgen, with one thread for linear algebra in each test process.

Several threads in each of several processes wait for each other: on two cores, a test of a moment takes twenty seconds.
"""

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ.setdefault(_name, "1")  # read when NumPy or PyTorch is imported, so before any other module of the tests
