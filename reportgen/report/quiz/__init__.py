"""A quiz made from the claims of a study: predict the verdict, then see the measurement."""
