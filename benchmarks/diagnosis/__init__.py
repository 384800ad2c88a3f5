"""Accuracy of the diagnoses, measured on planted faults and healthy controls whose state is verified."""
