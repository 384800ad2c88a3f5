"""Pictures of the inputs of a network: examples after preprocessing steps, as points and as images."""
