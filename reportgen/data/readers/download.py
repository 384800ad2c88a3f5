"""Download of published files to the local cache, only on request and with verified checksums."""

from __future__ import annotations

import ipaddress
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from reportgen.data.readers.files import sha256
from reportgen.disk import home_folder
from reportgen.errors import MissingError

if TYPE_CHECKING:
    from requests import Response

_TIMEOUT_SECONDS = 30  # time without a received byte
_CHUNK = 2**20


@dataclass(frozen=True)
class PublishedFile:
    """A published file: name, size in bytes, and SHA-256 in hexadecimal."""

    name: str
    size: int
    sha256: str


def cache_folder() -> Path:
    """Return the folder of downloaded data, in the user's cache folder of the operating system."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home_folder() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home_folder() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or home_folder() / ".cache")
    return base / "reportgen" / "data"


def is_intact(path: Path, file: PublishedFile) -> bool:
    """Return whether the file exists with the published contents."""
    return path.is_file() and path.stat().st_size == file.size and sha256(path) == file.sha256


def fetch(file: PublishedFile, folder: Path, bases: Sequence[str]) -> Path:
    """Return the path of the file in the folder; download it first unless an intact copy exists.

    Parameters
    ----------
    bases : URLs of folders, tried in order; https, or http for this machine only.

    Raises
    ------
    MissingError : the file could not be downloaded from any URL. A file with a wrong checksum is not kept.
    """
    path = folder / file.name
    if is_intact(path, file):
        return path
    reasons = []
    for base in bases:
        try:
            _download(f"{base.rstrip('/')}/{file.name}", file, folder)
        except MissingError as error:
            reasons.append(error.message)
        else:
            return path
    raise MissingError(
        "download-failed",
        f"{file.name} could not be downloaded: {'; '.join(reasons)}",
        hint=f"or put the file into {folder} by hand",
    )


def _download(url: str, file: PublishedFile, folder: Path) -> None:
    """Download a file to the folder; a MissingError contains the host and the reason."""
    import pooch
    from requests import RequestException

    _check_address(url)
    pooch.get_logger().setLevel("WARNING")
    download = _Download(file)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # No processor, since pooch's Untar can write outside of its folder on Python 3.11.
        pooch.retrieve(url, f"sha256:{file.sha256}", fname=file.name, path=folder, downloader=download)
    except (RequestException, OSError, ValueError) as error:  # pooch raises ValueError for a wrong checksum
        raise MissingError("download-failed", f"{urlsplit(url).netloc} {download.reason(error)}") from error


class _Download:
    """A downloader for pooch that reads at most the published number of bytes."""

    def __init__(self, file: PublishedFile) -> None:
        self._size = file.size
        self._received = 0

    def __call__(self, url: str, path: str, _: object) -> None:
        """Download a URL to a file."""
        from pooch import HTTPDownloader

        # Without compression in transit, a .gz file arrives unchanged. Each redirect is checked.
        options = {"headers": {"Accept-Encoding": "identity"}, "hooks": {"response": _check_response}}
        with open(path, "wb") as self._file:
            HTTPDownloader(chunk_size=_CHUNK, timeout=_TIMEOUT_SECONDS, **options)(url, self, None)
        if self._received != self._size:
            raise ValueError("wrong size")

    def write(self, chunk: bytes) -> None:
        """Write received bytes; raises ValueError if the file becomes too large."""
        self._received += len(chunk)
        if self._received > self._size:
            raise ValueError("wrong size")
        self._file.write(chunk)

    def flush(self) -> None:
        """Flush the file; pooch calls this method."""
        self._file.flush()

    def reason(self, error: Exception) -> str:
        """Return why the download failed, as the continuation of a sentence that begins with the host."""
        from requests import HTTPError, RequestException, Timeout

        if isinstance(error, HTTPError) and error.response is not None:
            return f"answered with HTTP status {error.response.status_code}"
        if isinstance(error, Timeout):
            return f"did not answer within {_TIMEOUT_SECONDS} seconds"
        if self._received > self._size:
            return f"sent more than {self._size} bytes"
        if isinstance(error, OSError) and not isinstance(error, RequestException):
            return f"was reached, but the file cannot be stored: {error.strerror}"
        if self._received == self._size:
            return "sent a file with the wrong checksum"
        return f"sent {self._received} bytes instead of {self._size}" if self._received else "cannot be reached"


def _check_response(response: Response, *_: object, **__: object) -> None:
    _check_address(response.url)


def _check_address(url: str) -> None:
    """Raise MissingError unless the URL uses https, or http on this machine."""
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname or "")):
        return
    raise MissingError("download-failed", f"{url} is not an https address")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def required(file: PublishedFile, folder: Path, data_set: str) -> Path:
    """Return the path of the file in the cache; raises MissingError, with advice, unless an intact copy exists."""
    path = folder / file.name
    if is_intact(path, file):
        return path
    state = "is damaged" if path.is_file() else "is missing"
    hint = "--set data.download=true downloads it once, --set data.path=FOLDER names a folder that contains it"
    raise MissingError("missing-data", f"{data_set}: {file.name} {state}", str(folder), hint)
