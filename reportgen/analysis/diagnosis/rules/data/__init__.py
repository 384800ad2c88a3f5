"""Rules about the data and the static configuration."""
