"""Write the slides of a report: one figure a page, as PDF, for Beamer and for Quarto with Reveal."""
