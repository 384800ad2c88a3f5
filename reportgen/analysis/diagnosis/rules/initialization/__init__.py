"""Rules about the network at initialization."""
