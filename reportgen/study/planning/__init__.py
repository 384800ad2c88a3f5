"""The plan of a study: variants, search trials and runs."""
