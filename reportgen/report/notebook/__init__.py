"""Show a report in a notebook: its answer with the claims and the picture, its tables and its figures."""
