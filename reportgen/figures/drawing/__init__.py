"""Styles, axes and text of figures, and their export as SVG, PDF, PNG and CSV."""
