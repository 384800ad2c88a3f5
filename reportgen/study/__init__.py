"""Study files: syntax, model, checks, and the plan of runs."""
