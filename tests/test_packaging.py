"""The wheel holds all that a user needs, and works where no checkout is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's wheel, built without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts of a new environment with the wheel in it; what it depends on is lent from this environment."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder)
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / ("python.exe" if os.name == "nt" else "python")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-index", "--no-deps", str(wheel)]
    subprocess.run(pip, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    lent = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    (_site_packages(python) / "lent.pth").write_text("\n".join(dict.fromkeys(lent)) + "\n", encoding="utf-8")
    return scripts


def _site_packages(python: Path) -> Path:
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    return Path(_run([str(python), "-c", code], cwd=python.parent).stdout.strip())


def _run(command: Sequence[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run without any trace of the checkout in the environment."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    env["NUMBA_DISABLE_JIT"] = "1"  # that kernels compile is for the tests of the engine; here they must be there
    env["PYTHONWARNINGS"] = "ignore::RuntimeWarning"  # 32-bit hashes overflow on purpose
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, encoding="utf-8", stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    return done


def _names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.mark.parametrize("folder", ["templates", "studies"])
def test_the_wheel_ships_templates_and_studies(wheel: Path, folder: str) -> None:
    files = [path for path in (ROOT / folder).rglob("*") if path.is_file() and not path.name.startswith(".")]
    assert files
    shipped = {f"reportgen/_shipped/{path.relative_to(ROOT).as_posix()}" for path in files}
    assert shipped <= _names(wheel)


def test_the_wheel_ships_every_module_the_mark_of_types_and_the_benchmarks_figures(wheel: Path) -> None:
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "reportgen").rglob("*.py")}
    figures = {f"reportgen/analysis/diagnosis/{name}.json" for name in ("benchmark", "benchmark_logs")}
    assert modules | figures | {"reportgen/py.typed"} <= _names(wheel)
    folder = ROOT / "reportgen" / "figures" / "drawing" / "fonts"
    fonts = {path.relative_to(ROOT).as_posix() for path in folder.iterdir()}
    assert fonts <= _names(wheel)
    assert len(fonts) == 3


def test_the_wheel_ships_the_catalogues(wheel: Path) -> None:
    compiled = {path.relative_to(ROOT).as_posix() for path in (ROOT / "reportgen" / "languages").rglob("*.mo")}
    assert compiled
    assert compiled <= _names(wheel)


def test_the_wheel_ships_nothing_else(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in _names(wheel)}
    assert tops == {"reportgen", next(top for top in tops if top.endswith(".dist-info"))}


def test_the_wheel_states_licence_and_python(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = archive.read(name).decode("utf-8").splitlines()
        assert any(entry.endswith("licenses/LICENSE") for entry in archive.namelist())
    assert {"License-Expression: MIT", "Requires-Python: >=3.11"} <= set(metadata)


def test_an_installed_wheel_runs_a_shipped_study_by_name(installed: Path, tmp_path: Path) -> None:
    small = ("data.train=40", "data.validation=0.03", "network.hidden=[8, 8]", "remedies=false")
    small = (*small, "figures=[loss_curves]")
    command = [str(installed / "reportgen"), "run", "digits", "--quick", "--seeds", "1", "-q"]
    _run([*command, "-f", "html", "-o", "out", *(part for change in small for part in ("--set", change))], cwd=tmp_path)
    results = json.loads((tmp_path / "out" / "digits" / "results.json").read_text(encoding="utf-8"))
    assert results["study"]["id"] == "digits"
    assert {run["status"] for run in results["runs"]} == {"ok"}
    assert (tmp_path / "out" / "digits" / "index.html").stat().st_size > 10_000


def test_the_installed_code_is_the_wheels(installed: Path, tmp_path: Path) -> None:
    python = next(installed.glob("python*"))
    code = "import reportgen, reportgen.shipped as s; print(reportgen.__file__); print(s.studies_folder())"
    for line in _run([str(python), "-c", code], cwd=tmp_path).stdout.splitlines():
        assert Path(line).resolve().is_relative_to(installed.parent.resolve())
