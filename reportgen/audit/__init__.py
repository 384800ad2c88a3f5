"""Comparison of two reports, and verification of a report against the records of its runs."""
