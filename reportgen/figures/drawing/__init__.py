"""Styles, axes and words of figures, and their export as SVG, PDF, PNG and CSV."""
