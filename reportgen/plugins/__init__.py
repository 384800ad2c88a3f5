"""Plug-ins, which add rows to the tables."""
