"""The machine-readable results of a report: results.json and the CSV tables."""
