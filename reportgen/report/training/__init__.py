"""The report of a diagnosis: training by other programs, with its findings, as a page, a PDF and a kit."""
