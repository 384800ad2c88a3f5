"""Probes: layer statistics of a network on a fixed batch of examples."""
