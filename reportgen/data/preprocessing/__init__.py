"""Preprocessing steps: fitted on the training split or on all splits, and applied to all splits."""
