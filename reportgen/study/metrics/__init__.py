"""The table of metrics: what a claim or a search can measure."""
