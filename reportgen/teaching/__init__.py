"""Assignments from studies: the folder for students, the key for the lecturer, and grades of reports."""
