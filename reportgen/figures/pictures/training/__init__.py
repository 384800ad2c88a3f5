"""Pictures of trained networks, from the arrays of their records."""
