"""Rules about the difference between training examples and new examples."""
