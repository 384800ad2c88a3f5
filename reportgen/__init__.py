"""Puts the claims of a lecture on training neural networks to the test."""
