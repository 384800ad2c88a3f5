"""The reference of the study file: the settings in words, and the JSON Schema."""
