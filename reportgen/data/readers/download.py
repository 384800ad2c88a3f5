"""Fetching published files into the local cache: only when asked for, and only what has the right checksum."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import ipaddress
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from reportgen.data.readers.files import sha256
from reportgen.errors import MissingError

_TIMEOUT_SECONDS = 30  # without a byte
_CHUNK = 2**20
_FAILURES = (URLError, OSError, http.client.HTTPException, ValueError)


@dataclass(frozen=True)
class PublishedFile:
    """A file as its authors published it: name, size in bytes, SHA-256 in hex."""

    name: str
    size: int
    sha256: str


def cache_folder() -> Path:
    """Return the folder of downloaded data: where this system keeps a user's caches."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "reportgen" / "data"


def is_intact(path: Path, file: PublishedFile) -> bool:
    """Return whether the file is there with the published contents."""
    return path.is_file() and path.stat().st_size == file.size and sha256(path) == file.sha256


def fetch(file: PublishedFile, folder: Path, bases: Sequence[str]) -> Path:
    """Return the file's path in the folder, downloaded from the first address that has it, unless it is there.

    bases: addresses of folders, https, or http on this machine alone. What arrives is written under another name and
    renamed when its checksum is right, so a broken download leaves nothing. Raises MissingError.
    """
    path = folder / file.name
    if is_intact(path, file):
        return path
    reasons = []
    for base in bases:
        try:
            _download(f"{base.rstrip('/')}/{file.name}", file, path)
        except MissingError as error:
            reasons.append(error.message)
        except _FAILURES as error:
            reasons.append(f"{urlsplit(base).netloc}: {getattr(error, 'reason', None) or error}")
        else:
            return path
    raise MissingError(
        "download-failed",
        f"{file.name} could not be downloaded: {'; '.join(reasons)}",
        hint=f"or put the file into {folder} by hand",
    )


def _download(url: str, file: PublishedFile, path: Path) -> None:
    _check_address(url)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(prefix=".download-", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as target:
            request = Request(url, headers={"User-Agent": "reportgen"})
            with urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:
                _check_address(answer.url)
                _copy(answer, target, file, urlsplit(url).netloc)
            target.flush()
            os.fsync(target.fileno())
        os.replace(temporary, path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _check_address(url: str) -> None:
    """Refuse all but https, and http that does not leave this machine."""
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname or "")):
        return
    raise MissingError("download-failed", f"{url} is not an https address")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _copy(source: IO[bytes], target: IO[bytes], file: PublishedFile, host: str) -> None:
    """Copy at most the file's bytes, and raise MissingError unless they are the published ones."""
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(_CHUNK):
        size += len(chunk)
        if size > file.size:
            break
        digest.update(chunk)
        target.write(chunk)
    if size != file.size:
        found = f"{size} bytes" if size < file.size else "more bytes"
        raise MissingError("download-failed", f"{host} sent {found} instead of {file.size}")
    if digest.hexdigest() != file.sha256:
        raise MissingError("download-failed", f"{host} sent a file with the wrong checksum")


def required(file: PublishedFile, folder: Path, data_set: str) -> Path:
    """Return the file's path in the cache; a MissingError says how to get it."""
    path = folder / file.name
    if is_intact(path, file):
        return path
    state = "is damaged" if path.is_file() else "is not on this machine"
    hint = "--set data.download=true fetches it once, --set data.path=FOLDER names a folder that has it"
    raise MissingError("missing-data", f"{data_set}: {file.name} {state}", str(folder), hint)
