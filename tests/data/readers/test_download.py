from __future__ import annotations

import hashlib
import os
import socket
import stat
import sys
from pathlib import Path

import pytest

from reportgen.data.readers.download import PublishedFile, cache_folder, fetch, is_intact, required
from reportgen.errors import MissingError

CONTENT = b"published bytes" * 1000
FILE = PublishedFile("some.bin", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())


def test_a_file_is_downloaded_once(served: tuple[Path, str], tmp_path: Path) -> None:
    folder, address = served
    (folder / "some.bin").write_bytes(CONTENT)
    path = fetch(FILE, tmp_path / "cache", [address])
    assert path.read_bytes() == CONTENT
    (folder / "some.bin").unlink()
    assert fetch(FILE, tmp_path / "cache", [address]) == path
    assert os.listdir(tmp_path / "cache") == ["some.bin"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_the_cache_is_private(served: tuple[Path, str], tmp_path: Path) -> None:
    (served[0] / "some.bin").write_bytes(CONTENT)
    fetch(FILE, tmp_path / "cache", [served[1]])
    assert stat.S_IMODE((tmp_path / "cache").stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "sent",
    [CONTENT[:-1], CONTENT + b"x", b"X" + CONTENT[1:], None],
    ids=["short", "long", "changed", "absent"],
)
def test_a_wrong_file_is_not_kept_and_the_error_names_the_folder(
    served: tuple[Path, str], tmp_path: Path, sent: bytes | None
) -> None:
    if sent is not None:
        (served[0] / "some.bin").write_bytes(sent)
    with pytest.raises(MissingError) as caught:
        fetch(FILE, tmp_path / "cache", [served[1]])
    assert caught.value.code == "download-failed"
    assert "some.bin" in caught.value.message
    assert str(tmp_path / "cache") in str(caught.value.hint)
    assert os.listdir(tmp_path / "cache") == []


def test_the_next_address_is_tried(served: tuple[Path, str], tmp_path: Path) -> None:
    (served[0] / "some.bin").write_bytes(CONTENT)
    fetch(FILE, tmp_path / "cache", [f"{served[1]}/nowhere", served[1] + "/"])
    assert is_intact(tmp_path / "cache" / "some.bin", FILE)


def test_an_unreachable_server_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with pytest.raises(MissingError) as caught:
        fetch(FILE, tmp_path, [f"http://127.0.0.1:{port}"])
    assert caught.value.code == "download-failed"
    assert f"127.0.0.1:{port}" in caught.value.message


@pytest.mark.parametrize(
    "address", ["http://example.org", "ftp://example.org", "file:///etc", "http://127.0.0.1.x.org"]
)
def test_only_https_is_allowed_for_other_machines(tmp_path: Path, address: str) -> None:
    with pytest.raises(MissingError) as caught:
        fetch(FILE, tmp_path, [address])
    assert caught.value.code == "download-failed"
    assert "https" in caught.value.message


def test_a_missing_or_damaged_file_is_an_error_and_a_download_replaces_it(
    served: tuple[Path, str], tmp_path: Path
) -> None:
    (served[0] / "some.bin").write_bytes(CONTENT)
    for content in (None, CONTENT[::-1]):
        if content is not None:
            (tmp_path / "some.bin").write_bytes(content)
        with pytest.raises(MissingError) as caught:
            required(FILE, tmp_path, "pictures")
        assert (caught.value.code, caught.value.where) == ("missing-data", str(tmp_path))
        assert "data.download=true" in str(caught.value.hint)
    fetch(FILE, tmp_path, [served[1]])
    assert required(FILE, tmp_path, "pictures").read_bytes() == CONTENT


@pytest.mark.parametrize(("platform", "end"), [("linux", "cache/reportgen/data"), ("win32", "local/reportgen/data")])
def test_the_cache_is_in_the_users_cache_folder(
    platform: str, end: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    monkeypatch.setattr(sys, "platform", platform)
    assert cache_folder() == tmp_path / end


def test_the_cache_on_macos(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cache_folder() == Path.home() / "Library" / "Caches" / "reportgen" / "data"
