"""Which figures there are, by the names of their files: found without importing them, since drawing is slow to load."""

from __future__ import annotations

import importlib.util
import pkgutil

from reportgen.registry import added


def figure_names() -> list[str]:
    """Return the ids of all figures, sorted."""
    package = importlib.util.find_spec("reportgen.figures")
    places = package.submodule_search_locations if package else None
    own = (module.name for module in pkgutil.iter_modules(places or ()) if not module.ispkg)
    return sorted({*own, *added("figure")})
