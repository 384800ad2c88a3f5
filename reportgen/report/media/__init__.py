"""The report as HTML page, as PDF and as teaching kit."""
