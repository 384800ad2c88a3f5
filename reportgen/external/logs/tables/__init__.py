"""Logs as tables: CSV and TSV files of all tools, one module for each tool or group of tools."""
