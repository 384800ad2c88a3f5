"""The engine: trains one run in compiled kernels and looks into every layer.

Importing this package settles where Numba keeps compiled kernels. That has to happen before the first kernel is
imported, since a caller's cache entry does not notice that a callee in another file was edited: the folder is named by
the hash of the engine's sources, so an edit anywhere starts with an empty cache.
"""

from __future__ import annotations

from reportgen.engine.jit.cache import use_cache_folder

use_cache_folder()
