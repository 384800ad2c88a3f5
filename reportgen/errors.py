"""Errors that a user can cause, each with a stable code, a place, and the exit code of the command line."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Self

CODES: dict[str, str] = {
    # study file: syntax, keys, values
    "conflicting-settings": "Two settings exclude each other.",
    "control-character": "A text contains a control character.",
    "duplicate-key": "A mapping has the same key twice.",
    "duplicate-value": "A list has the same value twice, or two entries have the same id or label.",
    "empty-file": "A study file or a log has no contents.",
    "empty-value": "A text, list or array is empty.",
    "file-not-found": "A file or folder does not exist.",
    "impossible-split": "The fractions or sizes of the splits leave a split empty or exceed the number of examples.",
    "inapplicable-key": "A key has no effect here, such as a layer for a metric of the whole network.",
    "invalid-id": "An id contains characters other than lower-case letters, digits and single hyphens.",
    "invalid-name": "A name is not one line of printable text.",
    "invalid-override": "A --set argument is not a dotted path and a value.",
    "invalid-key": "A file is not the key of an assignment.",
    "invalid-range": "A range is not two numbers, the lower one first.",
    "invalid-value": "A value is not allowed here, for a reason without its own code.",
    "invalid-yaml": "A text is not valid YAML.",
    "misplaced-key": "A known key is in the wrong place.",
    "missing-key": "A required key or parameter is missing.",
    "nesting-too-deep": "A file has too many nested lists and mappings.",
    "no-study": "A folder contains no study file.",
    "not-a-file": "A path is a folder or a device instead of a file.",
    "not-finite": "A number is NaN, infinite, or too large for float32.",
    "not-filled-in": "A blank of an assignment is not filled in.",
    "not-text": "A file is not UTF-8 text.",
    "out-of-range": "A number is too small or too large.",
    "too-large": "A file or a data set is too large.",
    "too-long": "A text is too long.",
    "too-many": "A list or a study has too many entries.",
    "unknown-key": "A key or parameter does not exist there; it may be misspelled.",
    "unknown-name": "There is no component, metric, figure, check or study of this name.",
    "unknown-value": "A setting has a value that is not one of its names.",
    "unreadable-file": "A file exists but cannot be read.",
    "unsupported-yaml": "A study file uses a feature of YAML that studies do not support, such as an alias.",
    "wrong-length": "A list or a line does not have the required number of values.",
    "wrong-type": "A value has the wrong type, such as text instead of a number.",
    # study file: variants, searches, claims
    "claim-without-effect": "A claim compares variants with themselves, or tunes a setting that is the same for all.",
    "ensemble-split": "The members of an ensemble do not share validation examples.",
    "invalid-search": "The numbers of samples, stages and grid points of a search do not fit together.",
    "missing-counterpart": "A claim about each variant has no variant to compare with some of them.",
    "no-restarts": "Snapshots need a learning rate schedule with restarts.",
    "no-theory": "A claim expects a theoretical value that does not exist.",
    "not-comparable": "A claim compares values that cannot be compared, such as one number with a list for layers.",
    "not-measured": "A claim or a search uses a metric that the runs do not have.",
    "overlapping-settings": "Two entries change the same setting, or one would overwrite a part of the other.",
    "too-few-seeds": "A study has fewer seeds than an ensemble needs.",
    "unclear-goal": "The study does not specify whether a higher or a lower metric is better.",
    "unknown-setting": "A dotted path is not a setting of the study, or not one that varies or can vary.",
    "unknown-variant": "No variant has the settings of a claim.",
    # data and preprocessing
    "ambiguous-column": "Several columns have the requested name; give the column's number instead.",
    "constant-data": "All examples have the same features, so that nothing can be learned.",
    "data-changed": "The data of a study changed while it was trained, so that the runs would be of other data.",
    "download-failed": "A published file could not be downloaded, or differs from the published one.",
    "empty-data": "A data file or a split has no examples, or a log no rows.",
    "fixed-size": "The data set has a fixed size that cannot be changed.",
    "images-required": "A preprocessing step, an augmentation, a convolution or a pooling requires images.",
    "window-too-large": "A kernel or a pooling window is larger than the image with its padding.",
    "shapes-differ": "The branch of a residual block and its shortcut have different shapes.",
    "pieces-need-weights": "An activation of several linear pieces has no weights of its own in this place.",
    "invalid-data": "A cell of a data file is not a number.",
    "invalid-file": "A file is damaged or does not have the required format.",
    "invalid-labels": "Class labels are not whole numbers from 0 without gaps.",
    "missing-array": "A required array is missing in an archive.",
    "missing-column": "A data file does not have the requested column.",
    "missing-data": "Files of a published data set are missing or damaged on this machine.",
    "missing-value": "A cell of a data file is empty.",
    "object-array": "An array contains Python objects, which are never loaded.",
    "single-class": "The data have only one class.",
    "too-few-samples": "There are fewer samples than classes.",
    "too-many-classes": "The class column has so many different values that it is probably a measurement.",
    "unknown-class": "A class number does not exist in the data.",
    "wrong-separator": "The data file does not use the separator that the study specifies.",
    "wrong-shape": "An array does not have the required shape.",
    # command line and workflow
    "ambiguous-argument": "An argument matches several studies or reports where the command takes one.",
    "engine-mismatch": "Another version of the engine trained the runs, so their numbers cannot be recomputed.",
    "file-exists": "The file already exists, and reportgen does not overwrite it.",
    "internal-error": "A bug in reportgen.",
    "invalid-file-name": "A name is empty, too long, or not a valid file name.",
    "invalid-option": "The value of an option is not valid.",
    "invalid-usage": "The command line has an unknown verb or option, or lacks an argument.",
    "no-shards": "A folder to merge contains no shards of a study.",
    "option-conflict": "Two options exclude each other, or set the same thing.",
    "output-conflict": "Two outputs would share a folder, or the output would go into one of its own inputs.",
    "port-unavailable": "The port of the preview is in use or not permitted.",
    "report-of-another-study": "The folder contains the report of another study or diagnosis, which would be replaced.",
    "run-unreadable": "A run that was just stored cannot be read back.",
    "runs-differ": "Two folders have the same run with different values.",
    "runs-missing": "The report needs runs that are not stored; `reportgen run` trains them.",
    "undecodable-text": "A name or an option is not valid UTF-8.",
    # reports and sites
    "invalid-results": "A results.json is damaged or was not written by reportgen.",
    "no-figure": "The study has no data for a figure.",
    "path-occupied": "A file or folder that reportgen did not write is where the output should go.",
    "report-not-found": "The folder contains no report.",
    "results-changed": "A file of a report, such as results.json, has changed since the report was written.",
    "unfinished-report": "A report may contain files of two reports, because its writer was stopped.",
    "results-version": "A results.json has another version of the format than this reportgen reads.",
    # runs and their store
    "damaged-measurement": "A stored measurement of a sanity check has changed; `reportgen run` makes it again.",
    "no-picture": "A name has no picture of its own that a command could write.",
    "no-scheduler": "No Dask scheduler answers at the address.",
    "no-workers": "A Dask cluster has no worker, and none comes within the longest wait.",
    "cluster-lost": "A Dask scheduler does not answer any more while runs are trained.",
    "not-writable": "A file or folder cannot be written.",
    # records of other programs
    "disconnected-layers": "The number of inputs of a layer differs from the number of outputs of the previous layer.",
    "duplicate-record": "Two records have the same variant and seed.",
    "inconsistent-record": "An array or setting of a record contradicts another one.",
    "invalid-json": "A log, or the settings of a record, is not valid JSON.",
    "invalid-record": "A stored run is damaged.",
    "missing-gradient": "A gradient is missing; backward was not called, or the loss does not depend on the layer.",
    "missing-outputs": "The outputs of a split are missing.",
    "missing-settings": "Neither an archive nor the JSON file with the same name contains the settings of the run.",
    "mixed-settings": "Records of one variant have different settings.",
    "no-layers": "There are no layers to record.",
    "no-records": "A folder has no records and no logs of training.",
    "not-an-array": "A member of an archive is not an array.",
    "nothing-recorded": "A record without training steps or without probes of the layers cannot be saved.",
    "random-loss": "Two passes with the same weights have different losses.",
    "unknown-array": "A record has an array with an unknown name; it may be misspelled.",
    "unordered-steps": "The steps of a record do not increase.",
    "unsupported-layer": "A layer cannot be recorded, because it lacks what a probe needs.",
    "unused-layer": "The loss does not use a watched layer.",
    "unwatched-layer": "The network has batch normalization that is not among the watched layers.",
    # logs of other programs
    "binary-file": "A file is of a binary kind that is not a log, such as a checkpoint.",
    "unknown-columns": "No column of a log has a known role; name them on the command line.",
    "unknown-log": "A file is not a log of a known format; name its format on the command line.",
    "wrong-format": "A log is of another format than the one named on the command line.",
    # plug-ins
    "wrong-row": "A plug-in registers something that is not a row of a table.",
    "name-taken": "A plug-in registers a name that the table already has.",
    "code-not-allowed": "A study names plug-in files, and --allow-code is not given.",
    "plugin-failed": "A plug-in cannot be loaded.",
    "plugin-not-on-worker": "A worker of a cluster does not have a plug-in that a run needs.",
    # this machine
    "missing-library": "A library or package that this command requires is not installed.",
    "worker-differs": "A worker has another version of reportgen, NumPy or Numba, or other or changed source code.",
    "out-of-memory": "A command needs more memory than this machine has, or than a limit allows.",
}
"""The meaning of each error code. A code never changes its meaning, so that scripts and tests can rely on it."""


class ReportgenError(Exception):
    """An error that a user can cause.

    Attributes
    ----------
    code : a key of `CODES`, such as "unknown-name".
    message : what is wrong, in one sentence.
    where : the file, line, column and path inside the study, or None.
    hint : what would be right, or None.
    """

    exit_code = 1

    def __init__(self, code: str, message: str, where: str | None = None, hint: str | None = None) -> None:
        self.code = code
        self.message = message
        self.where = where
        self.hint = hint
        super().__init__(str(self))

    @property
    def values(self) -> dict[str, str | int | None]:
        """The error as plain values, as `--json` prints it."""
        return {name: getattr(self, name) for name in ("code", "message", "where", "hint", "exit_code")}

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text} ({self.hint})" if self.hint else text

    def __reduce__(self) -> tuple[Any, ...]:
        """Preserve all attributes when an error is pickled, for transfer between processes."""
        return _restored, (type(self), self.args, self.__dict__)

    def named_at(self, place: str) -> Self:
        """Return the same error at another place; its own place becomes part of the message."""
        message = f"{self.where}: {self.message}" if self.where else self.message
        return type(self)(self.code, message, place, self.hint)


def _restored(kind: type[ReportgenError], args: tuple[Any, ...], values: dict[str, Any]) -> ReportgenError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(values)
    return error


class Interruption(BaseException):
    """An interruption by the user, with a message for the terminal.

    Like KeyboardInterrupt, it is not an Exception, so that error handlers do not catch it.
    """


class UsageError(ReportgenError):
    """The arguments of a command or function are not valid."""

    exit_code = 2


class StudyError(ReportgenError):
    """The study file, or a file that it names, is not valid.

    setting: the key of `data` to correct, or None if it is unknown. others: further errors of the same study.
    """

    exit_code = 3
    others: tuple[StudyError, ...] = ()

    def __init__(
        self, code: str, message: str, where: str | None = None, hint: str | None = None, setting: str | None = None
    ) -> None:
        super().__init__(code, message, where, hint)
        self.setting = setting


class MissingError(ReportgenError):
    """Something is missing on this machine, such as Pango or files of data; others: further errors of one report."""

    exit_code = 4
    others: tuple[MissingError, ...] = ()


class StoreError(ReportgenError):
    """A run or a report cannot be stored."""

    exit_code = 5


class PluginError(ReportgenError):
    """A plug-in cannot be loaded, or a worker does not have it."""

    exit_code = 3


class ResultsError(ReportgenError):
    """The results of a report are damaged, or reportgen did not write them."""

    exit_code = 3


@contextlib.contextmanager
def data_errors_at(place: str) -> Iterator[None]:
    """Report errors of the data at a place in the study; an empty place changes nothing."""
    try:
        yield
    except (StudyError, MissingError) as error:
        if not place:
            raise
        raise error.named_at(place) from error
