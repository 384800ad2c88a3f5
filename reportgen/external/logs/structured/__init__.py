"""Readers of JSON and of lines of text: Hugging Face's trainer, Keras's history, JSON Lines and printed scores."""
