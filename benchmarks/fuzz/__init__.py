"""Fuzzing of everything that reads a file: mutated files must be read, or refused with a `ReportgenError`."""
