"""What reportgen needs on a machine, and whether it is there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reportgen.engine.jit.folders import STALE_DAYS, Kernels, other_kernels, remove_stale, size_of
from reportgen.errors import PluginError
from reportgen.plugins.loading import load_installed, plugins
from reportgen.runs.executors import default_workers
from reportgen.runs.provenance import versions
from reportgen.shipped import shipped_studies, templates_folder


def examine() -> list[tuple[bool, str]]:
    """Return what was looked at: whether it is well, and a line about it."""
    about = ", ".join(f"{name} {version}" for name, version in versions().items())
    return [(True, about), (True, f"{default_workers()} cores"), _shipped(), *_cache(), _pdf(), _dask(), *_plugins()]


def clean() -> str:
    """Remove the compiled kernels that nobody seems to need any more, and return a line about it."""
    removed = remove_stale(other_kernels(_kernels_folder()))
    return f"removed the compiled kernels of {counted(removed)}"


def counted(found: Sequence[Kernels]) -> str:
    """Return how many versions' kernels these are, and their size."""
    size = sum(one.size for one in found) / 1e6
    return f"{len(found)} other version{'' if len(found) == 1 else 's'}, {size:,.0f} MB"


def _shipped() -> tuple[bool, str]:
    good = templates_folder().is_dir() and bool(shipped_studies())
    return good, f"templates and {len(shipped_studies())} shipped studies"


def _cache() -> list[tuple[bool, str]]:
    folder = _kernels_folder()
    if folder is None:
        return [(False, "a folder for compiled kernels: none, they are compiled at every start")]
    others = other_kernels(folder)
    stale = sum(one.stale for one in others)
    more = f"; {stale} not used for {STALE_DAYS} days, which reportgen doctor --clean removes" if stale else ""
    own = [(True, f"a folder for compiled kernels: {folder} ({size_of(folder) / 1e6:,.0f} MB)")]
    return [*own, (True, f"compiled kernels of {counted(others)}{more}")] if others else own


def _kernels_folder() -> Path | None:
    import numba

    return Path(numba.config.CACHE_DIR) if numba.config.CACHE_DIR else None


def _pdf() -> tuple[bool, str]:
    try:
        import weasyprint
    except OSError as error:  # the package is there, a library of the system's is not
        return False, f"Pango, which makes the PDF: {str(error).splitlines()[0]}"
    return True, f"Pango, which makes the PDF (WeasyPrint {weasyprint.__version__})"


def _dask() -> tuple[bool, str]:
    try:
        import distributed
    except ImportError:
        return True, "no Dask, which only --dask needs"
    return True, f"Dask {distributed.__version__}"


def _plugins() -> list[tuple[bool, str]]:
    """Return a line on every installed plug-in; the first that cannot be loaded keeps others from being tried."""
    try:
        load_installed()
    except PluginError as error:
        return [(False, str(error))]
    return [(True, f"plug-in {one.name} ({one.version})") for one in plugins()]
