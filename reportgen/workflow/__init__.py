"""The workflow from a study to its report: training, remedies, sanity checks and writing."""
