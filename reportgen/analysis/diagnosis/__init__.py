"""Diagnosis of training runs: rules, root causes, remedies, and the measured error rate of the rules."""
