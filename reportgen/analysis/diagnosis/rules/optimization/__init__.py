"""Rules about the training steps."""
