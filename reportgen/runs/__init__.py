"""Training runs: execution, records, and the store of finished runs."""

from __future__ import annotations

from reportgen.shipped import loaded_sources

loaded_sources()  # before any module of this folder is loaded
