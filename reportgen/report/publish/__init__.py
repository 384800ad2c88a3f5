"""Writing a report to its folder in one step."""
