"""The verb that checks whether this machine has everything reportgen needs.

Modules that take time to load are imported inside the functions that need them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reportgen.cli.terminal import print_lines
from reportgen.errors import MissingError, PluginError, UsageError
from reportgen.plugins.loading import load_installed, plugins
from reportgen.shipped import package_version, shipped_studies, templates_folder

if TYPE_CHECKING:
    from reportgen.engine.jit.folders import Kernels


def doctor(
    clean_up: Annotated[
        bool, typer.Option("--clean", help="First remove compiled kernels of other versions, unused for 30 days.")
    ] = False,
) -> None:
    """Check that this machine has everything reportgen needs."""
    if clean_up:
        print_lines([("", clean())])
    findings = examine()
    print_lines(("" if good else "red", f"{'ok     ' if good else 'missing'}  {text}") for good, text in findings)
    if not all(good for good, _ in findings):
        raise typer.Exit(MissingError.exit_code)


def examine() -> list[tuple[bool, str]]:
    """Return one pair for each check: whether it passed, and a line about it."""
    from reportgen.runs.executors import default_workers
    from reportgen.runs.provenance import versions

    about = ", ".join(f"{name} {version}" for name, version in versions().items())
    machine = [(True, about), _numba(), (True, f"{default_workers()} cores"), _shipped(), *_cache(), _pdf(), _dask()]
    return [*machine, *_plugins()]


def clean() -> str:
    """Remove the compiled kernels of other versions that were not used recently, and return a line about it."""
    from reportgen.engine.jit.folders import other_kernels, remove_stale

    removed = remove_stale(other_kernels(_kernels_folder()))
    return f"removed the compiled kernels of {counted(removed)}"


def counted(kernels: Sequence[Kernels]) -> str:
    """Return the number of versions and the size of their kernels, in words."""
    size = sum(version.size for version in kernels) / 1e6
    return f"{len(kernels)} other version{'' if len(kernels) == 1 else 's'}, {size:,.0f} MB"


def _numba() -> tuple[bool, str]:
    """Return whether the installed Numba is in the tested range, since the kernels use Numba's internals."""
    from importlib.metadata import PackageNotFoundError, requires

    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet

    installed = package_version("numba")
    try:
        needed = [Requirement(text) for text in requires("reportgen") or ()]
    except PackageNotFoundError:
        needed = []
    tested = next((requirement.specifier for requirement in needed if requirement.name == "numba"), SpecifierSet())
    good = tested.contains(installed, prereleases=True)
    return good, f"Numba {installed}" + ("" if good else f" is outside the tested range {tested}")


def _shipped() -> tuple[bool, str]:
    good = templates_folder().is_dir() and bool(shipped_studies())
    return good, f"templates and {len(shipped_studies())} shipped studies"


def _cache() -> list[tuple[bool, str]]:
    from reportgen.engine.jit.folders import STALE_DAYS, other_kernels, size_of

    folder = _kernels_folder()
    if folder is None:
        return [(False, "a folder for compiled kernels; without one, every start compiles them again")]
    others = other_kernels(folder)
    stale = sum(kernels.stale for kernels in others)
    more = f"; {stale} not used for {STALE_DAYS} days, which reportgen doctor --clean removes" if stale else ""
    own = [(True, f"a folder for compiled kernels: {folder} ({size_of(folder) / 1e6:,.0f} MB)"), *_kernels(folder)]
    return [*own, (True, f"compiled kernels of {counted(others)}{more}")] if others else own


def _kernels(folder: Path) -> list[tuple[bool, str]]:
    """Return a line about the compiled kernels, which are read and loaded, and a line if they cannot be stored."""
    from reportgen.disk import make_writable
    from reportgen.engine.jit.ahead import loaded
    from reportgen.engine.jit.kernel_cache import damaged_files

    lines = []
    try:
        make_writable(folder)
    except UsageError as error:
        lines.append((False, f"write access to the folder for compiled kernels: {error.message}"))
    damaged, count = damaged_files(folder)
    if damaged:
        again = "they are compiled again when they are needed"
        return [*lines, (False, f"intact compiled kernels: {len(damaged)} of {count} files are damaged; {again}")]
    if not count:
        return [*lines, (True, "no compiled kernels yet; the first run compiles them")]
    return [*lines, (True, f"compiled kernels: {count} intact files, {loaded()} kernels loaded")]


def _kernels_folder() -> Path | None:
    import numba

    return Path(numba.config.CACHE_DIR) if numba.config.CACHE_DIR else None


def _pdf() -> tuple[bool, str]:
    try:
        import weasyprint
    except OSError as error:  # the package is installed, a library of the system is missing
        return False, f"Pango, which PDF reports need: {str(error).splitlines()[0]}"
    return True, f"Pango, which PDF reports need (WeasyPrint {weasyprint.__version__})"


def _dask() -> tuple[bool, str]:
    try:
        import distributed
    except ImportError:
        return True, "no Dask (needed only for --dask)"
    return True, f"Dask {distributed.__version__}"


def _plugins() -> list[tuple[bool, str]]:
    """Return a line for each installed plug-in, or only the error of the first one that cannot be loaded."""
    try:
        load_installed()
    except PluginError as error:
        return [(False, str(error))]
    return [(True, f"plug-in {plugin.name} ({plugin.version})") for plugin in plugins()]
