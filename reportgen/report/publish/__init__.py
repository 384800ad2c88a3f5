"""Publish a report in its folder in one step."""
