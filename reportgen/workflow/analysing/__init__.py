"""The analysis of the runs of a study, with the additional runs that it needs: remedies and sanity checks."""
