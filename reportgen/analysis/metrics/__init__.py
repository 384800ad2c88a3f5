"""Metrics: the values that claims, figures and tables read from the records of runs."""
