"""What the project states about itself in more than one file: versions of dependencies, and how to cite it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from reportgen.cli import doctor
from reportgen.shipped import package_version

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DIRECT = [Requirement(text) for text in (*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["test"])]


def constraints(name: str) -> dict[str, Version]:
    """The exact versions of a constraints file by name."""

    def lines() -> Iterator[Requirement]:
        for line in (ROOT / ".github" / "constraints" / name).read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                yield Requirement(line)

    return {canonicalize_name(one.name): Version(str(one.specifier).removeprefix("==")) for one in lines()}


def test_the_oldest_versions_are_the_lower_bounds() -> None:
    oldest = constraints("oldest.txt")
    assert set(oldest) == {canonicalize_name(one.name) for one in DIRECT}
    for one in DIRECT:
        (floor,) = [Version(part.version) for part in one.specifier if part.operator == ">="]
        found = oldest[canonicalize_name(one.name)]
        assert found in one.specifier
        assert found.release[: len(floor.release)] == floor.release, one


def test_the_tested_versions_are_within_the_bounds() -> None:
    tested = constraints("tested.txt")
    for one in (*DIRECT, *map(Requirement, PROJECT["optional-dependencies"]["docs"])):
        assert tested[canonicalize_name(one.name)] in one.specifier, one


def test_numba_has_an_upper_bound() -> None:
    (numba,) = [one for one in DIRECT if one.name == "numba"]
    assert any(part.operator == "<" for part in numba.specifier)


def test_doctor_reports_a_numba_outside_the_tested_range(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (True, f"Numba {package_version('numba')}") in doctor.examine()
    monkeypatch.setattr(doctor, "package_version", lambda _: "0.75.0")
    monkeypatch.setattr("importlib.metadata.requires", lambda _: ["numpy>=2.0", "numba<0.69,>=0.61"])
    (line,) = [line for good, line in doctor.examine() if not good and line.startswith("Numba")]
    assert "0.75.0" in line
    assert "<0.69" in line


def test_the_citation_states_what_the_package_states() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert set(citation) >= {"cff-version", "message", "title", "authors"}  # required by version 1.2.0 of the format
    assert citation["cff-version"] == "1.2.0"
    assert citation["type"] == "software"
    assert citation["version"] == PROJECT["version"]
    assert citation["title"] == PROJECT["name"]
    assert citation["license"] == PROJECT["license"]
    assert citation["keywords"] == PROJECT["keywords"]
    assert citation["authors"] == PROJECT["authors"]
