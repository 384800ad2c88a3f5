"""Published image data sets: MNIST, Fashion-MNIST and CIFAR-10, read from the local cache or a folder.

Files in the cache must have the published checksums; files in the user's own folder need not.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reportgen.data.dataset import IntArray
from reportgen.data.readers.download import PublishedFile, cache_folder, fetch, is_intact, required
from reportgen.data.readers.files import HashedFile, Stamp, locate, read_hashed, sha256, stamp
from reportgen.data.readers.formats import MOST_ARCHIVE_BYTES, Bytes, read_cifar, read_idx, tar_members, unpacked
from reportgen.data.source import Request, Source
from reportgen.errors import MissingError, StudyError

CLASSES = 10
_BATCHES = (*(f"data_batch_{k}.bin" for k in range(1, 6)), "test_batch.bin")


Parsed = tuple[Bytes, Bytes, int, tuple[int, int, int]]


@dataclass(frozen=True)
class Publication:
    """A published data set, and functions that read its files.

    bases: URLs of the folders with its files. counts: number of training images of each class. read: return the
    examples in these files. unpacked: return the paths of the files in a user's folder, packed or not.
    """

    files: tuple[PublishedFile, ...]
    bases: tuple[str, ...]
    counts: tuple[int, ...]
    class_names: tuple[str, ...]
    read: Callable[[tuple[HashedFile, ...]], Parsed]
    unpacked: Callable[[Path, Sequence[PublishedFile]], list[Path]]


def counts(name: str) -> Callable[[Request], IntArray | None]:
    """Return a function from a request to the training images per class, (10,), or None for a user's own folder."""
    return lambda request: None if request.params["path"] else np.array(PUBLISHED[name].counts)


def identity(name: str) -> Callable[[Request], str]:
    """Return a function from a request to a SHA-256 of the files' checksums, which are known for the cache."""

    def of_request(request: Request) -> str:
        if request.params["path"]:
            sums = [sha256(path) for path in _in_folder(name, request)]
        else:
            sums = [file.sha256 for file in PUBLISHED[name].files]
        return _joined(sums)

    return of_request


def _joined(sums: Sequence[str]) -> str:
    return hashlib.sha256(" ".join(sums).encode()).hexdigest()


def missing_bytes(name: str) -> Callable[[Request], int]:
    """Return a function from a request to the number of bytes to download.

    The function downloads nothing. It raises MissingError if files are missing and the study does not allow a download.
    """

    def of_request(request: Request) -> int:
        published, folder = PUBLISHED[name], cache_folder() / name
        if request.params["download"] and not request.params["path"]:
            return sum(file.size for file in published.files if not is_intact(folder / file.name, file))
        (_in_folder if request.params["path"] else _in_cache)(name, request)  # raises if files are missing
        return 0

    return of_request


def mnist(request: Request) -> Source:
    """Return the handwritten digits of MNIST, raw values 0 to 255, test images last."""
    return _read("mnist", request)


def fashion_mnist(request: Request) -> Source:
    """Return the images of clothes of Fashion-MNIST, raw values 0 to 255, test images last."""
    return _read("fashion_mnist", request)


def cifar10(request: Request) -> Source:
    """Return the photographs of CIFAR-10, raw values 0 to 255, flattened by channel, test images last."""
    return _read("cifar10", request)


def _read(name: str, request: Request) -> Source:
    paths = _in_folder(name, request) if request.params["path"] else _in_cache(name, request)
    return _parse(name, tuple(paths), tuple(stamp(path) for path in paths))


@functools.lru_cache(maxsize=1)
def _parse(name: str, paths: tuple[Path, ...], _: tuple[Stamp, ...]) -> Source:
    files = tuple(read_hashed(path, MOST_ARCHIVE_BYTES) for path in paths)
    images, labels, test_n, image_shape = PUBLISHED[name].read(files)
    if labels.max(initial=0) >= CLASSES:
        raise StudyError(
            "invalid-labels", f"{name} has a label {labels.max()}", str(paths[0].parent), "labels are 0 to 9"
        )
    names = PUBLISHED[name].class_names
    identity = _joined([file.sha256 for file in files])
    return Source(images, labels.astype(np.int64), CLASSES, names, image_shape, test_n, identity=identity)


def _idx(files: tuple[HashedFile, ...]) -> Parsed:
    """Return images, labels, number of test images and image shape from four IDX files.

    Raises StudyError if the files contradict each other.
    """
    train, y_train, test, y_test = (read_idx(file, 3 if "images" in file.path.name else 1) for file in files)
    paths = [file.path for file in files]
    for images, labels, path in ((train, y_train, paths[1]), (test, y_test, paths[3])):
        if len(images) != len(labels) or not len(images):
            raise StudyError("wrong-shape", f"{len(labels)} labels for {len(images)} images", str(path))
    if train.shape[1:] != test.shape[1:]:
        message = f"images of {test.shape[1:]} pixels, but {paths[0].name} has images of {train.shape[1:]}"
        raise StudyError("wrong-shape", message, str(paths[2]))
    images = np.concatenate([train.reshape(len(train), -1), test.reshape(len(test), -1)])
    return images, np.concatenate([y_train, y_test]), len(test), (1, train.shape[1], train.shape[2])


