"""Loading a study file: overrides, validation messages, and the dump with all defaults."""
