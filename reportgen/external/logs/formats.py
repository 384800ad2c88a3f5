"""The table of log formats. A format is one row: it recognizes its files by content and reads them into columns."""

from __future__ import annotations

from reportgen.external.logs.events.mlflow_database import MLFLOW_DATABASE
from reportgen.external.logs.events.mlflow_folder import MLFLOW
from reportgen.external.logs.events.tensorboard import TENSORBOARD
from reportgen.external.logs.events.wandb import WANDB
from reportgen.external.logs.raw import LogFormat
from reportgen.external.logs.records import RECORD
from reportgen.external.logs.structured.huggingface import HUGGINGFACE
from reportgen.external.logs.structured.json_lines import JSON_LINES
from reportgen.external.logs.structured.json_records import JSON
from reportgen.external.logs.structured.keras_history import KERAS_HISTORY
from reportgen.external.logs.structured.text_lines import TEXT
from reportgen.external.logs.tables.dvclive import DVCLIVE
from reportgen.external.logs.tables.fastai import FASTAI
from reportgen.external.logs.tables.keras import KERAS
from reportgen.external.logs.tables.lightning import LIGHTNING
from reportgen.external.logs.tables.long import LONG
from reportgen.external.logs.tables.other import CSV
from reportgen.external.logs.tables.tensorboard_export import TENSORBOARD_EXPORT
from reportgen.external.logs.tables.timm import TIMM
from reportgen.external.logs.tables.ultralytics import ULTRALYTICS
from reportgen.external.logs.tables.wandb_export import WANDB_EXPORT

_ROWS: tuple[LogFormat, ...] = (
    RECORD,
    TENSORBOARD,
    WANDB,
    MLFLOW,
    MLFLOW_DATABASE,
    HUGGINGFACE,
    DVCLIVE,
    WANDB_EXPORT,
    TENSORBOARD_EXPORT,
    LONG,
    ULTRALYTICS,
    TIMM,
    FASTAI,
    KERAS,
    LIGHTNING,
    KERAS_HISTORY,
    JSON,
    JSON_LINES,
    CSV,
    TEXT,
)
"""The most specific first, since the first that finds a file reads it."""

FORMATS: dict[str, LogFormat] = {row.name: row for row in _ROWS}
"""All formats by name."""
