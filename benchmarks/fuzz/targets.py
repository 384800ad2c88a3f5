"""What is fuzzed: for each reader, a corpus of valid cases and the call that reads a case."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reportgen import data, disk
from reportgen.data.spec import DataSpec
from reportgen.errors import StoreError
from reportgen.external.logs.collect import read_logs
from reportgen.external.logs.formats import FORMATS
from reportgen.external.logs.options import LogOptions
from reportgen.plugins.loading import load_file, use_files
from reportgen.registry import Component
from reportgen.report.publish.manifest import read_manifest, read_origin
from reportgen.report.site.finished import read_report
from reportgen.runs.store import HEAD, Store
from reportgen.shipped import studies_folder
from reportgen.study.loading.loader import load_study
from reportgen.study.loading.overrides import parse_set
from reportgen.workflow.analysing.measurements import Measurements
from reportgen.workflow.diagnose import diagnose_path
from tests import plugin_example
from tests.external.logs.samples import SAMPLES
from tests.external.test_reader import RUN, arrays
from tests.report.finished_reports import report
from tests.runs.records import FINGERPRINT, planned, record

Files = Mapping[str, bytes]
"""The files of a case by their names relative to its folder."""

STUDIES = ("activations", "sanity_checks", "fixup", "snapshots", "variance_of_a_sum", "zero_centering")
TINY = "title: t\nquestion: q\ndata: {name: gaussian, samples: 60}\nnetwork: {hidden: [4]}\ntraining: {epochs: 1}\n"


@dataclass(frozen=True)
class Target:
    """A reader.

    Attributes
    ----------
    name : its name on the command line.
    make : writes the valid cases, each into a subfolder of a folder.
    read : reads a case, given its folder.
    after : changes a mutated case so that it passes the first checks, such as those of digests.
    """

    name: str
    make: Callable[[Path], None]
    read: Callable[[Path], Any]
    after: Callable[[Path], None] = lambda folder: None


def files_of(folder: Path) -> Files:
    """Return the files of a case."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def _folder(parent: Path, name: str) -> Path:
    (parent / name).mkdir(parents=True)
    return parent / name


def _make_studies(folder: Path) -> None:
    for name in STUDIES:
        shutil.copy(studies_folder() / f"{name}.yaml", _folder(folder, name) / "study.yaml")


def _make_settings(folder: Path) -> None:
    texts = ("training.lr=0.1", "network.hidden=[8, 4]", "seeds=3", "vary={training.lr: [0.1, 1]}")
    for number, text in enumerate(texts):
        (_folder(folder, str(number)) / "set.txt").write_text(text, encoding="utf-8")


def _read_setting(folder: Path) -> None:
    study = folder / "study.yaml"
    study.write_text(TINY, encoding="utf-8")
    path, value = parse_set((folder / "set.txt").read_bytes().decode("utf-8", "surrogateescape"))
    load_study(study, {path: value})


def _make_data(folder: Path) -> None:
    x, y = np.arange(24.0).reshape(8, 3), np.arange(8) % 2
    np.savez(_folder(folder, "stored") / "data.npz", x_train=x, y_train=y, x_val=x, y_val=y)
    images = np.zeros((8, 2, 5, 5), np.uint8)
    np.savez_compressed(_folder(folder, "packed") / "data.npz", x_train=images, y_train=y, x_val=images, y_val=y)
    rows = "".join(f"{n / 7},{n % 5},{'xy'[n % 2]}\n" for n in range(20))
    (_folder(folder, "csv") / "data.csv").write_text("a,b,class\n" + rows, encoding="utf-8")


def _read_data(folder: Path) -> None:
    kind = "csv" if (folder / "data.csv").is_file() else "npz"
    spec = DataSpec(Component.of(kind, path=f"data.{kind}"), validation=0.2 if kind == "csv" else 0.0)
    data.load(spec, (), 0, folder, data.fingerprint(spec, folder))
    data.image_shape_of(spec, (), folder)


