"""Callbacks that record training with Lightning, Keras and Hugging Face; each imports its library when it is used."""
