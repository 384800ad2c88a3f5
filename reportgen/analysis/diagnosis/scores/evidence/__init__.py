"""Evidence that several forms on scores share: curves and their noise, the loss of guessing, and outcomes over runs."""
