"""Measurements of speed and size, run by hand: `python -m benchmarks.training`, `.scaling`, `.report_time`."""
