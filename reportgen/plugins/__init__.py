"""Plug-ins: code of others that adds rows to the tables."""
