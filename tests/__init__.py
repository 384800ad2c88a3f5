"""Tests of reportgen, in processes whose threads do not wait for each other's.

Several threads in each of several processes are more than the cores: on two of them, a test of a moment took twenty
seconds. NumPy gets one thread. PyTorch, which aborts some derivatives with one, keeps its threads, which sleep while
they wait. The libraries read these settings when they are imported, so before any other module of the tests.
"""

import os
import sys

# Tests start some hundred processes, each of which would compile the whole package without stored bytecode.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

for _name, _value in (
    ("OPENBLAS_NUM_THREADS", "1"),
    ("VECLIB_MAXIMUM_THREADS", "1"),
    ("OMP_WAIT_POLICY", "passive"),
):
    os.environ.setdefault(_name, _value)
