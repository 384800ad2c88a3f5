"""Readers of the logs that other tools write: each format gives columns, and the columns get roles."""
