"""Write a report as a page, a PDF and a teaching kit."""
