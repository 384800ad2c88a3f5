"""The content of a report, in order, as values without markup and without rounding."""
