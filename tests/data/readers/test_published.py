from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from reportgen import data
from reportgen.data.datasets import DATASETS
from reportgen.data.readers import formats, published
from reportgen.errors import MissingError, StudyError
from tests.data import images
from tests.data.specs import made, spec

NAMES = ("mnist", "fashion_mnist", "cifar10")
ORIGINAL = dict(published.PUBLISHED)


def files_of(name: str) -> dict[str, bytes]:
    return images.cifar_files() if name == "cifar10" else images.mnist_files()


@pytest.mark.parametrize("name", NAMES)
def test_data_are_downloaded_on_request_and_then_read_from_the_cache(
    name: str, served: tuple[Path, str], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, address = served
    images.write(folder, files_of(name))
    monkeypatch.setitem(published.PUBLISHED, name, images.publication(name, files_of(name), address))
    with pytest.raises(MissingError) as caught:
        made(name)
    assert (caught.value.code, caught.value.where) == ("missing-data", str(cache / name))
    dataset = made(name, download=True, validation=0.25)
    assert (len(dataset.y_train), len(dataset.y_val), len(dataset.y_test)) == (30, 10, 10)
    for file in folder.iterdir():
        file.unlink()
    again = made(name, validation=0.25)
    assert np.array_equal(again.x_train, dataset.x_train)
    assert sorted(path.name for path in (cache / name).iterdir()) == sorted(files_of(name))
    assert data.missing_files(spec(name)) == 0


@pytest.mark.parametrize("name", NAMES)
def test_the_bytes_to_download_are_counted_without_a_download(
    name: str, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> Path:
        raise AssertionError("a download while bytes are counted")

    monkeypatch.setattr(published, "fetch", refuse)
    with pytest.raises(MissingError) as caught:
        data.missing_files(spec(name))
    assert caught.value.code == "missing-data"
    assert "--set data.download=true" in str(caught.value.hint)
    assert data.missing_files(spec(name, download=True)) == sum(file.size for file in published.PUBLISHED[name].files)
    with pytest.raises(MissingError) as caught:
        data.missing_files(spec(name, path="nowhere"), tmp_path)
    assert caught.value.code == "file-not-found"
    images.write(tmp_path, files_of(name))
    assert data.missing_files(spec(name, path=str(tmp_path))) == 0


def test_nothing_is_downloaded_without_request(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> Path:
        raise AssertionError("a download without request")

    monkeypatch.setattr(published, "fetch", refuse)
    for name in NAMES:
        with pytest.raises(MissingError):
            made(name)
        assert data.shape(spec(name), ()) == (48_000 if name != "cifar10" else 40_000, *published_shape(name))
        assert data.fingerprint(spec(name)) == data.fingerprint(spec(name))


def published_shape(name: str) -> tuple[int, int]:
    return DATASETS[name].fixed["features"], 10


def test_mnist_from_a_folder_packed_or_not(tmp_path: Path) -> None:
    packed = images.write(tmp_path / "packed", images.mnist_files())
    plain = images.write(
        tmp_path / "plain", {name[:-3]: gzip.decompress(content) for name, content in images.mnist_files().items()}
    )
    for folder in (packed, plain):
        dataset = made("mnist", folder=tmp_path, path=folder.name, shuffle=False, validation=0.0)
        assert np.array_equal(dataset.x_train, images.pixels(40, 28, 28).reshape(40, -1))
        assert np.array_equal(dataset.y_train, images.labels(40))
        assert np.array_equal(dataset.x_test, images.pixels(10, 28, 28).reshape(10, -1))
        assert dataset.image_shape == (1, 28, 28)
    assert made("fashion_mnist", path=str(packed)).class_names[9] == "ankle boot"


def test_cifar10_from_an_archive_and_from_unpacked_files(tmp_path: Path) -> None:
    images.write(tmp_path / "packed", images.cifar_files())
    images.write(tmp_path / "unpacked" / "cifar-10-batches-bin", images.cifar_batches())
    images.write(tmp_path / "flat", images.cifar_batches())
    for name in ("packed", "unpacked", "flat"):
        dataset = made("cifar10", folder=tmp_path, path=name, shuffle=False, validation=0.0)
        assert np.array_equal(dataset.x_train[8:16], images.pixels(8, 3072))
        assert np.array_equal(dataset.x_test, images.pixels(10, 3072))
        assert np.array_equal(dataset.y_test, images.labels(10))
        assert dataset.image_shape == (3, 32, 32)


def test_shape_and_fingerprint_of_a_folder_depend_on_its_files(tmp_path: Path) -> None:
    images.write(tmp_path, images.mnist_files())
    here = spec("mnist", path=str(tmp_path), validation=0.25)
    assert data.shape(here, ()) == (30, 784, 10)
    before = data.fingerprint(here)
    assert before != data.fingerprint(spec("mnist"))
    images.write(tmp_path, {"t10k-labels-idx1-ubyte.gz": gzip.compress(images.idx(images.labels(10)[::-1]))})
    assert data.fingerprint(here) != before


def test_published_files_in_a_folder_have_the_published_fingerprint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images.write(tmp_path, images.mnist_files())
    monkeypatch.setitem(published.PUBLISHED, "mnist", images.publication("mnist", images.mnist_files(), ""))
    assert data.fingerprint(spec("mnist", path=str(tmp_path))) == data.fingerprint(spec("mnist"))


MNIST = images.mnist_files()
TRAIN_IMAGES, TRAIN_LABELS = "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"
TEST_IMAGES = "t10k-images-idx3-ubyte.gz"
RAW = gzip.decompress(MNIST[TRAIN_IMAGES])

BROKEN_MNIST = [
    ("truncated", TRAIN_IMAGES, MNIST[TRAIN_IMAGES][:-200], "invalid-file", TRAIN_IMAGES),
    ("empty", TRAIN_IMAGES, b"", "invalid-file", TRAIN_IMAGES),
    ("not gzipped", TRAIN_IMAGES, b"<html>", "invalid-file", TRAIN_IMAGES),
    (
        "zeros inside",
        TRAIN_IMAGES,
        MNIST[TRAIN_IMAGES][:40] + bytes(50) + MNIST[TRAIN_IMAGES][90:],
        "invalid-file",
        TRAIN_IMAGES,
    ),
    ("too few values", TRAIN_IMAGES, gzip.compress(RAW[:-1]), "invalid-file", TRAIN_IMAGES),
    ("too many values", TRAIN_IMAGES, gzip.compress(RAW + b"x"), "invalid-file", TRAIN_IMAGES),
    ("half a header", TRAIN_IMAGES, gzip.compress(RAW[:7]), "invalid-file", TRAIN_IMAGES),
    ("labels as images", TRAIN_IMAGES, MNIST[TRAIN_LABELS], "invalid-file", TRAIN_IMAGES),
    ("39 labels", TRAIN_LABELS, gzip.compress(images.idx(images.labels(39))), "wrong-shape", TRAIN_LABELS),
    ("label 10", TRAIN_LABELS, gzip.compress(images.idx(images.labels(40) + 1)), "invalid-labels", ""),
    ("other size", TRAIN_IMAGES, gzip.compress(images.idx(images.pixels(40, 9, 9))), "wrong-shape", TEST_IMAGES),
]


@pytest.mark.parametrize(
    ("name", "content", "code", "where"), [case[1:] for case in BROKEN_MNIST], ids=[case[0] for case in BROKEN_MNIST]
)
def test_a_damaged_idx_file_is_rejected(tmp_path: Path, name: str, content: bytes, code: str, where: str) -> None:
    images.write(tmp_path, MNIST | {name: content})
    with pytest.raises(StudyError) as caught:
        made("mnist", path=str(tmp_path))
    assert (caught.value.code, caught.value.where) == (code, str(tmp_path / where))
    assert str(caught.value).count("\n") == 0


def test_a_file_with_too_large_contents_is_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "MOST_BYTES", 30_000)
    images.write(tmp_path, MNIST)
    with pytest.raises(StudyError) as caught:
        made("mnist", path=str(tmp_path))
    assert caught.value.code == "too-large"


BATCHES = images.cifar_batches()
ARCHIVE = images.cifar_files()["cifar-10-binary.tar.gz"]

BROKEN_CIFAR = [
    ("truncated", ARCHIVE[: len(ARCHIVE) // 2], ""),
    ("empty", b"", ""),
    ("not gzipped", b"not an archive", ""),
    ("not tar", gzip.compress(b"not an archive" * 100), ""),
    ("no test", images.tar({k: v for k, v in BATCHES.items() if k != "test_batch.bin"}), "test_batch.bin"),
    ("incomplete record", images.tar(BATCHES | {"data_batch_2.bin": b"12"}), "3073"),
    ("no record", images.tar(BATCHES | {"data_batch_2.bin": b""}), "3073"),
]


@pytest.mark.parametrize(
    ("content", "name"), [case[1:] for case in BROKEN_CIFAR], ids=[case[0] for case in BROKEN_CIFAR]
)
def test_a_damaged_archive_is_rejected(tmp_path: Path, content: bytes, name: str) -> None:
    images.write(tmp_path, {"cifar-10-binary.tar.gz": content})
    with pytest.raises(StudyError) as caught:
        made("cifar10", path=str(tmp_path))
    assert (caught.value.code, caught.value.where) == ("invalid-file", str(tmp_path / "cifar-10-binary.tar.gz"))
    assert name in caught.value.message


def test_an_archive_writes_no_files(tmp_path: Path) -> None:
    evil = images.tar(BATCHES | {"../../escaped.txt": b"!"}, folder="../../")
    folder = images.write(tmp_path / "a" / "b" / "c", {"cifar-10-binary.tar.gz": evil})
    assert len(made("cifar10", path=str(folder)).y_test) == 10
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [folder / "cifar-10-binary.tar.gz"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE])
def test_links_and_special_files_in_an_archive_are_ignored(tmp_path: Path, kind: bytes) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        trap = tarfile.TarInfo("data_batch_1.bin")
        trap.type, trap.linkname = kind, "/etc/hosts"
        archive.addfile(trap)
        for name, content in BATCHES.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    images.write(tmp_path, {"cifar-10-binary.tar.gz": packed.getvalue()})
    dataset = made("cifar10", path=str(tmp_path), shuffle=False, validation=0.0)
    assert np.array_equal(dataset.x_train[:8], images.pixels(8, 3072))


def test_an_archive_with_too_large_contents_is_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "MOST_ARCHIVE_BYTES", 50_000)
    images.write(tmp_path, {"cifar-10-binary.tar.gz": ARCHIVE})
    with pytest.raises(StudyError) as caught:
        made("cifar10", path=str(tmp_path))
    assert caught.value.code == "too-large"


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_without_the_files_is_rejected(tmp_path: Path, name: str) -> None:
    with pytest.raises(MissingError) as caught:
        made(name, path=str(tmp_path))
    assert (caught.value.code, caught.value.where) == ("missing-data", str(tmp_path))
    with pytest.raises(MissingError) as caught:
        made(name, folder=tmp_path, path="nowhere")
    assert caught.value.code == "file-not-found"


def test_a_test_fraction_of_a_published_data_set_is_an_error() -> None:
    for name in NAMES:
        with pytest.raises(StudyError) as caught:
            made(name, test=0.1)
        assert caught.value.code == "conflicting-settings"


def test_the_published_facts_are_consistent() -> None:
    for name, publication in ORIGINAL.items():
        row = DATASETS[name]
        assert sum(publication.counts) == row.fixed["samples"] - 10_000
        assert len(publication.counts) == len(publication.class_names) == row.fixed["classes"]
        assert np.prod(data.image_shape_of(spec(name))) == row.fixed["features"]
        assert all(base.startswith("https://") for base in publication.bases)
        assert all(len(file.sha256) == 64 and file.size > 0 for file in publication.files)