def _make_records(folder: Path) -> None:
    np.savez(_folder(folder, "complete") / "seed0.npz", run=json.dumps(RUN), **arrays())
    np.savez(_folder(folder, "separate") / "seed0.npz", **arrays())
    (folder / "separate" / "seed0.json").write_text(json.dumps(RUN), encoding="utf-8")
    scores = {name: values for name, values in arrays().items() if name.startswith("epoch_")}
    np.savez_compressed(_folder(folder, "scores") / "scores.npz", **scores)


def _make_stored(folder: Path) -> None:
    facts = {"train_n": 32, "val_n": 8, "features": 3, "classes": 2, "class_counts": [16, 16], "probe_n": 20}
    Store(_folder(folder, "run") / "runs").save(record(planned(), facts=facts, data=FINGERPRINT))


def _read_stored(folder: Path) -> None:
    store, run = Store(folder / "runs"), planned()
    store.load(run, FINGERPRINT)
    store.fault(run, FINGERPRINT)
    store.engine(run.spec.key(FINGERPRINT))
    store.digest(run.spec.key(FINGERPRINT))
    diagnose_path(folder)


def _with_digests(folder: Path) -> None:
    """Write the digests of changed runs anew, as somebody who knows the format would."""
    for path in folder.rglob(HEAD):
        try:
            head = json.loads(path.read_bytes())
            head["arrays_sha256"] = hashlib.sha256(path.with_name("arrays.npz").read_bytes()).hexdigest()
            head["checksum"] = disk.checksum(head)
            path.write_bytes(json.dumps(head).encode("utf-8", "surrogatepass"))
        except (OSError, ValueError, TypeError, RecursionError):
            continue


def _make_logs(folder: Path) -> None:
    for name, write in SAMPLES.items():
        write(_folder(folder, name))


def _read_logs(folder: Path) -> None:
    diagnose_path(folder)


def _make_forced(folder: Path) -> None:
    for name, write in SAMPLES.items():
        path = write(_folder(folder, name))
        (folder / name / "format.of").write_text(f"{name} {path.relative_to(folder / name)}", encoding="utf-8")


def _read_forced(folder: Path) -> None:
    name, _, path = (folder / "format.of").read_bytes().decode("utf-8", "replace").partition(" ")
    if name in FORMATS and "\x00" not in path and ".." not in path and not path.startswith("/") and len(path) < 100:
        read_logs(folder / path, LogOptions(format=name))


def _make_results(folder: Path) -> None:
    report(folder / "report")
    entry: Any = {"inputs": "x", "records": {"runs/a": "b"}, "runs": 1, "formats": ["json"]}
    manifest = {"format": "reportgen-manifest", "version": 1, "files": {"a": "b"}, "made_from": entry}
    (folder / "report" / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    Measurements(folder / "report" / "sanity", True).get("check", lambda: [{"a": 1}], lambda values: True)


def _read_results(folder: Path) -> None:
    read_manifest(folder)
    read_origin(folder)
    with contextlib.suppress(StoreError):
        Measurements(folder / "sanity", False).get("check", list, lambda values: True)
    read_report(folder)


def _make_plugin(folder: Path) -> None:
    shutil.copy(str(plugin_example.__file__), _folder(folder, "plugin") / "plugin.py")


def _read_plugin(folder: Path) -> None:
    try:
        load_file(folder / "plugin.py")
    finally:
        use_files(())


TARGETS = {
    target.name: target
    for target in (
        Target("study", _make_studies, lambda folder: load_study(folder / "study.yaml")),
        Target("set", _make_settings, _read_setting),
        Target("data", _make_data, _read_data),
        Target("records", _make_records, diagnose_path),
        Target("stored", _make_stored, _read_stored),
        Target("forged", _make_stored, _read_stored, _with_digests),
        Target("logs", _make_logs, _read_logs),
        Target("forced", _make_forced, _read_forced),
        Target("results", _make_results, _read_results),
        Target("plugin", _make_plugin, _read_plugin),
    )
}
