"""Measurements of the engine itself: gradient checks and the cost of activations."""
