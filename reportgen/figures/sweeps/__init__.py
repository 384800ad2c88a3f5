"""Figures over a quantity that varies: learning rates of a range test, sizes of ensembles, scales of weights."""
