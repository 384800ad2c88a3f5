"""Training that begins again within a log: another run in the same file, and a state that was lost."""
