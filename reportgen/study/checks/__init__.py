"""Checks of a study's claims and searches against its plan."""
