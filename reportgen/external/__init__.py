"""Training done by other programs: the recorder, its hooks, and the reader of recorded files."""
