"""The typed settings of a study file."""
