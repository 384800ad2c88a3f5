"""What reportgen needs on a machine, and whether it is there."""

from __future__ import annotations

from pathlib import Path

from reportgen.runs.executors import default_workers
from reportgen.runs.provenance import versions
from reportgen.shipped import shipped_studies, templates_folder


def examine() -> list[tuple[bool, str]]:
    """Return what was looked at: whether it is well, and a line about it."""
    about = ", ".join(f"{name} {version}" for name, version in versions().items())
    return [(True, about), (True, f"{default_workers()} cores"), _shipped(), _cache(), _pdf(), _dask()]


def _shipped() -> tuple[bool, str]:
    good = templates_folder().is_dir() and bool(shipped_studies())
    return good, f"templates and {len(shipped_studies())} shipped studies"


def _cache() -> tuple[bool, str]:
    import numba

    folder = Path(numba.config.CACHE_DIR) if numba.config.CACHE_DIR else None
    return folder is not None, f"a folder for compiled kernels: {folder or 'none, they are compiled at every start'}"


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
