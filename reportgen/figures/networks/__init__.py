"""Networks as figures draw them: their stages in words, repeated parts, and drawings of architectures."""
