"""Training runs: execution, records, and the store of finished runs."""
