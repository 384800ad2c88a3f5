"""The engine: trains one run in compiled kernels and probes its layers.

Importing this package sets the folder of compiled kernels, which must happen before the first kernel is imported.
Numba does not recompile a cached kernel after an edit of a kernel that it calls. The folder is therefore named by the
hash of the engine's sources: any edit starts with an empty cache.
"""

from __future__ import annotations

from reportgen.shipped import loaded_sources

loaded_sources()  # before any module of this folder is loaded

from reportgen.engine.jit.cache import use_cache_folder  # noqa: E402

use_cache_folder()
