"""The table of metrics that claims and searches can measure."""
