"""Preprocessing steps, fitted on one split and applied to all splits."""
