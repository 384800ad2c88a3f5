"""Write the document of a report as an HTML page, a PDF and a teaching kit."""
