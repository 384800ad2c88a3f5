"""All formats: each is recognized and read, and no damage to a file gives anything but a clear error."""

from __future__ import annotations

import contextlib
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reportgen.errors import ReportgenError
from reportgen.external.logs.collect import collect_logs, read_logs
from reportgen.external.logs.formats import FORMATS
from reportgen.external.logs.options import LogOptions
from reportgen.runs.training_log import ROLES
from tests.external.logs.samples import SAMPLES

MOST_SECONDS = 5.0

INSERTED = (
    *(b"\x00", b'"', b"\n", b"\r\n", b",", b"\t", b";", b"nan", b"NaN", b"inf", b"-Infinity", b"1e999", b"-1e300"),
    *(b"\xff\xfe", b"\xef\xbb\xbf", b"\xe9", b"[" * 2000, b"{" * 2000, b"9" * 400, b"a" * 200_000, b"#", b"-5", b"%"),
)
"""Bytes that readers may stumble over."""

Mutation = tuple[str, float, int, bytes]

mutations = st.lists(
    st.tuples(
        st.sampled_from(["cut", "drop", "flip", "insert", "replace", "repeat"]),
        st.floats(0, 1),
        st.integers(1, 60),
        st.sampled_from(INSERTED) | st.binary(min_size=1, max_size=6),
    ),
    min_size=1,
    max_size=4,
)


def mutated(content: bytes, mutation: Mutation) -> bytes:
    kind, place, length, inserted = mutation
    at = int(place * len(content))
    before, part, after = content[:at], content[at : at + length], content[at + length :]
    return {
        "cut": before,
        "drop": before + after,
        "flip": before + bytes(byte ^ (1 << (length % 8)) for byte in part) + after,
        "insert": before + inserted + part + after,
        "replace": before + inserted + after,
        "repeat": before + part + part + after,
    }[kind]


def test_every_format_has_a_sample() -> None:
    assert set(SAMPLES) == set(FORMATS)


@pytest.mark.parametrize("name", FORMATS)
def test_a_sample_is_recognized_with_its_losses(name: str, tmp_path: Path) -> None:
    logs = [log for group in read_logs(SAMPLES[name](tmp_path)).values() for log in group]
    assert {log.format for log in logs} == {name}
    for log in logs:
        assert log.curve("train_loss") is not None
        assert {curve.role for curve in log.curves} <= set(ROLES)
        for curve in log.curves:
            assert curve.positions.shape == curve.values.shape
            assert (np.diff(curve.positions) > 0).all()


@pytest.mark.parametrize("name", FORMATS)
def test_a_sample_is_found_in_a_folder_and_read_once(name: str, tmp_path: Path) -> None:
    run = tmp_path / "experiments" / "run"
    run.mkdir(parents=True)
    SAMPLES[name](run)
    (tmp_path / "notes.txt").write_text("no log at all\n", encoding="utf-8")
    (tmp_path / "image.png").write_bytes(b"\x89PNG")
    found = collect_logs(tmp_path)
    assert not found.unreadable
    alone = read_logs(run)
    assert sum(map(len, found.groups.values())) == sum(map(len, alone.values()))


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_can_be_named(name: str, tmp_path: Path) -> None:
    logs = read_logs(SAMPLES[name](tmp_path), LogOptions(format=name))
    assert {log.format for group in logs.values() for log in group} == {name}


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=mutations, file=st.integers(0, 5), forced=st.booleans())
def test_a_damaged_file_is_read_or_refused_with_a_clear_error(
    name: str, steps: list[Mutation], file: int, forced: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = SAMPLES[name](Path(folder))
        files = sorted(file for file in Path(folder).rglob("*") if file.is_file())
        damaged = files[file % len(files)]
        content = damaged.read_bytes()
        for step in steps:
            content = mutated(content, step)
        damaged.write_bytes(content)
        start = time.process_time()
        with contextlib.suppress(ReportgenError):
            for logs in read_logs(path, LogOptions(format=name if forced else None)).values():
                for log in logs:
                    assert all((np.diff(curve.positions) > 0).all() for curve in log.curves)
        assert time.process_time() - start < MOST_SECONDS
