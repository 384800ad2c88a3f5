"""Small files in the published formats, and their contents."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from reportgen.data.readers.download import PublishedFile
from reportgen.data.readers.published import PUBLISHED, Publication
from reportgen.data.streams import stream

TRAIN, TEST = 40, 10


def pixels(n: int, *shape: int) -> np.ndarray:
    return stream(n, "pixels").integers(0, 256, (n, *shape), dtype=np.uint8)


def labels(n: int) -> np.ndarray:
    return (np.arange(n) % 10).astype(np.uint8)


def idx(array: np.ndarray) -> bytes:
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()


def mnist_files() -> dict[str, bytes]:
    """Return the four files of MNIST's format, with images of 28 x 28 pixels."""
    parts = {"train": TRAIN, "t10k": TEST}
    images = {f"{part}-images-idx3-ubyte.gz": idx(pixels(n, 28, 28)) for part, n in parts.items()}
    return {
        name: gzip.compress(content, mtime=0)
        for name, content in (images | {f"{p}-labels-idx1-ubyte.gz": idx(labels(n)) for p, n in parts.items()}).items()
    }


def cifar_batches() -> dict[str, bytes]:
    """Return six files of CIFAR-10 records: five with 8 training images each and one with 10 test images."""
    sizes = {f"data_batch_{k}.bin": TRAIN // 5 for k in range(1, 6)} | {"test_batch.bin": TEST}
    return {name: np.column_stack([labels(n), pixels(n, 3072)]).tobytes() for name, n in sizes.items()}


def tar(members: dict[str, bytes], folder: str = "cifar-10-batches-bin/") -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(folder + name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def cifar_files() -> dict[str, bytes]:
    return {"cifar-10-binary.tar.gz": tar(cifar_batches() | {"batches.meta.txt": b"airplane\n"})}


def write(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def publication(name: str, files: dict[str, bytes], base: str) -> Publication:
    """Return the publication of a data set with these files at this address."""
    described = tuple(
        PublishedFile(file.name, len(files[file.name]), hashlib.sha256(files[file.name]).hexdigest())
        for file in PUBLISHED[name].files
    )
    return replace(PUBLISHED[name], files=described, bases=(base,), counts=(TRAIN // 10,) * 10)
