"""Binary files that are not logs, such as checkpoints, recognized by the bytes at their beginning."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from reportgen import disk
from reportgen.errors import StudyError, UsageError

HEAD_BYTES = 512
"""Enough for the marks of all kinds; the mark of a tar archive ends at byte 262."""

LOG_BESIDE = "the log of the training, such as metrics.csv or an event file"
DECOMPRESSED = "decompress it first"


@dataclass(frozen=True)
class BinaryKind:
    """A kind of binary files that are not logs.

    Attributes
    ----------
    title : what such a file is, with its article.
    mark : pattern of its first bytes.
    hint : what to diagnose instead.
    """

    title: str
    mark: re.Pattern[bytes]
    hint: str = LOG_BESIDE


def _kind(title: str, mark: bytes, hint: str = LOG_BESIDE) -> BinaryKind:
    return BinaryKind(title, re.compile(mark, re.DOTALL), hint)


ZIP_MEMBER = rb"PK\x03\x04.{26}"
"""Beginning of a ZIP archive up to the name of its first member."""

KINDS: tuple[BinaryKind, ...] = (
    _kind("a PyTorch checkpoint", ZIP_MEMBER + rb"[^\x00/]*/(?:data\.pkl|\.format_version|version|byteorder)"),
    _kind("a PyTorch checkpoint", rb"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19"),
    _kind("a Keras model", ZIP_MEMBER + rb"(?:metadata|config)\.json"),
    _kind("a spreadsheet or another Office document", ZIP_MEMBER + rb"\[Content_Types\]\.xml", "a CSV export of it"),
    _kind("a pickle of Python", rb"\x80[\x02-\x05](?:\x95|\}|\]|c|\(|q|K|X|N|M|G|\x8c|\x8a)"),
    _kind("an HDF5 file, such as saved Keras weights", rb"\x89HDF\r\n\x1a\n"),
    _kind("a single NumPy array", rb"\x93NUMPY", "an archive of named arrays, as numpy.savez writes it"),
    _kind("a file of safetensors", rb".{7}\x00\{\""),
    _kind("compressed with gzip", rb"\x1f\x8b", DECOMPRESSED),
    _kind("compressed with bzip2", rb"BZh[1-9]1AY&SY", DECOMPRESSED),
    _kind("compressed with xz", rb"\xfd7zXZ\x00", DECOMPRESSED),
    _kind("compressed with Zstandard", rb"\x28\xb5\x2f\xfd", DECOMPRESSED),
    _kind("a 7-Zip archive", rb"7z\xbc\xaf\x27\x1c", "the extracted folder"),
    _kind("a tar archive", rb".{257}ustar", "the extracted folder"),
    _kind("a Parquet file", rb"PAR1", "a CSV export of it"),
    _kind("an Arrow file", rb"ARROW1\x00\x00", "a CSV export of it"),
    _kind("a PNG image", rb"\x89PNG\r\n\x1a\n"),
    _kind("a JPEG image", rb"\xff\xd8\xff"),
    _kind("a GIF image", rb"GIF8[79]a"),
    _kind("a PDF document", rb"%PDF-"),
)
"""All kinds; the first whose mark matches the beginning of a file holds."""


def binary_kind(path: Path) -> BinaryKind | None:
    """Return the kind of a binary file that is not a log, None for other files and for files that cannot be read."""
    try:
        with disk.open_regular(path) as file:
            head = file.read(HEAD_BYTES)
    except OSError:
        return None
    return next((kind for kind in KINDS if kind.mark.match(head)), None)


def begins_with(path: Path, magic: bytes) -> bool:
    """Return whether a file begins with these bytes; False for a file that cannot be read."""
    try:
        with disk.open_regular(path) as file:
            return file.read(len(magic)) == magic
    except OSError:
        return False


def refuse_other_binary(path: Path) -> None:
    """Raise StudyError (code "binary-file") for a file of a binary kind that is not a log.

    A pipe or device, which can be read only once or never ends, is refused with UsageError (code "not-a-file").
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise UsageError("not-a-file", "not a regular file", str(path), "save the log to a file, and give its path")
    kind = binary_kind(path)
    if kind is not None:
        raise StudyError("binary-file", f"the file is {kind.title}, not a log", str(path), kind.hint)