def _cifar(files: tuple[HashedFile, ...]) -> Parsed:
    """Return images, labels, number of test images and image shape from the archive or its six unpacked files."""
    if len(files) == 1:
        members = tar_members(files[0], _BATCHES)
        contents = [(members[name], files[0].path) for name in _BATCHES]
    else:
        contents = [(unpacked(file), file.path) for file in files]
    batches = [read_cifar(data, path) for data, path in contents]
    images = np.concatenate([images for images, _ in batches])
    return images, np.concatenate([labels for _, labels in batches]), len(batches[-1][1]), (3, 32, 32)


def _in_cache(name: str, request: Request) -> list[Path]:
    """Return the files in the cache, downloaded if the study allows it; raises MissingError if any is missing."""
    published, folder = PUBLISHED[name], cache_folder() / name
    if request.params["download"]:
        return [fetch(file, folder, published.bases) for file in published.files]
    return [required(file, folder, name) for file in published.files]


def _in_folder(name: str, request: Request) -> list[Path]:
    """Return the files in the user's folder, packed or unpacked; raises MissingError if any is missing."""
    folder = locate(request.params["path"], request.folder)
    if not folder.is_dir():
        message = f"folder {request.params['path']} does not exist"
        raise MissingError("file-not-found", message, hint=f"looked for {folder}")
    return PUBLISHED[name].unpacked(folder, PUBLISHED[name].files)


def _idx_files(folder: Path, files: Sequence[PublishedFile]) -> list[Path]:
    return [_packed_or_not(folder, file.name) for file in files]


def _packed_or_not(folder: Path, name: str) -> Path:
    plain = name.removesuffix(".gz")
    for candidate in (folder / name, folder / plain):
        if candidate.is_file():
            return candidate
    raise MissingError("missing-data", f"{name} is missing", str(folder), f"the unpacked file {plain} also works")


def _cifar_files(folder: Path, files: Sequence[PublishedFile]) -> list[Path]:
    archive = folder / "cifar-10-binary.tar.gz"
    if archive.is_file():
        return [archive]
    for base in (folder, folder / "cifar-10-batches-bin"):
        batches = [base / name for name in _BATCHES]
        if all(path.is_file() for path in batches):
            return batches
    hint = f"its {len(_BATCHES)} unpacked files also work"
    raise MissingError("missing-data", f"{archive.name} is missing", str(folder), hint)


PUBLISHED = {
    "mnist": Publication(
        files=(
            PublishedFile(
                "train-images-idx3-ubyte.gz",
                9_912_422,
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            ),
            PublishedFile(
                "train-labels-idx1-ubyte.gz", 28_881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"
            ),
            PublishedFile(
                "t10k-images-idx3-ubyte.gz",
                1_648_877,
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            ),
            PublishedFile(
                "t10k-labels-idx1-ubyte.gz", 4_542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"
            ),
        ),
        bases=("https://ossci-datasets.s3.amazonaws.com/mnist", "https://storage.googleapis.com/cvdf-datasets/mnist"),
        counts=(5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949),
        class_names=tuple("0123456789"),
        read=_idx,
        unpacked=_idx_files,
    ),
    "fashion_mnist": Publication(
        files=(
            PublishedFile(
                "train-images-idx3-ubyte.gz",
                26_421_880,
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            ),
            PublishedFile(
                "train-labels-idx1-ubyte.gz", 29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"
            ),
            PublishedFile(
                "t10k-images-idx3-ubyte.gz",
                4_422_102,
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            ),
            PublishedFile(
                "t10k-labels-idx1-ubyte.gz", 5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"
            ),
        ),
        bases=("https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",),
        counts=(6000,) * CLASSES,
        class_names=(
            "T-shirt",
            "trouser",
            "pullover",
            "dress",
            "coat",
            "sandal",
            "shirt",
            "sneaker",
            "bag",
            "ankle boot",
        ),
        read=_idx,
        unpacked=_idx_files,
    ),
    "cifar10": Publication(
        files=(
            PublishedFile(
                "cifar-10-binary.tar.gz",
                170_052_171,
                "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
            ),
        ),
        bases=("https://www.cs.toronto.edu/~kriz",),
        counts=(5000,) * CLASSES,
        class_names=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
        read=_cifar,
        unpacked=_cifar_files,
    ),
}
